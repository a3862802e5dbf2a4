import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { ModelSummary, ProviderCheck } from '../../src-shared/contract/models.ts';
import { fail, ok, type AppError, type Result } from '../../src-shared/result.ts';
import { modelManifestSchema, type InstalledModel } from './manifest.ts';
import { filesOf, modelFilePath } from './model-files.ts';

/** The model that comes with the application. */
export const EMBEDDED_MODEL_ID = 'box-crop-unet';

export interface ModelRegistry {
  /** All models found, broken ones too (with `problem`), the application's own first. */
  list(): ModelSummary[];
  /** The model with this id, its files present with the right sizes. Errors: model-not-found, model-invalid, model-damaged. */
  resolve(modelId: string): Result<InstalledModel>;
  /** The folder of a model that a person added; null for the application's own and for unknown ones. */
  addedFolder(modelId: string): string | null;
  /** The chosen default, or the embedded model where none is chosen or the chosen one is gone or broken. */
  defaultModelId(): string;
}

interface Found {
  folder: string;
  model: InstalledModel | null;
  /** What could be read of a manifest that is not right, to list it by name. */
  partial: { id: string; name: string };
  problem: AppError | null;
}

/**
 * Models are folders with a model.json, directly under one of `folders` (missing folders are fine). Folders are read
 * anew when asked, so that a model copied in appears; an unchanged model.json is parsed once.
 */
export function createModelRegistry(options: {
  folders: string[];
  chosenDefault: () => string | null;
  /** The folder below which models were added by a person, and can be removed. */
  addedModels?: string;
  /** Results of checks on this machine, by the model's SHA-256. */
  checksOf?: (modelSha256: string) => ProviderCheck[];
}): ModelRegistry {
  const isAdded = ({ folder }: Found) =>
    options.addedModels !== undefined && dirname(folder) === options.addedModels;
  const parsed = new Map<string, { stamp: string; found: Found }>();

  function read(folder: string): Found {
    const path = join(folder, 'model.json');
    const stat = statSync(path);
    const stamp = `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    const known = parsed.get(folder);
    if (known?.stamp === stamp) return known.found;
    const found = readManifest(folder);
    parsed.set(folder, { stamp, found });
    return found;
  }

  function all(): Found[] {
    const ids = new Set<string>();
    return options.folders.flatMap(modelFolders).map((folder) => {
      const found = read(folder);
      if (found.problem) return found;
      if (ids.has(found.partial.id)) {
        const detail = `${folder}: another model already has the id "${found.partial.id}". Change one of them in model.json.`;
        return { ...found, model: null, problem: invalid(found.partial.name, detail) };
      }
      ids.add(found.partial.id);
      const missing = found.model && damagedFile(found.model);
      return missing ? { ...found, problem: missing } : found;
    });
  }

  const defaultAmong = (models: Found[]) => {
    const chosen = options.chosenDefault();
    const usable = models.some((found) => found.partial.id === chosen && !found.problem);
    return chosen !== null && usable ? chosen : EMBEDDED_MODEL_ID;
  };

  return {
    list() {
      const models = all();
      const defaultId = defaultAmong(models);
      return models.map((found) => ({
        ...summary(found, defaultId),
        removable: isAdded(found),
        checks: (found.model && options.checksOf?.(found.model.sha256)) ?? [],
        sharesPromptEncoderWith: sharing(found, models),
      }));
    },
    addedFolder(modelId) {
      return all().find((found) => found.partial.id === modelId && isAdded(found))?.folder ?? null;
    },
    resolve(modelId) {
      const found = all().filter(({ partial }) => partial.id === modelId);
      const usable = found.find(({ model, problem }) => model && !problem);
      if (usable?.model) return ok(usable.model);
      const problem = found.find((one) => one.problem)?.problem;
      return problem ? { ok: false, error: problem } : fail('model-not-found', { id: modelId });
    },
    defaultModelId: () => defaultAmong(all()),
  };
}

function modelFolders(root: string): string[] {
  let names: string[];
  try {
    names = readdirSync(root).sort();
  } catch {
    return [];
  }
  return names
    .map((name) => join(root, name))
    .filter((folder) => statSync(join(folder, 'model.json'), { throwIfNoEntry: false })?.isFile());
}

const invalid = (name: string, detail: string): AppError => ({
  code: 'model-invalid',
  params: { name },
  detail,
});

function readManifest(folder: string): Found {
  const path = join(folder, 'model.json');
  let text: Buffer;
  let json: unknown;
  const unnamed = { id: basename(folder), name: basename(folder) };
  try {
    text = readFileSync(path);
    json = JSON.parse(text.toString('utf8'));
  } catch (error) {
    return {
      folder,
      model: null,
      partial: unnamed,
      problem: invalid(unnamed.name, `${path}: ${(error as Error).message}`),
    };
  }
  const names = z.object({ id: z.string(), name: z.string() }).safeParse(json);
  const partial = names.success ? { id: names.data.id, name: names.data.name } : unnamed;
  const manifest = modelManifestSchema.safeParse(json);
  if (!manifest.success) {
    return {
      folder,
      model: null,
      partial,
      problem: invalid(partial.name, `${path}: ${z.prettifyError(manifest.error)}`),
    };
  }
  const model: InstalledModel = {
    folder: realpathSync(folder),
    sha256: createHash('sha256').update(text).digest('hex'),
    sizeBytes: Object.values(manifest.data.files).reduce((sum, file) => sum + file.sizeBytes, 0),
    manifest: manifest.data,
  };
  return { folder, model, partial, problem: null };
}

function damagedFile(model: InstalledModel): AppError | null {
  for (const file of filesOf(model)) {
    const path = modelFilePath(model, file);
    if (!path.ok) return path.error;
  }
  return null;
}

/** Names of the other models whose prompt encoder has the same values. */
function sharing(found: Found, models: Found[]): string[] {
  const identity = promptEncoderOf(found);
  return models
    .filter((other) => other !== found && identity !== null && promptEncoderOf(other) === identity)
    .map(({ partial }) => partial.name);
}

function promptEncoderOf({ model }: Found): string | null {
  return model?.manifest.kind === 'promptable'
    ? (model.manifest.checkpoint?.promptEncoderSha256 ?? null)
    : null;
}

function summary(
  { model, partial, problem }: Found,
  defaultId: string,
): Omit<ModelSummary, 'removable' | 'checks' | 'sharesPromptEncoderWith'> {
  const manifest = model?.manifest;
  return {
    id: partial.id,
    name: partial.name,
    version: manifest?.version ?? '',
    kind: manifest?.kind ?? 'promptable',
    licence: manifest?.licence ?? { spdx: '', notice: '' },
    researchOnly: manifest?.researchOnly ?? true,
    origin: manifest?.origin ?? '',
    takesHounsfield:
      manifest?.kind === 'crop-specialist' && manifest.crop.hounsfieldScaling !== undefined,
    sizeBytes: model?.sizeBytes ?? 0,
    sha256: model?.sha256 ?? '',
    isDefault: partial.id === defaultId && !problem,
    ...(problem ? { problem } : {}),
  };
}
