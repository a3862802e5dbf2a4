import type { ExecutionProvider } from '../../../src-shared/contract/models.ts';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import { ok, type Result } from '../../../src-shared/result.ts';
import { fileOfRole, type InstalledModel, type PromptableManifest } from '../../models/manifest.ts';
import type { ViewSlice } from '../recipes/crop-specialist.ts';
import { flippedBox } from '../recipes/intensity.ts';
import { flippedMask, tightened } from '../recipes/mask-rectangle.ts';
import { boxInInput, encoderInput, logitsToSliceMask, resizedView } from '../recipes/promptable.ts';
import { embeddingKey, type Embeddings } from './embeddings.ts';
import type { EngineAnswer, EngineSlice } from './messages.ts';
import { outsideColour } from './model-view.ts';
import { runNetwork } from './run-network.ts';
import type { Sessions } from './sessions.ts';

type PromptableModel = InstalledModel & { manifest: PromptableManifest };

interface EncodeJob {
  model: PromptableModel;
  provider: ExecutionProvider;
  slice: EngineSlice;
  /** The greys of the slice, asked for only where the embedding is not there yet. */
  view: () => ViewSlice;
}

export function promptableRecipe({ resize, greys, intensity, output }: PromptableManifest): string {
  return `promptable/1 ${resize.policy} ${resize.filter} ${greys} ${intensity.scale} ${output.order}`;
}

/** The slice's embedding, from the cache or the encoder; `encoderMs` is null when it came from the cache. */
async function embeddingOf(
  sessions: Sessions,
  embeddings: Embeddings,
  job: EncodeJob,
): Promise<Result<{ data: Float32Array; encoderMs: number | null }>> {
  const { manifest } = job.model;
  const key = embeddingKey(
    job.model.sha256,
    `${promptableRecipe(manifest)} ${job.provider}`,
    job.slice,
  );
  const length = manifest.embedding.shape.reduce((product, dim) => product * dim, 1);
  const known = embeddings.get(key);
  if (known && known.length === length) return ok({ data: known, encoderMs: null });
  const start = performance.now();
  const { sizePx } = manifest.input;
  const input = encoderInput(manifest, resizedView(manifest, job.view()));
  const answer = await runNetwork(sessions, {
    model: job.model,
    file: fileOfRole(manifest, 'encoder'),
    provider: job.provider,
    inputs: { [manifest.input.name]: { data: input, shape: [1, 3, sizePx, sizePx] } },
    outputs: { [manifest.embedding.name]: length },
  });
  if (!answer.ok) return answer;
  return ok({
    data: embeddings.put(key, answer.value.outputs[manifest.embedding.name]!),
    encoderMs: performance.now() - start,
  });
}

/** Prepares the embedding of a slice, so that its boxes need only the decoder. */
export async function encodeSlice(
  sessions: Sessions,
  embeddings: Embeddings,
  job: EncodeJob,
): Promise<Result<EngineAnswer<'encode'>>> {
  const embedding = await embeddingOf(sessions, embeddings, job);
  return embedding.ok ? ok({ encoderMs: embedding.value.encoderMs }) : embedding;
}

/** Slice and box → embedding → decoder → mask in stored slice pixels. */
export async function segmentPrompt(
  sessions: Sessions,
  embeddings: Embeddings,
  job: EncodeJob & { boxPx: BoxPx; wantLogits: boolean },
): Promise<Result<EngineAnswer<'segment'>>> {
  const { model, slice } = job;
  const { manifest } = model;
  const embedding = await embeddingOf(sessions, embeddings, job);
  if (!embedding.ok) return embedding;
  const start = performance.now();
  const { gridPx, name } = manifest.output;
  const answer = await runNetwork(sessions, {
    model,
    file: manifest.files.decoder,
    provider: job.provider,
    inputs: {
      [manifest.decoder.embeddingName]: {
        data: embedding.value.data,
        shape: manifest.embedding.shape,
      },
      [manifest.decoder.boxName]: {
        data: boxInInput(manifest, flippedBox(job.boxPx, slice), slice),
        shape: manifest.decoder.boxShape,
      },
    },
    outputs: { [name]: gridPx * gridPx },
  });
  if (!answer.ok) return answer;
  const logits = answer.value.outputs[name]!;
  const mask = tightened(logitsToSliceMask(manifest, logits, slice));
  return ok({
    ...flippedMask(mask, slice),
    recipe: promptableRecipe(manifest),
    encoderMs: embedding.value.encoderMs,
    decoderMs: performance.now() - start,
    embeddingCached: embedding.value.encoderMs === null,
    expectedDsc: null,
    probability: null,
    logits: job.wantLogits ? logits : null,
  });
}

/**
 * The encoder's input as greys: with the slice's own contrast where the recipe stretches it, else before mean and
 * deviation are taken; padding in a colour of its own.
 */
export function viewPrompt(
  { manifest }: PromptableModel,
  slice: EngineSlice,
  view: ViewSlice,
): EngineAnswer<'view'> {
  const { sizePx } = manifest.input;
  const resized = resizedView(manifest, view);
  const { widthPx, heightPx, channels } = resized;
  const stretched =
    manifest.intensity.scale === 'slice-min-max' ? encoderInput(manifest, resized) : null;
  const rgba = new Uint8Array(sizePx * sizePx * 4);
  for (let y = 0; y < sizePx; y += 1) {
    for (let x = 0; x < sizePx; x += 1) {
      const to = (y * sizePx + x) * 4;
      const inside = x < widthPx && y < heightPx;
      for (let channel = 0; channel < 3; channel += 1) {
        const grey = stretched
          ? Math.round(stretched[(channel * sizePx + y) * sizePx + x]! * 255)
          : resized.data[(y * widthPx + x) * channels + (channels === 3 ? channel : 0)]!;
        rgba[to + channel] = inside ? grey : outsideColour[channel]!;
      }
      rgba[to + 3] = 255;
    }
  }
  // What the square shows of the slice's frame: all of it, and beyond it where it is padded.
  const shown: BoxPx = [
    0,
    0,
    (slice.widthPx * sizePx) / widthPx,
    (slice.heightPx * sizePx) / heightPx,
  ];
  return {
    rgba,
    widthPx: sizePx,
    heightPx: sizePx,
    sliceRectPx: flippedBox(shown, slice),
    recipe: promptableRecipe(manifest),
  };
}
