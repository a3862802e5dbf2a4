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
