import { PNG } from 'pngjs';
import type { Voxels } from '../../imaging/types.ts';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Window } from '../../../src-shared/window.ts';

/** An outline to be drawn along the pixel edges of a mask volume. */
export interface Outline {
  mask: Uint8Array;
  rgb: [number, number, number];
}

/**
 * A PNG of the part `cropPx` of an axial slice, each pixel `zoom` times as large, in a window, with
 * outlines and a box. Axial slices of the sample are stored upright.
 */
export function slicePicture(options: {
  voxels: Voxels;
  sizeVx: Vec3;
  k: number;
  cropPx: BoxPx;
  zoom: number;
  window: Window;
  outlines: Outline[];
  box: { boxPx: BoxPx; rgb: [number, number, number] } | null;
}): Buffer {
  const { voxels, sizeVx, k, cropPx, zoom, window } = options;
  const [ni, nj] = sizeVx;
  const [x0, y0, x1, y1] = cropPx;
  const png = new PNG({ width: (x1 - x0) * zoom, height: (y1 - y0) * zoom });
  const low = window.level - window.width / 2;
  const paint = (x: number, y: number, [r, g, b]: [number, number, number]) => {
    if (x < 0 || y < 0 || x >= png.width || y >= png.height) return;
    png.data.set([r, g, b, 255], 4 * (x + png.width * y));
  };
  const index = (x: number, y: number) => x + ni * (y + nj * k);
  for (let y = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++) {
      const value = voxels[index(x0 + Math.floor(x / zoom), y0 + Math.floor(y / zoom))]!;
      const grey = Math.round(255 * Math.min(1, Math.max(0, (value - low) / window.width)));
      paint(x, y, [grey, grey, grey]);
    }
  }
  for (const { mask, rgb } of options.outlines) {
    const inside = (x: number, y: number) => x >= 0 && y >= 0 && x < ni && y < nj && mask[index(x, y)] !== 0;
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        if (!inside(x, y)) continue;
        const [left, top] = [(x - x0) * zoom, (y - y0) * zoom];
        for (let n = 0; n < zoom; n++) {
          if (!inside(x, y - 1)) paint(left + n, top, rgb);
          if (!inside(x, y + 1)) paint(left + n, top + zoom - 1, rgb);
          if (!inside(x - 1, y)) paint(left, top + n, rgb);
          if (!inside(x + 1, y)) paint(left + zoom - 1, top + n, rgb);
        }
      }
    }
  }
  if (options.box) {
    const { boxPx, rgb } = options.box;
    const [left, top, right, bottom] = [
      (boxPx[0] - x0) * zoom, (boxPx[1] - y0) * zoom, (boxPx[2] - x0) * zoom - 1, (boxPx[3] - y0) * zoom - 1,
    ]; // prettier-ignore
    for (let x = left; x <= right; x++) for (const y of [top, bottom]) paint(x, y, rgb);
    for (let y = top; y <= bottom; y++) for (const x of [left, right]) paint(x, y, rgb);
  }
  return PNG.sync.write(png);
}
