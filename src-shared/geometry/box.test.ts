import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clampedBox, orderedBox, usableBox, type BoxPx } from './box.ts';

const coordinate = fc.double({ min: -300, max: 300, noNaN: true });
const boxes = fc.tuple(coordinate, coordinate, coordinate, coordinate) as fc.Arbitrary<BoxPx>;
const sizes = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }));

describe('box', () => {
  it('is ordered whichever corner was dragged', () => {
    expect(orderedBox([30, 5, 10, 20])).toEqual([10, 5, 30, 20]);
  });

  it('clamped lies on the slice, and clamping again changes nothing', () => {
    fc.assert(
      fc.property(boxes, sizes, (box, size) => {
        const clamped = clampedBox(box, size);
        expect(clampedBox(clamped, size)).toEqual(clamped);
        expect(clamped[0]).toBeGreaterThanOrEqual(0);
        expect(clamped[1]).toBeGreaterThanOrEqual(0);
        expect(clamped[2]).toBeLessThanOrEqual(size[0]);
        expect(clamped[3]).toBeLessThanOrEqual(size[1]);
        expect(clamped[0]).toBeLessThanOrEqual(clamped[2]);
        expect(clamped[1]).toBeLessThanOrEqual(clamped[3]);
      }),
    );
  });

  it('round pixels 10…19 stays 10, 20', () => {
    expect(usableBox([10, 10, 20, 20], [512, 512])).toEqual({ ok: true, boxPx: [10, 10, 20, 20] });
  });

  it('partly outside is cut to the slice', () => {
    expect(usableBox([-5, 500, 30, 600], [512, 512])).toEqual({
      ok: true,
      boxPx: [0, 500, 30, 512],
    });
  });

  it('entirely outside or not a number is told apart from too small', () => {
    const size: [number, number] = [100, 80];
    const outside = { ok: false, reason: 'box-outside-image' };
    expect(usableBox([100, 10, 140, 30], size)).toEqual(outside);
    expect(usableBox([-40, 10, 0, 30], size)).toEqual(outside);
    expect(usableBox([10, 80, 40, 99], size)).toEqual(outside);
    expect(usableBox([10, -9, 40, 0], size)).toEqual(outside);
    expect(usableBox([Number.NaN, 0, 40, 40], size)).toEqual(outside);
    const small = { ok: false, reason: 'box-too-small' };
    expect(usableBox([10, 10, 11.9, 40], size)).toEqual(small);
    expect(usableBox([10, 10, 40, 10], size)).toEqual(small);
    expect(usableBox([98.5, 10, 140, 40], size)).toEqual(small);
    expect(usableBox([10, 10, 12, 12], size)).toEqual({ ok: true, boxPx: [10, 10, 12, 12] });
  });
});
