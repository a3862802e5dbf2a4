import type { BoxPx } from '../../src-shared/geometry/box.ts';

/** The smallest box round all non-zero pixels of a slice, which must have one. */
export function tightBox(widthPx: number, pixels: Uint8Array): BoxPx {
  const boxPx: BoxPx = [Infinity, Infinity, -Infinity, -Infinity];
  pixels.forEach((pixel, at) => {
    if (pixel === 0) return;
    const [x, y] = [at % widthPx, Math.floor(at / widthPx)];
    boxPx[0] = Math.min(boxPx[0], x);
    boxPx[1] = Math.min(boxPx[1], y);
    boxPx[2] = Math.max(boxPx[2], x + 1);
    boxPx[3] = Math.max(boxPx[3], y + 1);
  });
  return boxPx;
}
