import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sliceFrames } from '../../src-shared/geometry/planes.ts';
import { worldToIndex, indexToWorld } from '../../src-shared/geometry/volume-geometry.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import {
  applyAffine, fitView, indexToSlicePoint, paneLayout, paneToSlice, panBy, slicePointToIndex, sliceToPane, voxelAt, zoomAbout,
} from './pane-transform.ts'; // prettier-ignore
import type { PaneLayout, Point } from './pane-transform.ts';

const axial: VolumeGeometry = {
  sizeVx: [512, 400, 60],
  spacingMm: [0.7, 0.8, 3],
  originMm: [-100, -80, 20],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
/** Stored sagittally: i runs to posterior, j to inferior, k to the right. */
const sagittalStored: VolumeGeometry = { ...axial, direction: [0, 0, -1, 1, 0, 0, 0, -1, 0] };

const planes = ['axial', 'coronal', 'sagittal'] as const;
const layouts = fc
  .record({
    stored: fc.constantFrom(axial, sagittalStored),
    plane: fc.constantFrom(...planes),
    paneCss: fc.tuple(fc.integer({ min: 50, max: 2000 }), fc.integer({ min: 50, max: 2000 })),
    centre: fc.tuple(fc.double({ min: -50, max: 600, noNaN: true }), fc.double({ min: -50, max: 600, noNaN: true })),
    cssPerMm: fc.double({ min: 0.1, max: 40, noNaN: true }),
  })
  .map(({ stored, plane, paneCss, centre, cssPerMm }): PaneLayout =>
    paneLayout(stored, sliceFrames(stored)[plane], paneCss, { centrePx: centre, cssPerMm }),
  );
const points = fc.tuple(fc.double({ min: -900, max: 900, noNaN: true }), fc.double({ min: -900, max: 900, noNaN: true }));
const close = (a: Point, b: Point) => {
  expect(a[0]).toBeCloseTo(b[0], 6);
  expect(a[1]).toBeCloseTo(b[1], 6);
};

describe('pane transform', () => {
  it('comes back from the screen to the same slice pixel', () => {
    fc.assert(
      fc.property(layouts, points, (layout, p) => {
        close(applyAffine(paneToSlice(layout), applyAffine(sliceToPane(layout), p)), p);
      }),
    );
  });

  it('shows the centre of the view at the centre of the pane', () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        close(applyAffine(sliceToPane(layout), layout.view.centrePx), [layout.paneCss[0] / 2, layout.paneCss[1] / 2]);
      }),
    );
  });

  it('shows a millimetre equally long in every direction, whatever the voxel shape', () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        const m = sliceToPane(layout);
        const o = applyAffine(m, [0, 0]);
        for (const [n, p] of ([[1, 0], [0, 1]] as const).entries()) {
          const q = applyAffine(m, p);
          expect(Math.hypot(q[0] - o[0], q[1] - o[1])).toBeCloseTo(layout.spacingMm[n]! * layout.view.cssPerMm, 6);
        }
      }),
    ); // prettier-ignore
  });

  it('puts the patient’s left on the right and the feet at the bottom of a coronal view, however stored', () => {
    for (const geometry of [axial, sagittalStored]) {
      const frame = sliceFrames(geometry).coronal;
      const layout = paneLayout(geometry, frame, [600, 600], null);
      const onScreen = (world: [number, number, number]) =>
        applyAffine(sliceToPane(layout), indexToSlicePoint(frame.axis, worldToIndex(geometry, world)));
      const here = onScreen([0, 0, 0]);
      expect(onScreen([10, 0, 0])[0]).toBeGreaterThan(here[0]);
      expect(onScreen([10, 0, 0])[1]).toBeCloseTo(here[1], 6);
      expect(onScreen([0, 0, -10])[1]).toBeGreaterThan(here[1]);
    }
  });

  it('fits the whole slice and touches the border on one side', () => {
    const frame = sliceFrames(axial).axial;
    const layout = paneLayout(axial, frame, [800, 300], null);
    const m = sliceToPane(layout);
    const [a, b] = [applyAffine(m, [0, 0]), applyAffine(m, [512, 400])];
    expect(a[1]).toBeCloseTo(0, 9);
    expect(b[1]).toBeCloseTo(300, 9);
    expect(a[0]).toBeGreaterThan(0);
    expect(b[0]).toBeLessThan(800);
  });

  it('keeps the point under the pointer while zooming and moves it with a pan', () => {
    fc.assert(
      fc.property(layouts, points, fc.double({ min: 0.5, max: 2, noNaN: true }), (layout, css, factor) => {
        const under = applyAffine(paneToSlice(layout), css);
        const zoomed = { ...layout, view: zoomAbout(layout, css, factor) };
        const after = applyAffine(sliceToPane(zoomed), under);
        expect(Math.hypot(after[0] - css[0], after[1] - css[1])).toBeLessThan(1e-5 * Math.max(1, ...css.map(Math.abs)));
        const panned = { ...layout, view: panBy(layout, [30, -12]) };
        close(applyAffine(sliceToPane(panned), under), [css[0] + 30, css[1] - 12]);
      }),
    );
  });

  it('has the centre of voxel n at n + ½', () => {
    expect(indexToSlicePoint('j', [7, 3, 9])).toEqual([7.5, 9.5]);
    expect(slicePointToIndex('j', 3, [7.5, 9.5])).toEqual([7, 3, 9]);
    const world = indexToWorld(axial, slicePointToIndex('k', 5, [0.5, 0.5]));
    expect(world).toEqual([-100, -80, 35]);
  });

  it('finds the voxel that covers a point and none outside', () => {
    expect(voxelAt(axial, 'k', 5, [0, 399.999])).toEqual([0, 399, 5]);
    expect(voxelAt(axial, 'k', 5, [512, 3])).toBeNull();
    expect(voxelAt(axial, 'k', 5, [-0.01, 3])).toBeNull();
    expect(voxelAt(axial, 'k', 5, [Number.NaN, 3])).toBeNull();
  });

  it('gives a usable view for a pane without size', () => {
    const view = fitView(sliceFrames(axial).axial, [512, 400], [0.7, 0.8], [0, 0]);
    expect(view.cssPerMm).toBeGreaterThan(0);
  });
});
