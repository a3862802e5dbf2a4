import {
  executionProviderSchema,
  type ExecutionProvider,
  type ProviderProbe,
} from '../../src-shared/contract/models.ts';
import { fail, ok, type AppError, type Result } from '../../src-shared/result.ts';
import { connectEngine } from './engine-connection.ts';
import type { SpawnEngine } from './engine-process.ts';
import type { EngineAnswer, EngineRequest } from './engine/messages.ts';
import type { ProbeCache } from './probe-cache.ts';
import { runtimeMessage } from './runtime-message.ts';

export type WantedProvider = ExecutionProvider | 'auto';

/** Largest difference allowed on the probe graph, as a part of the largest value on the CPU. */
const RELATIVE_TOLERANCE = 1e-3;
const START_TIMEOUT_MS = 20_000;
const PROBE_TIMEOUT_MS = 60_000;

export interface Providers {
  readonly probes: ProviderProbe[];
  readonly wanted: WantedProvider;
  /** The provider for a model now, and why it is not the wanted one. */
  choose(modelSha256: string): { provider: ExecutionProvider; fallbackReason: string };
  want(provider: WantedProvider): void;
  /** A provider failed at work: not used again until asked for anew. For one model, or for all (null). */
  reject(provider: ExecutionProvider, modelSha256: string | null, reason: string): void;
  /** Runs the probes once, or takes them from the cache; again when `anew`. */
  probe(anew?: boolean): Promise<ProviderProbe[]>;
  close(): void;
}

/**
 * Which execution provider to use. The first boxes run on the CPU, which is always there; each other provider is
 * tried on a small graph in a process of its own, where a broken driver can do no harm, and is held to the CPU's
 * numbers. `auto` takes the fastest that passed, and another than the CPU only where it was faster than the CPU.
 */
export function createProviders(options: {
  wanted: WantedProvider;
  spawn: SpawnEngine;
  cache: ProbeCache;
  onChange: () => void;
}): Providers {
  let { wanted } = options;
  let probes: ProviderProbe[] = options.cache.read() ?? [];
  let running: Promise<ProviderProbe[]> | null = null;
  const closing = new AbortController();
  const rejected = new Map<string, string>();

  const rejection = (provider: ExecutionProvider, sha256: string) =>
    rejected.get(provider) ?? rejected.get(`${provider} ${sha256}`);

  function automatic(sha256: string): { provider: ExecutionProvider; fallbackReason: string } {
    const onCpu = probes.find(({ provider }) => provider === 'cpu')?.milliseconds ?? Infinity;
    const faster = probes
      .filter(({ provider, state }) => provider !== 'cpu' && state === 'available')
      .filter(({ milliseconds }) => milliseconds !== null && milliseconds < onCpu)
      .sort((a, b) => a.milliseconds! - b.milliseconds!);
    const best = faster.find(({ provider }) => !rejection(provider, sha256));
    if (best) return { provider: best.provider, fallbackReason: '' };
    const [failed] = faster;
    return { provider: 'cpu', fallbackReason: failed ? rejection(failed.provider, sha256)! : '' };
  }

  type Ask = <R extends EngineRequest>(request: R) => Promise<Result<EngineAnswer<R['type']>>>;

  /** Answers from a process that is gone afterwards, or why there are none. */
  async function apart<T>(use: (ask: Ask) => Promise<Result<T>>): Promise<Result<T>> {
    const connection = await connectEngine(options.spawn, START_TIMEOUT_MS, closing.signal);
    if (!connection.ok) return connection;
    const answer = await use(async (request) => {
      const outcome = await connection.value.request(request, PROBE_TIMEOUT_MS);
      return outcome.kind === 'answered'
        ? outcome.result
        : fail('engine-unavailable', {}, outcome.detail);
    });
    connection.value.kill('the probe is over');
    return answer;
  }

  async function run(): Promise<ProviderProbe[]> {
    const onCpu = await apart(async (ask) => {
      const backends = await ask({ type: 'backends' });
      if (!backends.ok) return backends;
      const reference = await ask({ type: 'probe', provider: 'cpu' });
      return reference.ok
        ? ok({ names: backends.value.names, reference: reference.value })
        : reference;
    });
    if (!onCpu.ok) return [unavailable('cpu', reasonOf(onCpu.error))];
    const { names, reference } = onCpu.value;
    const found = [compared('cpu', reference, reference)];
    for (const provider of executionProviderSchema.options) {
      if (provider === 'cpu' || !names.includes(provider)) continue;
      const answer = await apart((ask) => ask({ type: 'probe', provider }));
      found.push(
        answer.ok
          ? compared(provider, answer.value, reference)
          : unavailable(provider, reasonOf(answer.error)),
      );
    }
    return found;
  }

  return {
    get probes() {
      return probes;
    },
    get wanted() {
      return wanted;
    },
    choose(sha256) {
      if (wanted === 'auto') return automatic(sha256);
      if (wanted === 'cpu') return { provider: 'cpu', fallbackReason: '' };
      const fallback = (fallbackReason: string) => ({ provider: 'cpu' as const, fallbackReason });
      const failed = rejection(wanted, sha256);
      if (failed) return fallback(failed);
      if (probes.length === 0) return fallback(`${wanted} is still being tested.`);
      const result = probes.find(({ provider }) => provider === wanted);
      if (!result) return fallback(`${wanted} is not part of this build.`);
      return result.state === 'available'
        ? { provider: wanted, fallbackReason: '' }
        : fallback(result.reason);
    },
    want(provider) {
      wanted = provider;
      rejected.clear();
      options.onChange();
    },
    reject(provider, sha256, reason) {
      rejected.set(sha256 === null ? provider : `${provider} ${sha256}`, reason);
      options.onChange();
    },
    probe(anew = false) {
      if (probes.length > 0 && !anew && !running) return Promise.resolve(probes);
      running ??= run()
        .then((found) => {
          if (closing.signal.aborted) return probes;
          probes = found;
          options.cache.write(found);
          options.onChange();
          return probes;
        })
        .finally(() => (running = null));
      return running;
    },
    close() {
      closing.abort();
    },
  };
}

const reasonOf = (error: AppError) => runtimeMessage(error.detail ?? error.code);

const unavailable = (provider: ExecutionProvider, reason: string): ProviderProbe => ({
  provider,
  state: 'unavailable',
  reason,
  maxAbsoluteDifference: null,
  milliseconds: null,
});

function compared(
  provider: ExecutionProvider,
  answer: EngineAnswer<'probe'>,
  onCpu: EngineAnswer<'probe'>,
): ProviderProbe {
  let [difference, largest] = [answer.output.length === onCpu.output.length ? 0 : Infinity, 0];
  onCpu.output.forEach((value, at) => {
    const one = Math.abs(value - (answer.output[at] ?? NaN));
    difference = Number.isNaN(one) ? Infinity : Math.max(difference, one);
    largest = Math.max(largest, Math.abs(value));
  });
  const right = difference <= RELATIVE_TOLERANCE * largest;
  return {
    provider,
    state: right ? 'available' : 'wrong-numbers',
    reason: right
      ? ''
      : `Its numbers differ from the processor's by up to ${difference.toPrecision(3)}.`,
    maxAbsoluteDifference: Number.isFinite(difference) ? difference : null,
    milliseconds: answer.milliseconds,
  };
}
