import type { SliceMask } from '../../src-shared/contract/segmentation.ts';
import { bytesUrl } from '../api/client.ts';
import { borderColours } from './border-colours.ts';

/** The uncertain border of one mask, ready to be drawn on its slice. */
export interface PaintedBorder {
  picture: HTMLCanvasElement;
  originPx: readonly [number, number];
}

const mostPictures = 400;
const pictures = new Map<string, PaintedBorder | 'loading' | 'missing'>();

/**
 * The borders of the given masks that are at hand; the others are fetched, and `arrived` is called
 * when one has come. Masks never change under their id, so a picture is made once.
 */
export function bordersOf(masks: readonly SliceMask[], arrived: () => void): PaintedBorder[] {
  return masks.flatMap((mask) => {
    if (!mask.uncertainRectPx) return [];
    const known = pictures.get(mask.id);
    if (known === undefined) void fetchBorder(mask.id, mask.uncertainRectPx).then(arrived);
    return typeof known === 'object' ? [known] : [];
  });
}

async function fetchBorder(id: string, [x0, y0, x1, y1]: readonly [number, number, number, number]) {
  for (const oldest of pictures.keys()) {
    if (pictures.size < mostPictures) break;
    pictures.delete(oldest);
  }
  pictures.set(id, 'loading');
  try {
    const url = bytesUrl(`/mask/${encodeURIComponent(id)}/border`);
    const response = await fetch(url, { credentials: 'same-origin' });
    const levels = new Uint8Array(await response.arrayBuffer());
    const [width, height] = [x1 - x0, y1 - y0];
    if (!response.ok || levels.length !== width * height) throw new Error(`${response.status} border`);
    pictures.set(id, { picture: pictureOf(levels, width, height), originPx: [x0, y0] });
  } catch {
    // Asked again when the series is opened anew; the mask itself is on screen all the same.
    pictures.set(id, 'missing');
  }
}

function pictureOf(levels: Uint8Array, width: number, height: number): HTMLCanvasElement {
  const picture = document.createElement('canvas');
  picture.width = width;
  picture.height = height;
  const context = picture.getContext('2d')!;
  const pixels = context.createImageData(width, height);
  const table = borderColours();
  levels.forEach((level, n) => pixels.data.set(table.subarray(4 * level, 4 * level + 4), 4 * n));
  context.putImageData(pixels, 0, 0);
  return picture;
}
