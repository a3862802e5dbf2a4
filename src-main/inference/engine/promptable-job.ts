import { ok, type Result } from '../../../src-shared/result.ts';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import { fileOfRole } from '../../models/manifest.ts';
import { Recent } from '../../recent.ts';
import type { ViewSlice } from '../recipes/crop-specialist.ts';
import { flippedBox } from '../recipes/intensity.ts';
import { flippedMask, tightened } from '../recipes/mask-rectangle.ts';
import { boxInInput, encoderInput, logitsToSliceMask, resizedView } from '../recipes/promptable.ts';
import type { Embeddings } from './embeddings.ts';
import {
  createEncoder,
  promptableRecipe,
  valuesIn,
  type EncodeJob,
  type PromptableModel,
} from './encoder.ts';
import type { EngineAnswer, EngineSlice } from './messages.ts';
import { outsideColour } from './model-view.ts';
import { runNetwork, type NetworkCall } from './run-network.ts';
import type { Sessions } from './sessions.ts';

export interface SegmentJob extends EncodeJob {
  /** In stored slice pixels. */
  boxesPx: BoxPx[];
  /** The draft encoder may be used where the exact embedding is not there. */
  draft: boolean;
  wantLogits: boolean;
}

export interface Promptable {
  /**
   * One piece of the encoder towards the embedding of a slice, so that its boxes need only the decoder; `inView`: and
   * then the part of the decoder that they share.
   */
  encode(job: EncodeJob & { inView: boolean }): Promise<Result<EngineAnswer<'encode'>>>;
  /** One piece of the encoder, or, where the embedding is there, the decoder: masks in stored slice pixels. */
  segment(job: SegmentJob): Promise<Result<EngineAnswer<'segment'>>>;
}

type Inputs = NetworkCall['inputs'];

/** Slices whose part of the decoder is kept, some 27 MB each for SAM's decoder. */
const KEPT_SLICES = 4;
/** Boxes in one run: more gain nothing, and eight take 130 MB more in SAM's decoder. */
export const MOST_BOXES = 4;

/** Jobs for models of an encoder per slice and a decoder per box. */
export function createPromptable(sessions: Sessions, embeddings: Embeddings): Promptable {
  const encoder = createEncoder(sessions, embeddings);
  /** What the decoder takes of a slice beside the box, by the key of the embedding. */
  const decoderInputs = new Recent<Inputs>(KEPT_SLICES);

  async function sliceInputs({ model, provider }: EncodeJob, embedding: Float32Array) {
    const { manifest } = model;
    const { embeddingName, slice } = manifest.decoder;
    const inputs: Inputs = {
      [embeddingName]: { data: embedding, shape: manifest.embedding.shape },
    };
    if (!slice) return ok(inputs);
    const outputs = Object.fromEntries(
      slice.outputs.map(({ name, shape }) => [name, valuesIn(shape)]),
    );
    const file = fileOfRole(manifest, slice.role);
    const answer = await runNetwork(sessions, { model, provider, file, inputs, outputs });
    if (!answer.ok) return answer;
    return ok<Inputs>(
      Object.fromEntries(
        slice.outputs.map(({ name, shape }) => [name, { data: answer.value[name]!, shape }]),
      ),
    );
  }

  /** Logits [boxes, grid, grid]. */
  async function decode(job: SegmentJob, inputs: Inputs): Promise<Result<Float32Array>> {
    const { model, provider, slice, boxesPx } = job;
    const { manifest } = model;
    const { boxName, boxShape, manyBoxes } = manifest.decoder;
    const cells = manifest.output.gridPx ** 2;
    const logits = new Float32Array(boxesPx.length * cells);
    const atOnce = manyBoxes ? MOST_BOXES : 1;
    for (let first = 0; first < boxesPx.length; first += atOnce) {
      const boxes = boxesPx.slice(first, first + atOnce);
      const data = Float32Array.from(
        boxes.flatMap((box) => [...boxInInput(manifest, flippedBox(box, slice), slice)]),
      );
      const shape = manyBoxes ? [boxes.length, ...boxShape.slice(1)] : boxShape;
      const answer = await runNetwork(sessions, {
        model,
        provider,
        file: fileOfRole(manifest, 'decoder'),
        inputs: { ...inputs, [boxName]: { data, shape } },
        outputs: { [manifest.output.name]: boxes.length * cells },
      });
      if (!answer.ok) return answer;
      logits.set(answer.value[manifest.output.name]!, first * cells);
    }
    return ok(logits);
  }

  return {
    async encode(job) {
      const key = encoder.key(job, false);
      if (job.inView && decoderInputs.get(key)) return ok({ done: true, encoderMs: null });
      const reached = await encoder.advance(job, false);
      if (!reached.ok) return reached;
      if (!reached.value.done) return ok({ done: false, encoderMs: null });
      if (job.inView) {
        const made = await sliceInputs(job, reached.value.data);
        if (!made.ok) return made;
        decoderInputs.put(key, made.value);
      }
      return ok({ done: true, encoderMs: reached.value.encoderMs });
    },

    async segment(job) {
      const { model, slice, boxesPx } = job;
      const { manifest } = model;
      const exact = encoder.key(job, false);
      const draft =
        job.draft &&
        manifest.draftEncoder !== undefined &&
        !decoderInputs.get(exact) &&
        !embeddings.has(exact);
      const key = draft ? encoder.key(job, true) : exact;
      let inputs = decoderInputs.get(key);
      let encoderMs: number | null = null;
      let decoderMs = 0;
      if (!inputs) {
        const reached = await encoder.advance(job, draft);
        if (!reached.ok) return reached;
        if (!reached.value.done) return ok({ done: false });
        encoderMs = reached.value.encoderMs;
        const start = performance.now();
        const made = await sliceInputs(job, reached.value.data);
        if (!made.ok) return made;
        inputs = made.value;
        decoderMs = performance.now() - start;
      }
      decoderInputs.put(key, inputs);
      const start = performance.now();
      const logits = await decode(job, inputs);
      if (!logits.ok) return logits;
      const cells = manifest.output.gridPx ** 2;
      const masks = boxesPx.map((_, at) => {
        const own = logits.value.subarray(at * cells, (at + 1) * cells);
        const mask = flippedMask(tightened(logitsToSliceMask(manifest, own, slice)), slice);
        return { ...mask, expectedDsc: null, probability: null };
      });
      return ok({
        done: true,
        masks,
        recipe: promptableRecipe(manifest),
        encoderMs,
        decoderMs: decoderMs + performance.now() - start,
        embeddingCached: encoderMs === null,
        draft,
        logits: job.wantLogits ? logits.value : null,
      });
    },
  };
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
