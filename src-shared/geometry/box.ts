import { z } from 'zod';

/**
 * A box on a slice as edges [x0, y0, x1, y1] in pixels of the stored slice: pixel n covers
 * [n, n + 1), so a box round pixels 10…19 is 10,20. x runs along the first in-slice axis, y along
 * the second (see `inSliceAxes`).
 */
export const boxPxSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);
export type BoxPx = z.infer<typeof boxPxSchema>;

/** The same box with x0 ≤ x1 and y0 ≤ y1. */
export function orderedBox([x0, y0, x1, y1]: BoxPx): BoxPx {
  return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
}

/** The part of the box inside a slice of the given size. */
export function clampedBox(box: BoxPx, [width, height]: [number, number]): BoxPx {
  const [x0, y0, x1, y1] = orderedBox(box);
  const clamp = (v: number, max: number) => Math.min(Math.max(v, 0), max);
  return [clamp(x0, width), clamp(y0, height), clamp(x1, width), clamp(y1, height)];
}

/**
 * The ordered, clamped box when a model can be asked about it, or why it cannot: no part of it lies
 * on the slice, or what is left there is under 2 pixels wide or high.
 */
export function usableBox(
  box: BoxPx,
  [width, height]: [number, number],
): { ok: true; boxPx: BoxPx } | { ok: false; reason: 'box-outside-image' | 'box-too-small' } {
  const [x0, y0, x1, y1] = orderedBox(box);
  if (
    ![x0, y0, x1, y1].every(Number.isFinite) ||
    x0 >= width ||
    y0 >= height ||
    x1 <= 0 ||
    y1 <= 0
  ) {
    return { ok: false, reason: 'box-outside-image' };
  }
  const boxPx = clampedBox(box, [width, height]);
  const small = boxPx[2] - boxPx[0] < 2 || boxPx[3] - boxPx[1] < 2;
  return small ? { ok: false, reason: 'box-too-small' } : { ok: true, boxPx };
}
