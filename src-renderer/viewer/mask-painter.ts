import { applyAffine } from './pane-transform.ts';
import type { Affine } from './pane-transform.ts';
import type { SliceBits } from './mask-composite.ts';
import { outlineRuns } from './mask-outline.ts';
import type { PaintedBorder } from './uncertain-borders.ts';

export interface PaintedMask {
  slice: SliceBits;
  /** #rrggbb */
  colour: string;
  emphasised: boolean;
}

interface Prepared {
  picture: HTMLCanvasElement;
  runs: number[];
  colour: string;
}

const prepared = new WeakMap<SliceBits, Prepared>();

function prepare(slice: SliceBits, colour: string): Prepared {
  const known = prepared.get(slice);
  if (known?.colour === colour) return known;
  const [width, height] = slice.sizePx;
  const picture = document.createElement('canvas');
  picture.width = width;
  picture.height = height;
  const context = picture.getContext('2d')!;
  const pixels = context.createImageData(width, height);
  const rgba = new Uint32Array(pixels.data.buffer);
  const [r, g, b] = [1, 3, 5].map((n) => parseInt(colour.slice(n, n + 2), 16)) as [number, number, number];
  const packed = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  slice.bits.forEach((bit, n) => {
    if (bit) rgba[n] = packed;
  });
  context.putImageData(pixels, 0, 0);
  const made = { picture, runs: known?.runs ?? outlineRuns(slice.bits, slice.sizePx), colour };
  prepared.set(slice, made);
  return made;
}

export interface MaskStyle {
  fillOpacity: number;
  outlineWidthPx: number;
  devicePixelRatio: number;
}

/** Paints the masks of one pane; when nothing that is seen has changed, the canvas is left alone. */
export class MaskPainter {
  #last: { masks: readonly PaintedMask[]; borders: readonly PaintedBorder[]; look: string } | null = null;

  paint(
    canvas: HTMLCanvasElement,
    masks: readonly PaintedMask[],
    borders: readonly PaintedBorder[],
    toPane: Affine,
    style: MaskStyle,
  ): void {
    const look = JSON.stringify([canvas.width, canvas.height, toPane, style]);
    const last = this.#last;
    if (last?.look === look && sameMasks(last.masks, masks) && sameBorders(last.borders, borders)) return;
    this.#last = { masks, borders, look };
    paintMasks(canvas, masks, borders, toPane, style);
  }

  /** The canvas was emptied, as it is whenever its size is set. */
  forget(): void {
    this.#last = null;
  }
}

const sameMasks = (a: readonly PaintedMask[], b: readonly PaintedMask[]): boolean =>
  a.length === b.length &&
  a.every(
    ({ slice, colour, emphasised }, n) =>
      slice === b[n]!.slice && colour === b[n]!.colour && emphasised === b[n]!.emphasised,
  );

const sameBorders = (a: readonly PaintedBorder[], b: readonly PaintedBorder[]): boolean =>
  a.length === b.length && a.every(({ picture }, n) => picture === b[n]!.picture);

/**
 * Paints masks over a slice: fill as whole pixels, then the outline along pixel edges on whole
 * device pixels, fills first, so that of two overlapping segments both outlines stay visible. Between
 * them lie the borders that the model is not sure of.
 */
function paintMasks(
  canvas: HTMLCanvasElement,
  masks: readonly PaintedMask[],
  borders: readonly PaintedBorder[],
  toPane: Affine,
  style: MaskStyle,
): void {
  // A canvas with nothing on it is one layer less to blend, which counts without a graphics card.
  const empty = masks.length + borders.length === 0;
  canvas.style.visibility = empty ? 'hidden' : 'visible';
  const context = canvas.getContext('2d');
  if (!context || empty) return;
  const ratio = style.devicePixelRatio;
  const [a, b, c, d, e, f] = toPane.map((v) => v * ratio) as unknown as Affine;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  for (const mask of masks) {
    const { picture } = prepare(mask.slice, mask.colour);
    const [x, y] = mask.slice.originPx;
    context.setTransform(a, b, c, d, a * x + c * y + e, b * x + d * y + f);
    context.globalAlpha = Math.min(style.fillOpacity * (mask.emphasised ? 1 : 0.8), 1);
    context.drawImage(picture, 0, 0);
  }
  context.globalAlpha = 1;
  for (const { picture, originPx } of borders) {
    const [x, y] = originPx;
    context.setTransform(a, b, c, d, a * x + c * y + e, b * x + d * y + f);
    context.drawImage(picture, 0, 0);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.lineCap = 'square';
  for (const mask of masks) {
    if (style.outlineWidthPx <= 0) continue;
    const lineWidth = Math.max(1, Math.round(style.outlineWidthPx * ratio * (mask.emphasised ? 1 : 0.75)));
    const shift = lineWidth % 2 ? 0.5 : 0;
    const { runs } = prepare(mask.slice, mask.colour);
    const [ox, oy] = mask.slice.originPx;
    const path = new Path2D();
    for (let n = 0; n < runs.length; n += 4) {
      const p = applyAffine([a, b, c, d, e, f], [runs[n]! + ox, runs[n + 1]! + oy]);
      const q = applyAffine([a, b, c, d, e, f], [runs[n + 2]! + ox, runs[n + 3]! + oy]);
      path.moveTo(Math.round(p[0]) + shift, Math.round(p[1]) + shift);
      path.lineTo(Math.round(q[0]) + shift, Math.round(q[1]) + shift);
    }
    context.lineWidth = lineWidth;
    context.strokeStyle = mask.colour;
    context.stroke(path);
  }
}
