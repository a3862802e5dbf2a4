import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { PromptableManifest } from '../../models/manifest.ts';
import type { ViewSlice } from './crop-specialist.ts';
import type { MaskRectangle } from './mask-rectangle.ts';
import { resampleGreys } from './resample.ts';

/*
 * What a promptable model (MedSAM, SAM) sees of a slice and a box, and how its answer becomes a mask. The numbers of
 * MedSAM's own inference script (MedSAM_Inference.py), where the manifest says stretch, cubic-spline, truncated,
 * slice-min-max and sigmoid-then-resize.
 */

/** The part of the encoder's input that shows the slice, px; the rest, right and below, is padding. */
export function shownSizePx(
  manifest: PromptableManifest,
  slice: { widthPx: number; heightPx: number },
): [number, number] {
  const { sizePx } = manifest.input;
  if (manifest.resize.policy === 'stretch') return [sizePx, sizePx];
  const scale = sizePx / Math.max(slice.widthPx, slice.heightPx);
  return [
    Math.max(1, Math.floor(slice.widthPx * scale + 0.5)),
    Math.max(1, Math.floor(slice.heightPx * scale + 0.5)),
  ];
}

/** The slice resized to what the encoder shows of it: whole greys 0…255, channels interleaved. */
export function resizedView(manifest: PromptableManifest, view: ViewSlice): ViewSlice {
  const [widthPx, heightPx] = shownSizePx(manifest, view);
  const { channels } = view;
  const data = new Float32Array(widthPx * heightPx * channels);
  const pixels = view.widthPx * view.heightPx;
  const planes = Array.from({ length: channels }, (_, channel) => {
    const plane = new Float64Array(pixels);
    for (let at = 0; at < pixels; at += 1) plane[at] = view.data[at * channels + channel]!;
    return { data: plane, widthPx: view.widthPx, heightPx: view.heightPx };
  });
  const { filter } = manifest.resize;
  resampleGreys(planes, widthPx, heightPx, filter, manifest.greys).forEach((resized, channel) => {
    for (let at = 0; at < resized.data.length; at += 1) {
      data[at * channels + channel] = resized.data[at]!;
    }
  });
  return { data, widthPx, heightPx, channels };
}

/** The encoder's input, float32 [3, S, S]: greys three times, scaled as the manifest says, zeros in the padding. */
export function encoderInput(manifest: PromptableManifest, resized: ViewSlice): Float32Array {
  const { sizePx } = manifest.input;
  const { data, widthPx, heightPx, channels } = resized;
  const [offsets, factors] = scaling(manifest, data);
  const input = new Float32Array(3 * sizePx * sizePx);
  for (let channel = 0; channel < 3; channel += 1) {
    const from = channels === 3 ? channel : 0;
    for (let y = 0; y < heightPx; y += 1) {
      for (let x = 0; x < widthPx; x += 1) {
        const grey = data[(y * widthPx + x) * channels + from]!;
        input[(channel * sizePx + y) * sizePx + x] = (grey - offsets[channel]!) / factors[channel]!;
      }
    }
  }
  return input;
}

function scaling(
  { intensity }: PromptableManifest,
  greys: Float32Array,
): [readonly number[], readonly number[]] {
  if (intensity.scale === 'mean-std') return [intensity.mean, intensity.std];
  let [least, most] = [Infinity, -Infinity];
  for (const grey of greys) {
    if (grey < least) least = grey;
    if (grey > most) most = grey;
  }
  // MedSAM: np.clip(range, a_min=1e-8); a slice of one grey becomes 0.
  const range = Math.max(most - least, 1e-8);
  return [
    [least, least, least],
    [range, range, range],
  ];
}

/** A box of the slice in pixels of the encoder's input. */
export function boxInInput(
  manifest: PromptableManifest,
  boxPx: BoxPx,
  slice: { widthPx: number; heightPx: number },
): Float32Array {
  if (manifest.boxFrame === 'whole-input-pixels') {
    // LiteMedSAM's script: int(coordinate · 256 / longer side).
    const ratio = manifest.input.sizePx / Math.max(slice.widthPx, slice.heightPx);
    return Float32Array.from(boxPx, (edge) => Math.trunc(edge * ratio));
  }
  const [shownWidth, shownHeight] = shownSizePx(manifest, slice);
  const [x0, y0, x1, y1] = boxPx;
  const [sx, sy] = [shownWidth / slice.widthPx, shownHeight / slice.heightPx];
  return Float32Array.of(x0 * sx, y0 * sy, x1 * sx, y1 * sy);
}

/** A picture of real values. */
interface Values {
  data: Float64Array;
  widthPx: number;
  heightPx: number;
}

/** The two cells that a pixel's centre lies between, and how far it is from the first; border cells are held. */
function bilinearTaps(
  cells: number,
  pixels: number,
): { lower: Int32Array; fraction: Float64Array } {
  const lower = new Int32Array(pixels);
  const fraction = new Float64Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const position = Math.min(cells - 1, Math.max(0, ((pixel + 0.5) * cells) / pixels - 0.5));
    lower[pixel] = Math.min(Math.max(0, cells - 2), Math.floor(position));
    fraction[pixel] = position - lower[pixel]!;
  }
  return { lower, fraction };
}

/** torch's `interpolate(mode="bilinear", align_corners=False)`: half-pixel centres, no smoothing where it shrinks. */
function bilinear(picture: Values, widthPx: number, heightPx: number): Values {
  if (picture.widthPx === widthPx && picture.heightPx === heightPx) return picture;
  const columns = bilinearTaps(picture.widthPx, widthPx);
  const rows = bilinearTaps(picture.heightPx, heightPx);
  const from = picture.data;
  const data = new Float64Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y += 1) {
    const down = rows.fraction[y]!;
    const above = rows.lower[y]! * picture.widthPx;
    const below = down > 0 ? above + picture.widthPx : above;
    for (let x = 0; x < widthPx; x += 1) {
      const right = columns.fraction[x]!;
      const left = columns.lower[x]!;
      const next = right > 0 ? left + 1 : left;
      const upper = from[above + left]! * (1 - right) + from[above + next]! * right;
      const lower = from[below + left]! * (1 - right) + from[below + next]! * right;
      data[y * widthPx + x] = upper * (1 - down) + lower * down;
    }
  }
  return { data, widthPx, heightPx };
}

/** The upper left part of a picture. */
function cropped({ data, widthPx }: Values, toWidthPx: number, toHeightPx: number): Values {
  const part = new Float64Array(toWidthPx * toHeightPx);
  for (let y = 0; y < toHeightPx; y += 1) {
    part.set(data.subarray(y * widthPx, y * widthPx + toWidthPx), y * toWidthPx);
  }
  return { data: part, widthPx: toWidthPx, heightPx: toHeightPx };
}

/**
 * Logits [G, G] → the mask of the whole slice, > threshold. `sigmoid-then-resize` (MedSAM) takes probabilities before
 * resizing, `resize-logits` (SAM, LiteMedSAM) does not. A stretched slice is resized from the grid at once, as MedSAM's
 * script does; a padded one by way of the encoder's input, whose padding is cut off, as SAM's and LiteMedSAM's do.
 */
export function logitsToSliceMask(
  manifest: PromptableManifest,
  logits: Float32Array,
  slice: { widthPx: number; heightPx: number },
): MaskRectangle {
  const { widthPx, heightPx } = slice;
  const { gridPx, order, threshold } = manifest.output;
  const sigmoidFirst = order === 'sigmoid-then-resize';
  const data = Float64Array.from(logits);
  if (sigmoidFirst) data.forEach((logit, at) => (data[at] = 1 / (1 + Math.exp(-logit))));
  const limit = sigmoidFirst ? threshold : Math.log(threshold / (1 - threshold));
  const { sizePx } = manifest.input;
  let shown: Values = { data, widthPx: gridPx, heightPx: gridPx };
  if (manifest.resize.policy === 'longest-side-pad') {
    shown = cropped(bilinear(shown, sizePx, sizePx), ...shownSizePx(manifest, slice));
  }
  const values = bilinear(shown, widthPx, heightPx).data;
  const bits = new Uint8Array(values.length);
  for (let at = 0; at < bits.length; at += 1) if (values[at]! > limit) bits[at] = 1;
  return { originPx: [0, 0], sizePx: [widthPx, heightPx], bits };
}
