import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { fail, ok, type Result } from '../../../src-shared/result.ts';
import { fileSource } from '../checkpoint/byte-source.ts';
import { graphRoles, modelManifestSchema, type ModelManifest } from '../manifest.ts';
import { isPointDecoder, OnnxError, onnxInfo } from '../onnx-info.ts';
import { asAppError } from './app-error.ts';
import { sha256Of } from './hash-file.ts';
import type { SourceFile } from './sources.ts';

/** A manifest as a person writes it: hashes, sizes and reference numbers may be left to the workstation. */
const draftSchema = z.looseObject({
  id: z.string().optional(),
  name: z.string().min(1),
  files: z.record(z.string(), z.looseObject({ path: z.string().min(1) })),
  verification: z.looseObject({ slice: z.looseObject({ path: z.string() }) }).optional(),
});

export interface OnnxModel {
  manifest: ModelManifest;
  /** True when the manifest brought reference numbers of its own. */
  hasOwnNumbers: boolean;
  /** Where each file is now, by its path in the model's folder. */
  files: Map<string, SourceFile>;
}

/** Stands for the numbers that the trial run will give. */
const placeholder = {
  slice: {
    path: 'verification/slice.u8',
    sha256: '0'.repeat(64),
    widthPx: 1,
    heightPx: 1,
    channels: 1,
  },
  boxPx: [0, 0, 1, 1],
  expected: {
    logits: [{ row: 0, column: 0, value: 0 }],
    tolerance: 1,
    otherProviderTolerance: 1,
    foregroundPx: 0,
    foregroundTolerancePx: 0,
  },
};

/**
 * A model of ONNX files and a model.json, checked as far as can be without running it.
 * Errors: model-files-needed, model-invalid, model-damaged (a hash of the manifest is wrong), onnx-unreadable,
 * onnx-many-masks, onnx-data-missing, file-unreadable.
 */
export function readOnnxModel(sources: SourceFile[]): Result<OnnxModel> {
  try {
    for (const { path, name } of sources.filter((one) => /\.onnx$/i.test(one.name))) {
      const checked = checkGraph(path, name);
      if (!checked.ok) return checked;
    }
    const description = sources.find(({ name }) => /\.json$/i.test(name));
    if (!description) return fail('model-files-needed', { missing: 'model.json' });
    return described(description, sources);
  } catch (error) {
    return { ok: false, error: asAppError(error) };
  }
}

function described(description: SourceFile, sources: SourceFile[]): Result<OnnxModel> {
  const invalid = (detail: string) =>
    fail('model-invalid', { name: description.name }, `${description.name}: ${detail}`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(description.path, 'utf8'));
  } catch (error) {
    return invalid((error as Error).message);
  }
  const draft = draftSchema.safeParse(json);
  if (!draft.success) return invalid(z.prettifyError(draft.error));
  const files = new Map<string, SourceFile>();
  const complete: Record<string, unknown> = {};
  for (const [role, entry] of Object.entries(draft.data.files)) {
    const source = sourceOf(entry.path, description, sources);
    if (!source) return fail('model-files-needed', { missing: entry.path });
    const found = hashed(source);
    if (typeof entry.sha256 === 'string' && entry.sha256 !== found.sha256) {
      const detail = `${entry.path} has SHA-256 ${found.sha256}; model.json says ${entry.sha256}.`;
      return fail('model-damaged', { name: draft.data.name, file: entry.path }, detail);
    }
    files.set(entry.path, source);
    complete[role] = { path: entry.path, ...found };
  }
  const own = draft.data.verification;
  if (own) {
    const slice = sourceOf(own.slice.path, description, sources);
    if (!slice) return fail('model-files-needed', { missing: own.slice.path });
    files.set(own.slice.path, slice);
  }
  const manifest = modelManifestSchema.safeParse({
    ...draft.data,
    id: draft.data.id ?? slug(draft.data.name),
    files: complete,
    verification: own ?? placeholder,
  });
  if (!manifest.success) return invalid(z.prettifyError(manifest.error));
  const data = neededData(manifest.data, files);
  if (data) return data;
  return ok({ manifest: manifest.data, hasOwnNumbers: own !== undefined, files });
}

/** A file of the manifest among those given, or beside the manifest on the disk. */
function sourceOf(path: string, description: SourceFile, sources: SourceFile[]): SourceFile | null {
  const given =
    sources.find(({ name }) => name === path) ??
    sources.find(({ name }) => basename(name) === basename(path));
  if (given) return given;
  // An upload has nothing beside it but what was uploaded.
  if (description.owned || path.split(/[\\/]/).includes('..')) return null;
  const beside = join(dirname(description.path), path);
  const isFile = statSync(beside, { throwIfNoEntry: false })?.isFile();
  return isFile ? { path: beside, name: path, owned: false } : null;
}

function neededData(
  manifest: ModelManifest,
  files: Map<string, SourceFile>,
): ReturnType<typeof fail> | null {
  for (const role of graphRoles(manifest)) {
    const entry = (manifest.files as Record<string, { path: string }>)[role]!;
    const { path } = files.get(entry.path)!;
    const source = fileSource(path);
    try {
      for (const data of onnxInfo(source).externalData) {
        // The graph names it from its own folder.
        const inModel = join(dirname(entry.path), data).replaceAll('\\', '/');
        if (!files.has(inModel)) return fail('onnx-data-missing', { file: entry.path, data });
      }
    } finally {
      source.close();
    }
  }
  return null;
}

function checkGraph(path: string, file: string): Result<null> {
  const source = fileSource(path);
  try {
    return isPointDecoder(onnxInfo(source)) ? fail('onnx-many-masks', { file }) : ok(null);
  } catch (error) {
    if (error instanceof OnnxError) return fail('onnx-unreadable', { file }, error.message);
    throw error;
  } finally {
    source.close();
  }
}

function hashed({ path }: SourceFile): { sha256: string; sizeBytes: number } {
  const source = fileSource(path);
  try {
    return { sha256: sha256Of(source), sizeBytes: source.sizeBytes };
  } finally {
    source.close();
  }
}

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60) || 'model';
