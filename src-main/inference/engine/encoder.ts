import type { ExecutionProvider } from '../../../src-shared/contract/models.ts';
import { ok, type Result } from '../../../src-shared/result.ts';
import {
  encoderPieces,
  fileOfRole,
  type InstalledModel,
  type PromptableManifest,
} from '../../models/manifest.ts';
import type { ViewSlice } from '../recipes/crop-specialist.ts';
import { encoderInput, resizedView } from '../recipes/promptable.ts';
import { embeddingKey, type Embeddings } from './embeddings.ts';
import type { EngineSlice } from './messages.ts';
import { Recent } from '../../recent.ts';
import { runNetwork } from './run-network.ts';
import type { Sessions } from './sessions.ts';

export type PromptableModel = InstalledModel & { manifest: PromptableManifest };

export interface EncodeJob {
  model: PromptableModel;
  provider: ExecutionProvider;
  slice: EngineSlice;
  /** The greys of the slice, asked for only where the encoder begins with it. */
  view: () => ViewSlice;
}

export type Encoding =
  | { done: false }
  /** `encoderMs` is null when the embedding was in the cache. */
  | { done: true; data: Float32Array; encoderMs: number | null };

/** What was reached of a slice: the output of one piece, and the time all took so far. */
interface Unfinished {
  nextPiece: number;
  data: Float32Array;
  ms: number;
}

/** A slice that was left for another is taken up where it was left, if no more than these were left since. */
const KEPT_UNFINISHED = 4;

export interface Encoder {
  /** The identity of the exact embedding of a slice, and of its draft. */
  key(job: EncodeJob, draft: boolean): string;
  /**
   * The embedding of a slice from the cache, or one piece of the encoder further towards it. Whatever comes between two
   * calls, the embedding is the same. Errors: those of `runNetwork`.
   */
  advance(job: EncodeJob, draft: boolean): Promise<Result<Encoding>>;
}

/** Names the recipe in provenance and for the cache; the number rises when the same manifest gives other greys. */
export function promptableRecipe(manifest: PromptableManifest): string {
  const { resize, greys, intensity, boxFrame, output } = manifest;
  return `promptable/2 ${resize.policy} ${resize.filter} ${greys} ${intensity.scale} ${boxFrame} ${output.order}`;
}

export const valuesIn = (shape: readonly number[]) =>
  shape.reduce((product, dim) => product * dim, 1);

export function createEncoder(sessions: Sessions, embeddings: Embeddings): Encoder {
  const unfinished = new Recent<Unfinished>(KEPT_UNFINISHED);

  const key = ({ model, provider, slice }: EncodeJob, draft: boolean) =>
    embeddingKey(
      model.sha256,
      `${promptableRecipe(model.manifest)} ${provider}${draft ? ' draft' : ''}`,
      slice,
    );

  /** The input of the encoder's first piece. */
  function image({ model: { manifest }, view }: EncodeJob) {
    const { name, sizePx } = manifest.input;
    const data = encoderInput(manifest, resizedView(manifest, view()));
    return { name, data, shape: [1, 3, sizePx, sizePx] };
  }

  return {
    key,
    async advance(job, draft) {
      const { model, provider, slice } = job;
      const { manifest } = model;
      const name = key(job, draft);
      const known = embeddings.get(name);
      if (known && known.length === valuesIn(manifest.embedding.shape)) {
        unfinished.delete(name);
        return ok({ done: true, data: known, encoderMs: null });
      }
      const start = performance.now();
      const pieces = (draft && manifest.draftEncoder?.pieces) || encoderPieces(manifest);
      const reached = unfinished.get(name);
      const nextPiece = reached?.nextPiece ?? 0;
      const piece = pieces[nextPiece]!;
      const input = reached ? { ...pieces[nextPiece - 1]!.output, data: reached.data } : image(job);
      const answer = await runNetwork(sessions, {
        model,
        file: fileOfRole(manifest, piece.role),
        provider,
        inputs: { [input.name]: input },
        outputs: { [piece.output.name]: valuesIn(piece.output.shape) },
      });
      if (!answer.ok) return answer;
      const data = answer.value[piece.output.name]!;
      const ms = (reached?.ms ?? 0) + performance.now() - start;
      if (nextPiece + 1 < pieces.length) {
        unfinished.put(name, { nextPiece: nextPiece + 1, data, ms });
        return ok({ done: false });
      }
      unfinished.delete(name);
      const kept = draft ? embeddings.hold(name, data) : embeddings.put(name, data, slice.seriesId);
      return ok({ done: true, data: kept, encoderMs: ms });
    },
  };
}
