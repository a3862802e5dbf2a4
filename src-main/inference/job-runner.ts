import type { ExecutionProvider } from '../../src-shared/contract/models.ts';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import { fail, ok, type AppError, type Result } from '../../src-shared/result.ts';
import type { InstalledModel } from '../models/manifest.ts';
import { connectEngine, type EngineConnection } from './engine-connection.ts';
import type { SpawnEngine } from './engine-process.ts';
import type { EngineAnswer, EngineRequest, FinishedAnswer } from './engine/messages.ts';
import type { Providers } from './providers.ts';
import { pixelsSha256, sliceMessage } from './slice-message.ts';
import type { SliceImage } from './types.ts';
import { compareNumbers, verificationSlice } from './verification.ts';

/** One thing for the engine to do. */
export type Job =
  | { type: 'load'; model: InstalledModel }
  | { type: 'encode'; model: InstalledModel; slice: SliceImage; inView: boolean }
  | {
      type: 'segment';
      model: InstalledModel;
      slice: SliceImage;
      boxesPx: BoxPx[];
      draft: boolean;
      wantLogits: boolean;
    }
  | { type: 'view'; model: InstalledModel; slice: SliceImage; boxPx: BoxPx };

export interface Ran<T extends Job['type']> {
  answer: EngineAnswer<T>;
  provider: ExecutionProvider;
}

/** What the runner keeps in mind of a job from one step to the next. */
export interface Progress {
  /** How often the engine ended under it. */
  failures: number;
  /** Nobody waits for it any more: then nothing is repeated. */
  abandoned: boolean;
}

export interface JobRunner {
  /**
   * Runs one job, or one step of it: with `done: false` in its answer it has to be run again. The caller sees to it
   * that there is one at a time. A process that ends under it is started again and the step repeated, once per job.
   * Errors: engine-crashed when it ended again, engine-unavailable when it cannot be started, and those of the engine.
   */
  run<J extends Job>(job: J, progress: Progress): Promise<Result<Ran<J['type']>>>;
  /** Told to the engine before its next job. */
  setEmbeddingDiskBytes(bytes: number): void;
  /** The engine drops what it has in memory of slices, once it is done with the step under way. */
  forgetSlices(): void;
  close(): Promise<void>;
}

export interface EngineEvents {
  starting(again: boolean): void;
  up(): void;
  failed(error: AppError): void;
}

const START_TIMEOUT_MS = 30_000;
const ATTEMPTS = 2;

export function createJobRunner(options: {
  spawn: SpawnEngine;
  providers: Providers;
  configure: Extract<EngineRequest, { type: 'configure' }>;
  /** An engine silent for so long is taken to hang. */
  watchdogMs: number;
  events: EngineEvents;
  log: { warn(details: object, text: string): void };
}): JobRunner {
  const { providers, events, log } = options;
  let connection: EngineConnection | null = null;
  let startedBefore = false;
  const closing = new AbortController();
  let { configure } = options;
  let isConfigured = false;
  /** Pixels that this engine process was sent last. */
  let sentPixels = '';
  /** Models whose numbers were found right on a provider other than the CPU. */
  const verified = new Set<string>();

  async function connected(): Promise<Result<EngineConnection>> {
    if (closing.signal.aborted) return fail('cancelled');
    const isNew = !connection || connection.ended;
    if (!connection || connection.ended) {
      events.starting(startedBefore);
      startedBefore = true;
      sentPixels = '';
      isConfigured = false;
      const started = await connectEngine(options.spawn, START_TIMEOUT_MS, closing.signal);
      if (!started.ok) return started;
      connection = started.value;
    }
    if (!isConfigured) {
      isConfigured = true;
      const configured = await connection.request(configure, START_TIMEOUT_MS);
      if (configured.kind === 'ended') return fail('engine-unavailable', {}, configured.detail);
      if (!configured.result.ok) return configured.result;
    }
    if (isNew) events.up();
    return ok(connection);
  }

  function request(job: Job, provider: ExecutionProvider): EngineRequest {
    if (job.type === 'load') return { type: 'load', model: job.model, provider };
    const sha256 = pixelsSha256(job.slice);
    const slice = sliceMessage(job.slice, sha256, sha256 !== sentPixels);
    sentPixels = sha256;
    const { type, ...rest } = job;
    if (type === 'view') return { type, model: rest.model, slice, boxPx: job.boxPx };
    if (type === 'encode') return { type, model: rest.model, provider, slice, inView: job.inView };
    return {
      type,
      model: rest.model,
      provider,
      slice,
      boxesPx: job.boxesPx,
      draft: job.draft,
      wantLogits: job.wantLogits,
    };
  }

  /** Holds a model on a provider other than the CPU to its own reference numbers, once; rejects the provider if wrong. */
  async function heldToNumbers(
    model: InstalledModel,
    provider: ExecutionProvider,
  ): Promise<boolean> {
    const key = `${model.sha256} ${provider}`;
    const { verification } = model.manifest;
    if (provider === 'cpu' || !verification || verified.has(key)) return true;
    const slice = await verificationSlice(model);
    if (!slice.ok) return reject(provider, model, slice.error.detail ?? slice.error.code);
    const job: Job = {
      type: 'segment',
      model,
      slice: slice.value,
      boxesPx: [verification.boxPx],
      draft: false,
      wantLogits: true,
    };
    let ran = await attempt(job, provider);
    while (ran.kind === 'answered' && ran.result.ok && !ran.result.value.done)
      ran = await attempt(job, provider);
    // An engine that cannot be started says nothing about the provider.
    if (ran.kind === 'not started') return true;
    if (ran.kind === 'ended')
      return reject(provider, null, `The engine ended while it ran on ${provider}.`, ran.detail);
    if (!ran.result.ok)
      return reject(provider, model, ran.result.error.detail ?? ran.result.error.code);
    const { logits, masks } = ran.result.value as FinishedAnswer<'segment'>;
    const answer = { logits, areaPx: masks[0]!.areaPx };
    const wrong = compareNumbers(verification, answer, provider).find(({ passed }) => !passed);
    if (wrong) return reject(provider, model, `Wrong ${wrong.name}: ${wrong.detail}.`);
    verified.add(key);
    return true;
  }

  function reject(
    provider: ExecutionProvider,
    model: InstalledModel | null,
    reason: string,
    detail = reason,
  ): false {
    log.warn({ provider, detail }, `execution provider ${provider} is not used`);
    providers.reject(provider, model?.sha256 ?? null, reason);
    return false;
  }

  type Attempt<T extends Job['type']> =
    | { kind: 'answered'; result: Result<EngineAnswer<T>> }
    | { kind: 'ended'; detail: string }
    | { kind: 'not started'; detail: string };

  async function attempt<J extends Job>(
    job: J,
    provider: ExecutionProvider,
  ): Promise<Attempt<J['type']>> {
    const engine = await connected();
    if (!engine.ok)
      return { kind: 'not started', detail: engine.error.detail ?? engine.error.code };
    return engine.value.request(
      request(job, provider) as EngineRequest & { type: J['type'] },
      options.watchdogMs,
    );
  }

  return {
    async run<J extends Job>(job: J, progress: Progress): Promise<Result<Ran<J['type']>>> {
      while (!closing.signal.aborted) {
        const { provider } = providers.choose(job.model.sha256);
        if (job.type !== 'view' && !(await heldToNumbers(job.model, provider))) continue;
        const ran = await attempt(job, provider);
        if (ran.kind === 'answered') {
          const { result } = ran;
          if (result.ok) return ok({ answer: result.value, provider });
          if (result.error.code !== 'engine-unavailable' || provider === 'cpu') return result;
          reject(provider, job.model, result.error.detail ?? result.error.code);
          continue;
        }
        if (closing.signal.aborted) break;
        log.warn(
          { job: job.type, model: job.model.manifest.id, detail: ran.detail },
          'the engine ended',
        );
        progress.failures += 1;
        if (ran.kind === 'ended' && provider !== 'cpu') {
          reject(provider, null, `The engine ended while it ran on ${provider}.`, ran.detail);
        }
        if (progress.abandoned) return fail('cancelled');
        if (progress.failures < ATTEMPTS) continue;
        const code = ran.kind === 'ended' ? 'engine-crashed' : 'engine-unavailable';
        const failed = fail(code, { name: job.model.manifest.name }, ran.detail);
        events.failed(failed.error);
        return failed;
      }
      return fail('cancelled');
    },
    setEmbeddingDiskBytes(bytes) {
      configure = { ...configure, embeddingDiskBytes: bytes };
      isConfigured = false;
    },
    forgetSlices() {
      if (!connection || connection.ended) return;
      sentPixels = '';
      void connection.request({ type: 'forget' }, options.watchdogMs);
    },
    async close() {
      // Ends the process, whether it is up or still starting.
      closing.abort();
      await connection?.gone;
    },
  };
}
