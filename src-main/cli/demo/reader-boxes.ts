import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';

export interface ReaderBox {
  sliceIndex: number;
  boxPx: BoxPx;
}

/**
 * The boxes that a careful reader would draw round a known lesion, one on each axial slice that
 * shows it: its bounds, one pixel further out on every side.
 */
export function readerBoxes(truth: Uint8Array, [ni, nj, nk]: Vec3): ReaderBox[] {
  const boxes: ReaderBox[] = [];
  for (let k = 0; k < nk; k++) {
    let box: BoxPx | null = null;
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++) {
        if (truth[i + ni * (j + nj * k)] === 0) continue;
        box = box
          ? [Math.min(box[0], i), Math.min(box[1], j), Math.max(box[2], i + 1), Math.max(box[3], j + 1)]
          : [i, j, i + 1, j + 1];
      }
    }
    if (!box) continue;
    const [x0, y0, x1, y1] = box;
    boxes.push({
      sliceIndex: k,
      boxPx: [Math.max(0, x0 - 1), Math.max(0, y0 - 1), Math.min(ni, x1 + 1), Math.min(nj, y1 + 1)],
    });
  }
  return boxes;
}
