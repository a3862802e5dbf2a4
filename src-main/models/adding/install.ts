import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  ModelAddProgress,
  ModelFamily,
  ProviderCheck,
} from '../../../src-shared/contract/models.ts';
import { fail, ok, type Result } from '../../../src-shared/result.ts';
import type { StartChild } from '../../child-process.ts';
import type { InferenceController, SliceImage } from '../../inference/types.ts';
import { compareNumbers, verificationSlice } from '../../inference/verification.ts';
import type { InstalledModel, ModelManifest, Verification } from '../manifest.ts';
import type { ModelRegistry } from '../registry.ts';
import { manifestOf, modelIdOf } from './manifest-of.ts';
import { referenceBoxPx, referencePath, referenceSlice, verificationOf } from './reference.ts';
import { runTask } from './run-task.ts';
import type { Proposed } from './service.ts';
import { publish, stagingFolder, writeDurably } from './staging.ts';
import { takeFile, type Taken } from './take-file.ts';

export interface Added {
  modelId: string;
  name: string;
  taken: Taken;
  checks: ProviderCheck[];
}

interface Surroundings {
  libraryRoot: string;
  models: ModelRegistry;
  inference: InferenceController;
  startChild: StartChild;
}

interface InstallOptions {
  family: ModelFamily | undefined;
  name: string | undefined;
  signal: AbortSignal | undefined;
  onProgress: (progress: ModelAddProgress) => void;
}

/** The name of the checkpoint in the model's folder. */
const CHECKPOINT_PATH = 'checkpoint.pth';

/**
 * Puts a model together in a staging folder, runs it there, and makes it one of the library's in one step.
 * Errors and events as `ModelAdding.add`.
 */
export async function installModel(
  surroundings: Surroundings,
  proposed: Proposed,
  options: InstallOptions,
): Promise<Result<Added>> {
  const { libraryRoot, models, inference, startChild } = surroundings;
  const { signal, onProgress } = options;
  const present = alreadyThere(models, proposed, options.family);
  if (present) return fail('model-already-added', { name: present });
  const staging = stagingFolder(libraryRoot);
  try {
    const folder = join(staging, 'model');
    mkdirSync(folder);
    onProgress({ phase: 'building', provider: null });
    const built = await assemble(proposed, folder, { ...options, startChild });
    if (!built.ok) return built;
    const { manifest, taken, hasOwnNumbers } = built.value;

    onProgress({ phase: 'trying', provider: 'cpu' });
    const reference = await referenceOf({ folder, manifest }, hasOwnNumbers);
    if (!reference.ok) return reference;
    const { slice, boxPx } = reference.value;
    const model = installed(folder, manifest);
    const trial = await inference.tryModel({ model, provider: 'cpu', slice, boxPx }, signal);
    if (!trial.ok) return checkFailed(manifest, trial.error);
    const verification = verificationFrom(manifest, trial.value, reference.value, hasOwnNumbers);
    if ('problem' in verification) return refused(verification.problem);
    if (!hasOwnNumbers) writeDurably(join(folder, referencePath), slice.data as Uint8Array);
    const finished = { ...manifest, verification } as ModelManifest;
    writeDurably(join(folder, 'model.json'), `${JSON.stringify(finished, null, 2)}\n`);
    if (signal?.aborted) return fail('cancelled');
    publish(folder, libraryRoot, manifest.id);

    // From here on it is one of the library's; what other providers answer decides only on their use.
    const verified = await inference.verifyModel(manifest.id, {
      signal,
      onCpu: trial.value,
      onProvider: (provider) => {
        if (provider !== 'cpu') onProgress({ phase: 'trying', provider });
      },
    });
    const checks = verified.ok ? verified.value.providers : [];
    return ok({ modelId: manifest.id, name: manifest.name, taken, checks });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function alreadyThere(
  models: ModelRegistry,
  proposed: Proposed,
  family: ModelFamily | undefined,
): string | null {
  const id =
    proposed.kind === 'onnx'
      ? proposed.onnx.manifest.id
      : modelIdOf(family!, proposed.facts.sha256);
  return models.list().find((model) => model.id === id)?.name ?? null;
}

interface Assembled {
  manifest: ModelManifest;
  taken: Taken;
  hasOwnNumbers: boolean;
}

/** The files of the model in its folder, and its manifest without reference numbers. */
async function assemble(
  proposed: Proposed,
  folder: string,
  { family, name, signal, startChild }: InstallOptions & { startChild: StartChild },
): Promise<Result<Assembled>> {
  if (proposed.kind === 'onnx') {
    const { manifest, files, hasOwnNumbers } = proposed.onnx;
    let taken: Taken = 'linked';
    for (const [path, source] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      const how = takeFile(source.path, join(folder, path), source);
      if (how === 'copied' || taken !== 'copied') taken = how;
    }
    return ok({
      manifest: { ...manifest, name: name?.trim() || manifest.name },
      taken,
      hasOwnNumbers,
    });
  }
  const { facts, sources } = proposed;
  const [source] = sources;
  const checkpointPath = join(folder, CHECKPOINT_PATH);
  const taken = takeFile(source!.path, checkpointPath, source!);
  const task = { type: 'build', checkpointPath, folder, expectedSha256: facts.sha256 } as const;
  const built = await runTask(task, { startChild, signal });
  if (!built.ok) return built;
  const manifest = manifestOf(family!, facts, built.value, { fileName: source!.name, name });
  return ok({ manifest, taken, hasOwnNumbers: false });
}

async function referenceOf(
  model: { folder: string; manifest: ModelManifest },
  hasOwnNumbers: boolean,
): Promise<Result<{ slice: SliceImage; boxPx: Verification['boxPx'] }>> {
  if (!hasOwnNumbers) return ok({ slice: referenceSlice(), boxPx: referenceBoxPx });
  const slice = await verificationSlice(installed(model.folder, model.manifest));
  return slice.ok ? ok({ slice: slice.value, boxPx: model.manifest.verification!.boxPx }) : slice;
}

function verificationFrom(
  manifest: ModelManifest,
  answer: { logits: Float32Array; areaPx: number },
  { slice, boxPx }: { slice: SliceImage; boxPx: Verification['boxPx'] },
  hasOwnNumbers: boolean,
): Verification | { problem: string } {
  if (!hasOwnNumbers) return verificationOf(answer, slice, boxPx);
  const own = manifest.verification!;
  const wrong = compareNumbers(own, answer, 'cpu').find(({ passed }) => !passed);
  return wrong ? { problem: `Its numbers are not those of its model.json: ${wrong.detail}.` } : own;
}

function installed(folder: string, manifest: ModelManifest): InstalledModel {
  return {
    folder,
    sha256: createHash('sha256').update(JSON.stringify(manifest)).digest('hex'),
    sizeBytes: Object.values(manifest.files).reduce((sum, file) => sum + file.sizeBytes, 0),
    manifest,
  };
}

const refused = (reason: string) => fail('model-check-failed', { reason }, reason);

function checkFailed(
  { name }: ModelManifest,
  error: Extract<Result<never>, { ok: false }>['error'],
): Result<never> {
  if (error.code === 'cancelled') return fail('cancelled');
  // What is wrong with a graph is in the runtime's words; they belong into the sentence.
  return refused(`${name}: ${error.detail ?? error.code}`);
}
