import { join } from 'node:path';
import type { EngineStatus } from '../../src-shared/contract/models.ts';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import { needsHounsfield, type InstalledModel } from '../models/manifest.ts';
import { createCheckRecords } from './check-records.ts';
import { forkEngine, type SpawnEngine } from './engine-process.ts';
import type { FinishedAnswer } from './engine/messages.ts';
import { createJobQueue } from './job-queue.ts';
import { createJobRunner, type Job, type Progress, type Ran } from './job-runner.ts';
import { createEmbeddingRemoval } from './embedding-removal.ts';
import { createModelChecks } from './model-checks.ts';
import { tryModel } from './model-trial.ts';
import { createProbeCache } from './probe-cache.ts';
import { createProviders, type WantedProvider } from './providers.ts';
import { checkedBox, checkedSlice } from './slice-message.ts';
import type { BoxJob, BoxMask, InferenceController, SliceImage } from './types.ts';

const EMBEDDING_MEMORY_BYTES = 256 * 1024 ** 2;
/** Long enough that the boxes of someone at work come first. */
const IDLE_BEFORE_PROBES_MS = 3000;
/** An encoder takes seconds on a slow machine, loading one too; minutes are a hang. */
const WATCHDOG_MS = 180_000;

export interface InferenceOptions {
  models: { resolve(modelId: string): Result<InstalledModel> };
  spawnEngine?: SpawnEngine;
  settings: {
    provider: WantedProvider;
    embeddingCacheBytes: number;
    /** Answers with a model's draft encoder first, where it has one. */
    drafts?: boolean;
  };
  /** For embeddings and probe results; null keeps nothing on disk. */
  cacheDir: string | null;
  log: { info(details: object, text: string): void; warn(details: object, text: string): void };
  watchdogMs?: number;
}

interface Waiting extends Progress {
  lane?: string | undefined;
  job: Job;
  settle(result: Result<Finished<Job['type']>>): void;
}

type BoxesJob = Omit<BoxJob, 'boxPx'> & { boxesPx: BoxPx[] };

interface AskOptions {
  lane?: string | undefined;
  signal?: AbortSignal | undefined;
  refining?: boolean;
}

type Finished<T extends Job['type']> = Omit<Ran<T>, 'answer'> & { answer: FinishedAnswer<T> };

const isUnfinished = (
  result: Result<Ran<Job['type']>>,
): result is Exclude<typeof result, Result<Finished<Job['type']>>> =>
  result.ok && 'done' in result.value.answer && !result.value.answer.done;

/**
 * The queue before the engine. Order: boxes and views as they come, then background encoding, nearest slice first.
 *
 * - A box that waits is superseded by a newer one of its lane. One whose mask is being made is answered: while a box is
 *   dragged, each finished mask is shown and the newest box is next.
 * - A run cannot be stopped but by ending the process, and then its model has to be loaded again. So an encoder runs in
 *   pieces, and what comes next is decided anew after each: a box waits for one piece of background work at most, a
 *   cancelled box ends, and a slice that was left is taken up again where it was left (the engine keeps what was reached).
 * - The engine may end at any moment: it is started again, the job under way is repeated once, what waits stays.
 */
export function createInferenceService(options: InferenceOptions): InferenceController {
  const { models, log, cacheDir } = options;
  const spawn = options.spawnEngine ?? forkEngine;
  const queue = createJobQueue<Waiting>();
  const listeners = new Set<(status: EngineStatus) => void>();
  let running: Waiting | null = null;
  let pumping: Promise<void> | null = null;
  let closed = false;
  let idle: NodeJS.Timeout | undefined;
  /** Slices whose embedding was made since the start, so that going to and fro asks for nothing twice. */
  const prepared = new Set<string>();
  let drafts = options.settings.drafts ?? false;
  let current: InstalledModel | null = null;
  let engine: Pick<EngineStatus, 'restarts' | 'lastEncoderMs' | 'lastDecoderMs' | 'error'> & {
    state: EngineStatus['state'];
  } = { state: 'starting', restarts: 0, lastEncoderMs: null, lastDecoderMs: null };

  const providers = createProviders({
    wanted: options.settings.provider,
    spawn,
    cache: createProbeCache(cacheDir && join(cacheDir, 'provider-probes.json')),
    onChange: () => tell({}),
  });
  /** Trials run in processes of their own, which must end with this service. */
  const closing = new AbortController();
  const untilClosed = (signal: AbortSignal | undefined) =>
    signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
  const records = createCheckRecords(cacheDir && join(cacheDir, 'model-checks.json'));
  const checks = createModelChecks({ spawn, providers, records });
  const runner = createJobRunner({
    spawn,
    providers,
    configure: {
      type: 'configure',
      embeddingFolder: cacheDir && join(cacheDir, 'embeddings'),
      embeddingMemoryBytes: EMBEDDING_MEMORY_BYTES,
      embeddingDiskBytes: options.settings.embeddingCacheBytes,
    },
    watchdogMs: options.watchdogMs ?? WATCHDOG_MS,
    events: {
      starting(again) {
        tell({
          state: again ? 'restarting' : 'starting',
          restarts: engine.restarts + (again ? 1 : 0),
        });
      },
      up: () => tell({ state: running ? 'busy' : 'ready' }),
      failed: (error) => tell({ error }),
    },
    log,
  });

  const removal = createEmbeddingRemoval(cacheDir && join(cacheDir, 'embeddings'), log);

  /** Nothing of these series is made any more, and what was made of them goes. */
  function forgetSeries(seriesIds: readonly string[]): void {
    const gone = new Set(seriesIds);
    const isOfOne = ({ job }: Waiting) =>
      'slice' in job && job.slice.seriesId !== null && gone.has(job.slice.seriesId);
    for (const waiting of queue.removeWhere(isOfOne)) waiting.settle(fail('cancelled'));
    if (running && isOfOne(running)) {
      running.abandoned = true;
      running.settle(fail('cancelled'));
    }
    runner.forgetSlices();
    removal.forget(seriesIds);
  }

  function status(): EngineStatus {
    const chosen = providers.choose(current?.sha256 ?? '');
    return {
      ...engine,
      modelId: current?.manifest.id ?? null,
      modelName: current?.manifest.name ?? null,
      ...chosen,
      probes: providers.probes,
      queued: queue.length,
    };
  }

  function tell(change: Partial<typeof engine>): void {
    engine = { ...engine, ...change };
    const now = status();
    for (const listener of listeners) listener(now);
  }

  async function pump(): Promise<void> {
    for (let next = queue.take(); next && !closed; next = queue.take()) {
      const waiting = next.job;
      running = waiting;
      // Times are those of the model that is named beside them.
      if (current?.sha256 !== waiting.job.model.sha256)
        engine = { ...engine, lastEncoderMs: null, lastDecoderMs: null };
      current = waiting.job.model;
      if (engine.state === 'ready') tell({ state: 'busy' });
      const result = await runner.run(waiting.job, waiting);
      running = null;
      if (!isUnfinished(result)) {
        waiting.settle(result);
        finished(result);
        continue;
      }
      const passed = !waiting.abandoned && !closed;
      if (passed && next.putBack()) continue;
      waiting.settle(fail(passed ? 'superseded' : 'cancelled'));
      tell({ state: 'ready' });
    }
  }

  function finished(result: Result<Finished<Job['type']>>): void {
    const { error: _, ...rest } = engine;
    if (!result.ok) {
      const gone =
        result.error.code === 'engine-unavailable' || result.error.code === 'engine-crashed';
      return tell({ state: gone ? 'failed' : 'ready' });
    }
    const { answer } = result.value;
    engine = rest;
    tell({
      state: 'ready',
      ...('encoderMs' in answer && answer.encoderMs !== null
        ? { lastEncoderMs: answer.encoderMs }
        : {}),
      ...('decoderMs' in answer ? { lastDecoderMs: answer.decoderMs } : {}),
    });
  }

  function start(): void {
    clearTimeout(idle);
    pumping ??= pump().finally(() => {
      pumping = null;
      if (closed) return;
      if (queue.length > 0) return start();
      if (engine.state === 'ready') idle = setTimeout(probe, IDLE_BEFORE_PROBES_MS).unref();
    });
  }

  /** Finds out what else this machine can run on; results kept from before cost nothing. */
  function probe(): void {
    if (providers.wanted !== 'cpu')
      providers.probe().catch((error: unknown) => log.warn({ error }, 'probing failed'));
  }

  function ask<J extends Job>(
    job: J,
    { lane, signal, refining = false }: AskOptions = {},
  ): Promise<Result<Finished<J['type']>>> {
    return new Promise((resolve) => {
      if (closed || signal?.aborted) return resolve(fail('cancelled'));
      const waiting: Waiting = {
        lane,
        job,
        failures: 0,
        abandoned: false,
        settle(result) {
          signal?.removeEventListener('abort', abort);
          resolve(result as Result<Finished<J['type']>>);
        },
      };
      const abort = () => {
        queue.remove(waiting);
        waiting.abandoned = true;
        waiting.settle(fail('cancelled'));
      };
      signal?.addEventListener('abort', abort, { once: true });
      if (refining) queue.addRefining(waiting);
      else
        for (const superseded of queue.addInteractive(waiting))
          superseded.settle(fail('superseded'));
      if (running) tell({});
      start();
    });
  }

  /** Model, boxes and slice of a job, checked. */
  function prepare({ modelId, slice, boxesPx }: BoxesJob): Result<{
    model: InstalledModel;
    slice: SliceImage;
    boxesPx: BoxPx[];
  }> {
    const model = models.resolve(modelId);
    if (!model.ok) return model;
    if (needsHounsfield(model.value.manifest) && !slice.isHounsfield)
      return fail('model-needs-hounsfield', { name: model.value.manifest.name });
    const checked: BoxPx[] = [];
    for (const boxPx of boxesPx) {
      const box = checkedBox(boxPx, slice);
      if (!box.ok) return box;
      checked.push(box.value);
    }
    return ok({ model: model.value, slice, boxesPx: checked });
  }

  async function masksOf(
    boxesJob: BoxesJob,
    options: AskOptions & { draft?: boolean },
  ): Promise<Result<BoxMask[]>> {
    const job = prepare(boxesJob);
    if (!job.ok) return job;
    if (job.value.boxesPx.length === 0) return ok([]);
    const draft = (options.draft ?? false) && drafts;
    const ran = await ask({ type: 'segment', ...job.value, draft, wantLogits: false }, options);
    if (!ran.ok) return ran;
    const { masks, logits: _, done: __, ...made } = ran.value.answer;
    const { provider } = ran.value;
    const { sha256: modelSha256 } = job.value.model;
    return ok(masks.map((mask) => ({ ...mask, ...made, modelSha256, provider })));
  }

  async function maskOf(
    { boxPx, ...job }: BoxJob,
    options: AskOptions & { draft?: boolean },
  ): Promise<Result<BoxMask>> {
    const masks = await masksOf({ ...job, boxesPx: [boxPx] }, options);
    return masks.ok ? ok(masks.value[0]!) : masks;
  }

  return {
    segmentBox: (boxJob, { lane, signal, draft = false }) =>
      maskOf(boxJob, { lane, signal, draft }),
    refineBox: (boxJob, { signal }) => maskOf(boxJob, { signal, refining: true }),
    segmentBoxes: (boxesJob, { signal }) => masksOf(boxesJob, { signal }),

    async modelView(boxJob) {
      const job = prepare({ ...boxJob, boxesPx: [boxJob.boxPx] });
      if (!job.ok) return job;
      const { model, slice, boxesPx } = job.value;
      const ran = await ask({ type: 'view', model, slice, boxPx: boxesPx[0]! });
      return ran.ok ? ok(ran.value.answer) : ran;
    },

    prefetch(modelId, slices) {
      const resolved = models.resolve(modelId);
      const usable = slices.filter((slice) => checkedSlice(slice).ok);
      if (closed || !resolved.ok || usable.length === 0) return 0;
      const model = resolved.value;
      const keyOf = ({ contentKey }: SliceImage) => `${model.sha256} ${contentKey}`;
      const background = (job: Job, key: string): Waiting => ({
        job,
        failures: 0,
        abandoned: false,
        settle(result) {
          if (result.ok) prepared.add(key);
          else if (result.error.code !== 'cancelled' && result.error.code !== 'superseded')
            log.warn({ error: result.error }, 'background work failed');
        },
      });
      const { manifest } = model;
      const sharesDecoder = manifest.kind === 'promptable' && manifest.decoder.slice !== undefined;
      // A model without an encoder has nothing to prepare but itself.
      const jobs =
        manifest.kind === 'promptable'
          ? usable.map((slice, at) => {
              const inView = sharesDecoder && at === 0;
              return background({ type: 'encode', model, slice, inView }, keyOf(slice));
            })
          : [background({ type: 'load', model }, model.sha256)];
      const wanted = jobs.filter(({ job }) =>
        job.type === 'encode'
          ? job.inView || !prepared.has(keyOf(job.slice))
          : !prepared.has(model.sha256),
      );
      queue.replaceBackground(wanted);
      if (running) tell({});
      start();
      return model.manifest.kind === 'promptable' ? wanted.length : 0;
    },

    status,
    onStatus(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    forgetSeries,
    forgetOtherSeries: (livingSeries) => removal.forgetOthers(livingSeries),

    async warmUp(modelId) {
      const model = models.resolve(modelId);
      if (!model.ok) return tell({ error: model.error });
      const loaded = await ask({ type: 'load', model: model.value });
      if (!loaded.ok) tell({ error: loaded.error });
    },

    async verifyModel(modelId, checkOptions) {
      const model = models.resolve(modelId);
      if (!model.ok) return model;
      const signal = untilClosed(checkOptions?.signal);
      return checks.check(model.value, { ...checkOptions, signal });
    },
    tryModel: (trial, signal) => tryModel(spawn, trial, untilClosed(signal)),
    checksOf: (modelSha256) => records.of(modelSha256),

    setOptions(changed) {
      drafts = changed.drafts;
      runner.setEmbeddingDiskBytes(changed.embeddingCacheBytes);
    },
    setProvider(provider) {
      providers.want(provider);
      probe();
    },
    probeProviders: ({ anew = false } = {}) => providers.probe(anew),

    async close() {
      closed = true;
      closing.abort();
      clearTimeout(idle);
      for (const waiting of queue.clear()) waiting.settle(fail('cancelled'));
      providers.close();
      await runner.close();
      await pumping;
      await removal.close();
    },
  };
}
