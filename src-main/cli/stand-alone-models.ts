import { join } from 'node:path';
import { applicationRoot } from '../entry-file.ts';
import type { WantedProvider } from '../inference/providers.ts';
import { createInferenceService } from '../inference/service.ts';
import type { InferenceController } from '../inference/types.ts';
import type { InstalledModel } from '../models/manifest.ts';
import { createModelRegistry, type ModelRegistry } from '../models/registry.ts';
import { exitCodes, failWith, failWithError } from './exit-codes.ts';

export interface StandAloneModels {
  models: ModelRegistry;
  inference: InferenceController;
  close(): Promise<void>;
}

/**
 * Models and engine without a library: what a batch gives depends on its arguments alone, not on
 * the settings of the window, and nothing is made on the disk (but what `keepChecks` says of models). Models of the library's folder are
 * found all the same.
 */
export function standAloneModels(
  libraryDir: string,
  provider: WantedProvider = 'auto',
  { keepChecks = false } = {},
): StandAloneModels {
  const models = modelsOf(libraryDir);
  const inference = createInferenceService({
    models,
    settings: { provider, embeddingCacheBytes: 0 },
    cacheDir: keepChecks ? libraryDir : null,
    log: { info: () => {}, warn: () => {} },
  });
  return { models, inference, close: () => inference.close() };
}

export const modelsOf = (libraryDir: string): ModelRegistry =>
  createModelRegistry({
    folders: [join(applicationRoot(), 'models'), join(libraryDir, 'models')],
    addedModels: join(libraryDir, 'models'),
    chosenDefault: () => null,
  });

/** The model asked for, or the default one, ready to be used. @throws CommandError */
export function resolveModel(
  models: ModelRegistry,
  wanted: string | undefined,
): { id: string; model: InstalledModel } {
  const id = wanted ?? models.defaultModelId();
  const model = models.resolve(id);
  if (model.ok) return { id, model: model.value };
  if (model.error.code !== 'model-not-found') throw failWithError(model.error);
  const names = models
    .list()
    .map((one) => one.id)
    .join(', ');
  throw failWith(exitCodes.model, 'no-such-model', { text: id, names });
}
