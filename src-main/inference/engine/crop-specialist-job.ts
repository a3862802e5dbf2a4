import type { ExecutionProvider } from '../../../src-shared/contract/models.ts';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import { ok, type Result } from '../../../src-shared/result.ts';
import type { CropSpecialistManifest, InstalledModel } from '../../models/manifest.ts';
import {
  cropToInput,
  logitsToMask,
  type CropMask,
  type CropRecipe,
  type ViewSlice,
} from '../recipes/crop-specialist.ts';
import {
  cropRecipe,
  cropRecipeName,
  foregroundLogits,
  networkInput,
} from '../recipes/crop-network.ts';
import { flippedBox } from '../recipes/intensity.ts';
import { flippedMask, tightened } from '../recipes/mask-rectangle.ts';
import type { ProbabilityMap } from '../types.ts';
import type { EngineAnswer, EngineSlice, FinishedAnswer } from './messages.ts';
import { outsideColour } from './model-view.ts';
import { runNetwork } from './run-network.ts';
import type { Sessions } from './sessions.ts';

interface CropJob {
  model: InstalledModel & { manifest: CropSpecialistManifest };
  slice: Pick<EngineSlice, 'widthPx' | 'heightPx' | 'flip'>;
  /** Of `cropView`, in the model's frame. */
  view: ViewSlice;
  /** In stored slice pixels. */
  boxPx: BoxPx;
}

/** The crop's probabilities in stored slice pixels. */
function probabilityMap(
  { originPx, sizePx, probability }: CropMask,
  slice: CropJob['slice'],
): ProbabilityMap {
  const { bits, ...place } = flippedMask({ originPx, sizePx, bits: probability }, slice);
  return { ...place, bytes: bits };
}

/** A figure outside 0…1 is rounding. */
const clampedDsc = (value: number): number => Math.min(1, Math.max(0, value));

/** Slice and boxes → crops → network → masks in stored slice pixels. */
export async function segmentCrop(
  sessions: Sessions,
  job: Omit<CropJob, 'boxPx'> & {
    boxesPx: BoxPx[];
    provider: ExecutionProvider;
    wantLogits: boolean;
  },
): Promise<Result<EngineAnswer<'segment'>>> {
  const start = performance.now();
  const crops: Answered[] = [];
  for (const boxPx of job.boxesPx) {
    const crop = await segmentOne(sessions, { ...job, boxPx });
    if (!crop.ok) return crop;
    crops.push(crop.value);
  }
  return ok({
    done: true,
    masks: crops.map(({ mask }) => mask),
    recipe: cropRecipeName(job.model.manifest),
    encoderMs: null,
    decoderMs: performance.now() - start,
    embeddingCached: false,
    draft: false,
    logits: job.wantLogits ? Float32Array.from(crops.flatMap(({ logits }) => [...logits])) : null,
  });
}

interface Answered {
  mask: FinishedAnswer<'segment'>['masks'][number];
  logits: Float32Array;
}

async function segmentOne(
  sessions: Sessions,
  job: CropJob & { provider: ExecutionProvider },
): Promise<Result<Answered>> {
  const { model, slice } = job;
  const { manifest } = model;
  const { expectedDsc, classes } = manifest.output;
  const boxPx = flippedBox(job.boxPx, slice);
  const recipe = cropRecipe(manifest, boxPx);
  const { input, cropRectPx } = cropToInput(job.view, boxPx, recipe);
  const { sizePx: side } = recipe;
  const cells = recipe.outputSizePx ** 2;
  const data = networkInput(input, side, manifest);
  const answer = await runNetwork(sessions, {
    model,
    file: manifest.files.network,
    provider: job.provider,
    inputs: {
      [manifest.input.name]: { data, shape: [1, manifest.input.channels.length, side, side] },
    },
    outputs: {
      [manifest.output.name]: cells * (classes?.count ?? 1),
      ...(expectedDsc && { [expectedDsc.name]: 1 }),
    },
  });
  if (!answer.ok) return answer;
  const logits = foregroundLogits(answer.value[manifest.output.name]!, cells, classes);
  const crop = logitsToMask(logits, cropRectPx, recipe, slice.widthPx, slice.heightPx);
  const { originPx, sizePx, bits } = crop;
  return ok({
    logits,
    mask: {
      ...flippedMask(tightened({ originPx, sizePx, bits }), slice),
      expectedDsc: expectedDsc ? clampedDsc(answer.value[expectedDsc.name]![0]!) : null,
      probability: probabilityMap(crop, slice),
    },
  });
}

/** With a contrast that shows all that the network is given in 0…1. */
function shownRecipe(manifest: CropSpecialistManifest, boxPx: BoxPx): CropRecipe {
  const recipe = cropRecipe(manifest, boxPx);
  const scaling = manifest.crop.hounsfieldScaling;
  if (!scaling) return recipe;
  const { lowHu, highHu } = scaling;
  return { ...recipe, contrast: { kind: 'fixed', mean: lowHu, std: highHu - lowHu } };
}

/** The crop's colours after contrast, as the network gets them; what lies outside the slice in a colour of its own. */
export function viewCrop({ model, slice, view, boxPx }: CropJob): EngineAnswer<'view'> {
  const inFrame = flippedBox(boxPx, slice);
  const recipe = shownRecipe(model.manifest, inFrame);
  const { input, cropRectPx } = cropToInput(view, inFrame, recipe);
  const cells = recipe.sizePx ** 2;
  const rgba = new Uint8Array(cells * 4);
  for (let cell = 0; cell < cells; cell += 1) {
    const inside = input[4 * cells + cell]! > 0;
    for (let channel = 0; channel < 3; channel += 1) {
      rgba[cell * 4 + channel] = inside
        ? Math.round(input[channel * cells + cell]! * 255)
        : outsideColour[channel]!;
    }
    rgba[cell * 4 + 3] = 255;
  }
  const sliceRectPx = flippedBox(cropRectPx, slice);
  return {
    rgba,
    widthPx: recipe.sizePx,
    heightPx: recipe.sizePx,
    sliceRectPx,
    recipe: cropRecipeName(model.manifest),
  };
}
