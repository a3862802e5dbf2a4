import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { CropSpecialistManifest } from '../../models/manifest.ts';
import {
  cropRectPx,
  type CropContrast,
  type CropRecipe,
  type ViewSlice,
} from './crop-specialist.ts';
import { sliceClipped, type SliceSource } from './intensity.ts';

/*
 * How crop specialists differ from the embedded one: size, channels, contrast and classes, as their manifest says.
 */

/**
 * The recipe for one box. A network of free size sees the crop in the slice's own pixels: a square with the crop's longer
 * side rounded up to what the network takes, and shrunk only where that is more than `most`.
 */
export function cropRecipe(
  { input, crop, output }: CropSpecialistManifest,
  boxPx: BoxPx,
): CropRecipe {
  const { contextFactor, minimumSizePx, minimumAspect } = crop;
  const common = { contextFactor, minimumSizePx, minimumAspect, contrast: contrastOf(crop) };
  const outputSize = (sizePx: number) => (output.sizePx === 'as-input' ? sizePx : output.sizePx);
  const { threshold } = output;
  if (typeof input.sizePx === 'number') {
    const { sizePx } = input;
    return { ...common, sizePx, outputSizePx: outputSize(sizePx), threshold };
  }
  const { multipleOf, least, most } = input.sizePx;
  const square = { ...common, minimumAspect: 1, sizePx: 0, outputSizePx: 0, threshold };
  const [x0, , x1] = cropRectPx(boxPx, square);
  const wanted = Math.ceil((x1 - x0) / multipleOf) * multipleOf;
  const sizePx = Math.min(most, Math.max(least, wanted));
  return {
    ...square,
    minimumSizePx: Math.max(minimumSizePx, sizePx),
    sizePx,
    outputSizePx: outputSize(sizePx),
  };
}

function contrastOf({
  hounsfieldScaling,
  percentiles,
  minimumRange,
}: CropSpecialistManifest['crop']): CropContrast {
  if (hounsfieldScaling)
    return { kind: 'fixed', mean: hounsfieldScaling.meanHu, std: hounsfieldScaling.stdHu };
  // The manifest has either.
  return { kind: 'percentiles', percentiles: percentiles!, minimumRange: minimumRange! };
}

/** The slice as the network's crops are cut from it: greys, or held Hounsfield units. */
export function cropView(
  { crop: { hounsfieldScaling } }: CropSpecialistManifest,
  greys: () => ViewSlice,
  source: () => SliceSource,
): ViewSlice {
  if (!hounsfieldScaling) return greys();
  return sliceClipped(source(), [hounsfieldScaling.lowHu, hounsfieldScaling.highHu]);
}

/** Names what is done to the values, in provenance. */
export function cropRecipeName({ crop: { hounsfieldScaling } }: CropSpecialistManifest): string {
  if (!hounsfieldScaling) return 'crop-specialist/1 truncated-greys';
  const { lowHu, highHu, meanHu, stdHu } = hounsfieldScaling;
  return `crop-specialist/1 ${lowHu}…${highHu} HU, mean ${meanHu}, std ${stdHu}`;
}

type Channel = CropSpecialistManifest['input']['channels'][number];
const planes: Record<Exclude<Channel, 'grey'>, number> = {
  red: 0,
  green: 1,
  blue: 2,
  box: 3,
  inside: 4,
};

/**
 * The network's input from the five planes of `cropToInput` (red, green, blue, box, inside): the channels that the
 * manifest names, in its order; `grey` is the mean of the colours. With `zScore`, colours get mean 0 and deviation 1
 * over the cells inside the slice, as nnU-Net does; cells outside are 0.
 */
export function networkInput(
  all: Float32Array,
  sizePx: number,
  { input, crop }: Pick<CropSpecialistManifest, 'input' | 'crop'>,
): Float32Array {
  const cells = sizePx * sizePx;
  const plane = (channel: Exclude<Channel, 'grey'>) =>
    all.subarray(planes[channel] * cells, (planes[channel] + 1) * cells);
  const result = new Float32Array(input.channels.length * cells);
  input.channels.forEach((channel, at) => {
    const values =
      channel === 'grey' ? mean(plane('red'), plane('green'), plane('blue')) : plane(channel);
    const isColour = channel !== 'box' && channel !== 'inside';
    result.set(isColour && crop.zScore ? zScored(values, plane('inside')) : values, at * cells);
  });
  return result;
}

const mean = (red: Float32Array, green: Float32Array, blue: Float32Array): Float32Array =>
  red.map((value, cell) => (value + green[cell]! + blue[cell]!) / 3);

function zScored(values: Float32Array, inside: Float32Array): Float32Array {
  let [count, sum, squares] = [0, 0, 0];
  values.forEach((value, cell) => {
    if (inside[cell] === 0) return;
    count += 1;
    sum += value;
    squares += value * value;
  });
  const average = count > 0 ? sum / count : 0;
  // nnU-Net's guard for a picture of one grey.
  const deviation = Math.max(
    Math.sqrt(Math.max(0, squares / Math.max(1, count) - average ** 2)),
    1e-8,
  );
  return values.map((value, cell) => (inside[cell] === 0 ? 0 : (value - average) / deviation));
}

/**
 * One logit per cell from a network with several classes [1, classes, S', S']: the foreground's against all others, whose
 * sigmoid is the softmax's probability. With one class, the output as it is.
 */
export function foregroundLogits(
  output: Float32Array,
  cells: number,
  classes: CropSpecialistManifest['output']['classes'],
): Float32Array {
  if (!classes) return output;
  const { count, foreground } = classes;
  return Float32Array.from({ length: cells }, (_, cell) => {
    const at = (index: number) => output[index * cells + cell]!;
    let largest = -Infinity;
    for (let index = 0; index < count; index += 1) {
      if (index !== foreground) largest = Math.max(largest, at(index));
    }
    let sum = 0;
    for (let index = 0; index < count; index += 1) {
      if (index !== foreground) sum += Math.exp(at(index) - largest);
    }
    return at(foreground) - (largest + Math.log(sum));
  });
}
