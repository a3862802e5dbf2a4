import type { ExecutionProvider } from '../../src-shared/contract/models.ts';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { InstalledModel } from '../models/manifest.ts';
import { connectEngine } from './engine-connection.ts';
import type { SpawnEngine } from './engine-process.ts';
import type { EngineAnswer, EngineRequest, FinishedAnswer } from './engine/messages.ts';
import { pixelsSha256, sliceMessage } from './slice-message.ts';
import type { SliceImage } from './types.ts';

const START_TIMEOUT_MS = 30_000;
/** Loading and the first run of the largest encoder take half a minute on an old machine. */
const ANSWER_TIMEOUT_MS = 300_000;

export interface Trial {
  model: InstalledModel;
  provider: ExecutionProvider;
  slice: SliceImage;
  boxPx: BoxPx;
  /** The most that loading, or one answer, may take. */
  timeoutMs?: number;
}

/** What a model answers for one slice and box, and how long it takes. */
export interface ModelTrial {
  /** [grid, grid], row by row. */
  logits: Float32Array;
  /** Size of the mask on the slice. */
  areaPx: number;
  loadMs: number;
  /** Null when the model has no encoder. */
  encoderMs: number | null;
  /** Of the second box, when everything is warm. */
  decoderMs: number;
}

/**
 * Runs a model once on one provider in a process of its own, where neither a broken graph nor a broken driver can
 * harm the engine that people work with; the process is gone afterwards. The box is asked twice and must be answered
 * alike. Errors: those of the engine; `engine-crashed` when the process ended; `cancelled`.
 */
export async function tryModel(
  spawn: SpawnEngine,
  trial: Trial,
  signal?: AbortSignal,
): Promise<Result<ModelTrial>> {
  if (signal?.aborted) return fail('cancelled');
  const connection = await connectEngine(spawn, START_TIMEOUT_MS);
  if (!connection.ok) return connection;
  const engine = connection.value;
  const stop = () => engine.kill('the trial was cancelled');
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();

  const ask = async <R extends EngineRequest>(
    request: R,
  ): Promise<Result<EngineAnswer<R['type']>>> => {
    const outcome = await engine.request(request, trial.timeoutMs ?? ANSWER_TIMEOUT_MS);
    if (outcome.kind === 'answered') return outcome.result;
    return signal?.aborted
      ? fail('cancelled')
      : fail('engine-crashed', { name: trial.model.manifest.name }, outcome.detail);
  };

  try {
    const { model, provider, boxPx } = trial;
    const start = performance.now();
    const loaded = await ask({ type: 'load', model, provider });
    if (!loaded.ok) return loaded;
    const loadMs = performance.now() - start;
    const slice = sliceMessage(trial.slice, pixelsSha256(trial.slice), true);
    const request = {
      type: 'segment' as const,
      model,
      provider,
      slice,
      boxesPx: [boxPx],
      draft: false,
      wantLogits: true,
    };
    const segment = async (): Promise<Result<FinishedAnswer<'segment'>>> => {
      for (;;) {
        const answer = await ask(request);
        if (!answer.ok) return answer;
        if (answer.value.done) return ok(answer.value);
      }
    };
    const first = await segment();
    if (!first.ok) return first;
    const second = await segment();
    if (!second.ok) return second;
    const { logits, masks, encoderMs } = first.value;
    if (!logits || !sameNumbers(logits, second.value.logits)) {
      const detail = `On ${provider} the same box was answered twice with different numbers.`;
      return fail('model-invalid', { name: model.manifest.name }, detail);
    }
    return ok({
      logits,
      areaPx: masks[0]!.areaPx,
      loadMs,
      encoderMs,
      decoderMs: second.value.decoderMs,
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    engine.kill('the trial is over');
  }
}

/** Equal up to what a different order of additions changes. */
function sameNumbers(one: Float32Array, other: Float32Array | null): boolean {
  if (one.length !== other?.length) return false;
  return one.every(
    (value, at) => Math.abs(value - other[at]!) <= 1e-3 * Math.max(1, Math.abs(value)),
  );
}
