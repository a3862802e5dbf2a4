import type { ExecutionProvider, ProviderCheck } from '../../src-shared/contract/models.ts';
import { ok, type Result } from '../../src-shared/result.ts';
import type { InstalledModel } from '../models/manifest.ts';
import type { CheckRecords } from './check-records.ts';
import type { SpawnEngine } from './engine-process.ts';
import { tryModel, type ModelTrial } from './model-trial.ts';
import type { Providers } from './providers.ts';
import type { ModelVerification } from './types.ts';
import { checkFiles, compareNumbers, verificationSlice, type Check } from './verification.ts';

export interface CheckOptions {
  signal?: AbortSignal | undefined;
  /** Called before the model runs on a provider. */
  onProvider?: ((provider: ExecutionProvider) => void) | undefined;
  /** Answers on the CPU that are at hand already, so that they need not be made again. */
  onCpu?: ModelTrial | undefined;
}

export interface ModelChecks {
  /**
   * Files against their hashes, then the model's numbers against its own reference on the CPU and on each other
   * provider that this machine has; the results are kept. A provider with wrong numbers is not used for this model.
   * Errors: model-damaged (the reference slice), cancelled.
   */
  check(model: InstalledModel, options?: CheckOptions): Promise<Result<ModelVerification>>;
}

export function createModelChecks(options: {
  spawn: SpawnEngine;
  providers: Providers;
  records: CheckRecords;
}): ModelChecks {
  const { spawn, providers, records } = options;

  async function usable(): Promise<ExecutionProvider[]> {
    if (providers.wanted === 'cpu') return ['cpu'];
    const probes = await providers.probe();
    const others = probes.filter(
      ({ provider, state }) => provider !== 'cpu' && state === 'available',
    );
    return ['cpu', ...others.map(({ provider }) => provider)];
  }

  return {
    async check(model, { signal, onProvider, onCpu } = {}) {
      const checks: Check[] = await checkFiles(model);
      const results: ProviderCheck[] = [];
      const { verification } = model.manifest;
      if (verification && checks.every(({ passed }) => passed)) {
        const slice = await verificationSlice(model);
        if (!slice.ok) return slice;
        let timeoutMs: number | undefined;
        for (const provider of await usable()) {
          onProvider?.(provider);
          const job = {
            model,
            provider,
            slice: slice.value,
            boxPx: verification.boxPx,
            ...(timeoutMs !== undefined && { timeoutMs }),
          };
          const trial: Result<ModelTrial> =
            provider === 'cpu' && onCpu ? ok(onCpu) : await tryModel(spawn, job, signal);
          if (!trial.ok && trial.error.code === 'cancelled') return trial;
          if (trial.ok && provider === 'cpu') timeoutMs = patience(trial.value);
          const found = trial.ok
            ? compareNumbers(verification, trial.value, provider)
            : [notRun(provider, trial.error.detail ?? trial.error.code)];
          checks.push(...found);
          results.push(record(provider, found, trial.ok ? trial.value : null));
          const wrong = found.find(({ passed }) => !passed);
          if (wrong && provider !== 'cpu') providers.reject(provider, model.sha256, wrong.detail);
        }
        records.keep(model.sha256, results);
      }
      const verified = checks.every(({ passed }) => passed);
      return ok({ modelId: model.manifest.id, verified, checks, providers: results });
    },
  };
}

/** A provider that needs ten times as long as the CPU (a GPU made of software) is of no use. */
const patience = ({ loadMs, encoderMs, decoderMs }: ModelTrial): number =>
  Math.max(60_000, 10 * (loadMs + (encoderMs ?? 0) + decoderMs));

const notRun = (provider: ExecutionProvider, detail: string): Check => ({
  name: `numbers on ${provider}`,
  passed: false,
  detail,
});

function record(
  provider: ExecutionProvider,
  found: Check[],
  trial: ModelTrial | null,
): ProviderCheck {
  const wrong = found.find(({ passed }) => !passed);
  return {
    provider,
    passed: wrong === undefined,
    detail: wrong?.detail ?? '',
    checkedAt: new Date().toISOString(),
    loadMs: trial?.loadMs ?? null,
    encoderMs: trial?.encoderMs ?? null,
    decoderMs: trial?.decoderMs ?? null,
  };
}
