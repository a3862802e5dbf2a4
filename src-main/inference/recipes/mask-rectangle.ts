import type { SliceSource } from './intensity.ts';

/** Pixels `originPx` to `originPx + sizePx` of a slice; one byte (0/1) per pixel, row by row. */
export interface MaskRectangle {
  originPx: [number, number];
  sizePx: [number, number];
  bits: Uint8Array;
}

/** The smallest rectangle with all pixels that are set, and their number. Nothing set: origin 0,0 and size 0,0. */
export function tightened({
  originPx,
  sizePx,
  bits,
}: MaskRectangle): MaskRectangle & { areaPx: number } {
  const [width, height] = sizePx;
  let [left, top, right, bottom] = [width, height, -1, -1];
  let areaPx = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!bits[y * width + x]) continue;
      areaPx += 1;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (areaPx === 0) return { originPx: [0, 0], sizePx: [0, 0], bits: new Uint8Array(0), areaPx };
  const size: [number, number] = [right - left + 1, bottom - top + 1];
  const cut = new Uint8Array(size[0] * size[1]);
  for (let y = 0; y < size[1]; y += 1) {
    const from = (top + y) * width + left;
    cut.set(bits.subarray(from, from + size[0]), y * size[0]);
  }
  return { originPx: [originPx[0] + left, originPx[1] + top], sizePx: size, bits: cut, areaPx };
}

/** A mask between the stored frame and the model's; its own inverse. */
export function flippedMask<T extends MaskRectangle>(
  mask: T,
  slice: Pick<SliceSource, 'widthPx' | 'heightPx' | 'flip'>,
): T {
  const { flip } = slice;
  const [width, height] = mask.sizePx;
  if ((!flip.x && !flip.y) || width === 0) return mask;
  const bits = new Uint8Array(mask.bits.length);
  for (let y = 0; y < height; y += 1) {
    const from = (flip.y ? height - 1 - y : y) * width;
    const row = mask.bits.subarray(from, from + width);
    bits.set(flip.x ? row.slice().reverse() : row, y * width);
  }
  const [x, y] = mask.originPx;
  return {
    ...mask,
    originPx: [flip.x ? slice.widthPx - x - width : x, flip.y ? slice.heightPx - y - height : y],
    bits,
  };
}
