import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import { boxBetween, dragBox, grabCursor, hitBox, moveBox, screenStep } from './box-edit.ts';
import type { Affine } from './pane-transform.ts';

const twice: Affine = [2, 0, 0, 2, 10, 20];
/** Slice x runs up the pane, slice y to the left. */
const turned: Affine = [0, -2, -2, 0, 300, 300];
const box: BoxPx = [20, 30, 60, 90]; // on screen 50…130 × 80…200

describe('hit test of a box', () => {
  it('takes corners before edges before the inside', () => {
    expect(hitBox(box, twice, [53, 84])).toEqual({ x: 'x0', y: 'y0' });
    expect(hitBox(box, twice, [127, 196])).toEqual({ x: 'x1', y: 'y1' });
    expect(hitBox(box, twice, [53, 140])).toEqual({ x: 'x0', y: null });
    expect(hitBox(box, twice, [90, 197])).toEqual({ x: null, y: 'y1' });
    expect(hitBox(box, twice, [90, 140])).toEqual({ x: null, y: null });
    expect(hitBox(box, twice, [30, 140])).toBeNull();
    expect(hitBox(box, twice, [53, 300])).toBeNull();
  });

  it('names edges of the slice, not of the screen, where the axes are swapped', () => {
    // x0 = 20 is at y = 260 on screen, y0 = 30 at x = 240.
    expect(hitBox(box, turned, [180, 259])).toEqual({ x: 'x0', y: null });
    expect(hitBox(box, turned, [241, 220])).toEqual({ x: null, y: 'y0' });
    expect(grabCursor({ x: 'x0', y: null }, turned)).toBe('ns-resize');
    expect(grabCursor({ x: null, y: 'y0' }, turned)).toBe('ew-resize');
  });

  it('shows the diagonal that a corner moves along', () => {
    expect(grabCursor({ x: 'x0', y: 'y0' }, twice)).toBe('nwse-resize');
    expect(grabCursor({ x: 'x1', y: 'y0' }, twice)).toBe('nesw-resize');
    expect(grabCursor({ x: 'x0', y: 'y0' }, [-2, 0, 0, 2, 0, 0])).toBe('nesw-resize');
    expect(grabCursor({ x: null, y: null }, twice)).toBe('move');
    expect(grabCursor(null, twice)).toBe('crosshair');
  });
});

describe('drawing and dragging boxes', () => {
  const coordinate = fc.double({ min: -200, max: 400, noNaN: true });

  it('always gives a box of whole pixels on the slice with some area', () => {
    fc.assert(
      fc.property(coordinate, coordinate, coordinate, coordinate, (a, b, c, d) => {
        const [x0, y0, x1, y1] = boxBetween([a, b], [c, d], [100, 80]);
        for (const v of [x0, y0, x1, y1]) expect(Number.isInteger(v)).toBe(true);
        expect(x0).toBeGreaterThanOrEqual(0);
        expect(y0).toBeGreaterThanOrEqual(0);
        expect(x1).toBeLessThanOrEqual(100);
        expect(y1).toBeLessThanOrEqual(80);
        expect(x1).toBeGreaterThan(x0);
        expect(y1).toBeGreaterThan(y0);
      }),
    );
  });

  it('surrounds pixels 10…19 when drawn from edge 10 to edge 20', () => {
    expect(boxBetween([10.2, 30.4], [19.9, 34.6], [100, 80])).toEqual([10, 30, 20, 35]);
    expect(boxBetween([19.9, 34.6], [10.2, 30.4], [100, 80])).toEqual([10, 30, 20, 35]);
  });

  it('moves only the held edges and turns over when dragged past the other side', () => {
    const start: BoxPx = [10, 10, 30, 40];
    expect(dragBox(start, { x: 'x1', y: null }, [30, 20], [35.4, 70], [100, 80])).toEqual([10, 10, 35, 40]);
    expect(dragBox(start, { x: 'x1', y: 'y0' }, [30, 10], [4, 12], [100, 80])).toEqual([4, 12, 10, 40]);
  });

  it('keeps the grip: a press beside the edge does not make it jump', () => {
    expect(dragBox([10, 10, 30, 40], { x: 'x1', y: null }, [32, 20], [32, 20], [100, 80])).toEqual([10, 10, 30, 40]);
  });

  it('keeps its size when moved against the border', () => {
    expect(moveBox([10, 10, 30, 40], 500, -500, [100, 80])).toEqual([80, 0, 100, 30]);
    expect(dragBox([10, 10, 30, 40], { x: null, y: null }, [15, 15], [17, 14], [100, 80])).toEqual([12, 9, 32, 39]);
  });

  it('nudges along the screen', () => {
    expect(screenStep(twice, [1, 0])).toEqual([1, 0]);
    const [dx, dy] = screenStep(turned, [1, 0]);
    expect([dx + 0, dy + 0]).toEqual([0, -1]);
    const up = screenStep(turned, [0, -1]);
    expect([up[0] + 0, up[1] + 0]).toEqual([1, 0]);
  });
});
