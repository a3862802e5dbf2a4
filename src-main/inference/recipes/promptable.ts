import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { PromptableManifest } from '../../models/manifest.ts';
import type { ViewSlice } from './crop-specialist.ts';
import type { MaskRectangle } from './mask-rectangle.ts';
import { resample } from './resample.ts';

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
  for (let channel = 0; channel < channels; channel += 1) {
    const plane = new Float64Array(pixels);
    for (let at = 0; at < pixels; at += 1) plane[at] = view.data[at * channels + channel]!;
    const { filter } = manifest.resize;
    const resized = resample(
      { data: plane, widthPx: view.widthPx, heightPx: view.heightPx },
      widthPx,
      heightPx,
      filter,
    );
    const whole = manifest.greys === 'truncated' ? Math.trunc : Math.round;
    resized.data.forEach((value, at) => {
      // A sum of weights may miss a whole number by the last bit, which must not cost a whole grey.
      data[at * channels + channel] = whole(value + (manifest.greys === 'truncated' ? 1e-9 : 0));
    });
  }
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
  const [shownWidth, shownHeight] = shownSizePx(manifest, slice);
  const [x0, y0, x1, y1] = boxPx;
  const [sx, sy] = [shownWidth / slice.widthPx, shownHeight / slice.heightPx];
  return Float32Array.of(x0 * sx, y0 * sy, x1 * sx, y1 * sy);
}

/** The two cells of the output grid that a pixel's centre lies between, and how far it is from the first. */
function bilinearTaps(
  pixels: number,
  shownCells: number,
  gridPx: number,
): { lower: Int32Array; fraction: Float64Array } {
  const lower = new Int32Array(pixels);
  const fraction = new Float64Array(pixels);
  // Cells that show only padding take no part.
  const last = Math.min(gridPx, Math.ceil(shownCells)) - 1;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const position = Math.min(last, Math.max(0, ((pixel + 0.5) * shownCells) / pixels - 0.5));
    lower[pixel] = Math.min(Math.max(0, last - 1), Math.floor(position));
    fraction[pixel] = position - lower[pixel]!;
  }
  return { lower, fraction };
}

/**
 * Logits [G, G] → the mask of the whole slice: sigmoid and bilinear in the manifest's order (half-pixel centres,
 * border cells held, as torch's `interpolate(align_corners=False)`), then > threshold.
 */
export function logitsToSliceMask(
  manifest: PromptableManifest,
  logits: Float32Array,
  slice: { widthPx: number; heightPx: number },
): MaskRectangle {
  const { widthPx, heightPx } = slice;
  const { gridPx, order, threshold } = manifest.output;
  const sigmoidFirst = order === 'sigmoid-then-resize';
  const values = sigmoidFirst
    ? Float64Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)))
    : Float64Array.from(logits);
  const limit = sigmoidFirst ? threshold : Math.log(threshold / (1 - threshold));
  const [shownWidth, shownHeight] = shownSizePx(manifest, slice);
  const perCell = gridPx / manifest.input.sizePx;
  const columns = bilinearTaps(widthPx, shownWidth * perCell, gridPx);
  const rows = bilinearTaps(heightPx, shownHeight * perCell, gridPx);
  const bits = new Uint8Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y += 1) {
    const down = rows.fraction[y]!;
    const above = rows.lower[y]! * gridPx;
    const below = down > 0 ? above + gridPx : above;
    for (let x = 0; x < widthPx; x += 1) {
      const right = columns.fraction[x]!;
      const left = columns.lower[x]!;
      const next = right > 0 ? left + 1 : left;
      const upper = values[above + left]! * (1 - right) + values[above + next]! * right;
      const lower = values[below + left]! * (1 - right) + values[below + next]! * right;
      if (upper * (1 - down) + lower * down > limit) bits[y * widthPx + x] = 1;
    }
  }
  return { originPx: [0, 0], sizePx: [widthPx, heightPx], bits };
}
