import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyGeometry, geometry, rotation } from '../../tests/support/geometries.ts';
import {
  directionLabel,
  inSliceAxes,
  pixelAreaMm2,
  sliceCount,
  sliceFrames,
  sliceLayout,
  sliceSizePx,
  sliceSpacingMm,
  type SliceAxis,
} from './planes.ts';
import { indexToWorld, type Vec3 } from './volume-geometry.ts';

const axes: SliceAxis[] = ['i', 'j', 'k'];

describe('slices of the stored lattice', () => {
  it('have their size, spacing and count from the in-slice axes in ascending order', () => {
    const g = geometry({ sizeVx: [40, 50, 60], spacingMm: [0.5, 0.6, 3] });
    expect(axes.map(inSliceAxes)).toEqual([
      [1, 2],
      [0, 2],
      [0, 1],
    ]);
    expect(axes.map((a) => sliceSizePx(g, a))).toEqual([
      [50, 60],
      [40, 60],
      [40, 50],
    ]);
    expect(axes.map((a) => sliceSpacingMm(g, a))).toEqual([
      [0.6, 3],
      [0.5, 3],
      [0.5, 0.6],
    ]);
    expect(axes.map((a) => sliceCount(g, a))).toEqual([40, 50, 60]);
    expect(axes.map((a) => pixelAreaMm2(g, a).toFixed(6))).toEqual([
      '1.800000',
      '1.500000',
      '0.300000',
    ]);
  });

  it('have smaller pixels where axes are skewed', () => {
    const g = geometry({ direction: [1, 0, 0, 0, 1, Math.sin(0.3), 0, 0, Math.cos(0.3)] });
    expect(pixelAreaMm2(g, 'i')).toBeCloseTo(Math.cos(0.3), 12);
    expect(pixelAreaMm2(g, 'k')).toBeCloseTo(1, 12);
  });

  it('cover every voxel of the volume once, at the right place', () => {
    const sizeVx: Vec3 = [3, 4, 5];
    for (const axis of axes) {
      const g = geometry({ sizeVx });
      const [width, height] = sliceSizePx(g, axis);
      const seen = new Set<number>();
      for (let slice = 0; slice < sliceCount(g, axis); slice++) {
        const { first, stepX, stepY } = sliceLayout(sizeVx, axis, slice);
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const voxel = first + x * stepX + y * stepY;
            const index = [voxel % 3, Math.floor(voxel / 3) % 4, Math.floor(voxel / 12)];
            const [ax, ay] = inSliceAxes(axis);
            expect([index[ax], index[ay], index[axes.indexOf(axis)]]).toEqual([x, y, slice]);
            seen.add(voxel);
          }
        }
      }
      expect(seen.size).toBe(60);
    }
  });
});

describe('frames', () => {
  it('of a head-first supine axial volume need no turning but for the feet-to-head axis', () => {
    const { axial, coronal, sagittal } = sliceFrames(geometry());
    expect(axial).toEqual({
      plane: 'axial',
      axis: 'k',
      right: { axis: 0, flipped: false },
      down: { axis: 1, flipped: false },
      labels: { left: 'R', right: 'L', top: 'A', bottom: 'P' },
    });
    expect(coronal.axis).toBe('j');
    expect(coronal.down).toEqual({ axis: 2, flipped: true });
    expect(coronal.labels).toEqual({ left: 'R', right: 'L', top: 'S', bottom: 'I' });
    expect(sagittal.axis).toBe('i');
    expect(sagittal.labels).toEqual({ left: 'A', right: 'P', top: 'S', bottom: 'I' });
  });

  it('of a mirrored volume (i to the right) show it upright again', () => {
    const { axial } = sliceFrames(geometry({ direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] }));
    expect(axial.right).toEqual({ axis: 0, flipped: true });
    expect(axial.down).toEqual({ axis: 1, flipped: true });
    expect(axial.labels).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
  });

  it('of a sagittally acquired volume find the planes among permuted axes', () => {
    // i to the back, j to the feet, k to the left: the usual sagittal series.
    const frames = sliceFrames(geometry({ direction: [0, 0, 1, 1, 0, 0, 0, -1, 0] }));
    expect([frames.axial.axis, frames.coronal.axis, frames.sagittal.axis]).toEqual(['j', 'i', 'k']);
    expect(frames.sagittal.right).toEqual({ axis: 0, flipped: false });
    expect(frames.sagittal.down).toEqual({ axis: 1, flipped: false });
    expect(frames.axial.right).toEqual({ axis: 2, flipped: false });
    expect(frames.axial.down).toEqual({ axis: 0, flipped: false });
    expect(frames.coronal.labels).toEqual({ left: 'R', right: 'L', top: 'S', bottom: 'I' });
  });

  it('of an oblique volume name two directions at an edge', () => {
    const { axial } = sliceFrames(geometry({ direction: rotation(0, 0, Math.PI / 6) }));
    expect(axial.axis).toBe('k');
    expect(axial.labels).toEqual({ left: 'RA', right: 'LP', top: 'AL', bottom: 'PR' });
  });

  it('use every voxel axis once as normal, and show right to the left and up on top', () => {
    fc.assert(
      fc.property(anyGeometry, (g) => {
        const frames = Object.values(sliceFrames(g));
        expect(new Set(frames.map((f) => f.axis)).size).toBe(3);
        for (const frame of frames) {
          expect([frame.right.axis, frame.down.axis].sort()).toEqual(inSliceAxes(frame.axis));
          const wanted = { axial: [0, 1], coronal: [0, 2], sagittal: [1, 2] }[frame.plane];
          const sign = { axial: [1, 1], coronal: [1, -1], sagittal: [1, -1] }[frame.plane];
          [frame.right, frame.down].forEach((shown, n) => {
            const step: Vec3 = [0, 0, 0];
            step[shown.axis] = shown.flipped ? -1 : 1;
            const origin = indexToWorld(g, [0, 0, 0]);
            const world = indexToWorld(g, step).map((v, r) => v - origin[r]!);
            expect(world[wanted[n]!]! * sign[n]!).toBeGreaterThanOrEqual(-1e-9);
          });
        }
      }),
    );
  });
});

describe('direction labels', () => {
  it('name the largest component first and leave out what is under 15°', () => {
    expect(directionLabel([1, 0, 0])).toBe('L');
    expect(directionLabel([-1, 0, 0])).toBe('R');
    expect(directionLabel([0, 1, 0])).toBe('P');
    expect(directionLabel([0, 0, 1])).toBe('S');
    expect(directionLabel([0.3, -0.9, 0.3])).toBe('ALS');
    expect(directionLabel([Math.cos(0.25), Math.sin(0.25), 0])).toBe('L');
    expect(directionLabel([Math.cos(0.27), Math.sin(0.27), 0])).toBe('LP');
  });
});
