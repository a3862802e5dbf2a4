import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type {
  ModelAddProgress,
  ModelFamily,
  ModelProposal,
} from '../../../src-shared/contract/models.ts';
import { fail, ok, type Result } from '../../../src-shared/result.ts';
import { forkChild, type StartChild } from '../../child-process.ts';
import type { InferenceController } from '../../inference/types.ts';
import { familyChoice } from '../checkpoint/family.ts';
import { architectureNames } from '../checkpoint/recognise.ts';
import { EMBEDDED_MODEL_ID, type ModelRegistry } from '../registry.ts';
import { asAppError } from './app-error.ts';
import type { CheckpointFacts } from './checkpoint-tasks.ts';
import { installModel, type Added } from './install.ts';
import type { OnnxModel } from './onnx-model.ts';
import { runTask } from './run-task.ts';
import { isOnnxModel, sourcesOf, type SourceFile } from './sources.ts';
import { stagingFolder } from './staging.ts';
import { ABANDONED_AFTER_MS, createUploadClock, type UploadClock } from '../../uploads.ts';

/** What was looked at, with all that adding it needs. */
export type Proposed = {
  proposal: ModelProposal;
  sources: SourceFile[];
  staging: string | null;
} & ({ kind: 'checkpoint'; facts: CheckpointFacts } | { kind: 'onnx'; onnx: OnnxModel });

export interface AddOptions {
  family?: ModelFamily | undefined;
  name?: string | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ModelAddProgress) => void) | undefined;
}

export interface ModelAdding {
  /** Opens a staging place that the host fills through {@link ModelAdding.stagedFilePath}. */
  stage(): Result<{ stageId: string }>;
  /** Where an uploaded file is to be written. Errors: not-found, invalid-request. */
  stagedFilePath(stageId: string, name: string): Result<string>;
  /** Says what files are. Errors: checkpoint-…, onnx-…, model-…, file-unreadable. */
  propose(
    source: { paths: string[] } | { stageId: string },
    signal?: AbortSignal,
  ): Promise<Result<ModelProposal>>;
  /**
   * Builds the model aside, tries it on the CPU, puts it into the library in one step, and tries the other providers.
   * Errors: model-family-needed, model-already-added, model-check-failed, cancelled, and those of the files.
   */
  add(proposalId: string, options?: AddOptions): Promise<Result<Added>>;
  discard(id: string): void;
  /** Discards all that was staged and not added. */
  close(): void;
  /** Errors: model-not-found, model-not-removable. */
  remove(modelId: string): Promise<Result<{ freedBytes: number }>>;
}

export function createModelAdding(options: {
  libraryRoot: string;
  models: ModelRegistry;
  inference: InferenceController;
  /** How the process that reads the files is started; forked under this Node when left out. */
  startChild?: StartChild;
  abandonedAfterMs?: number;
}): ModelAdding {
  const { libraryRoot, models, inference, startChild = forkChild } = options;
  const { abandonedAfterMs = ABANDONED_AFTER_MS } = options;
  const stages = new Map<string, { folder: string; files: SourceFile[]; clock: UploadClock }>();
  const proposals = new Map<string, Proposed>();

  async function propose(
    sources: SourceFile[],
    staging: string | null,
    signal?: AbortSignal,
  ): Promise<Result<Proposed>> {
    const files = sources.map(({ path, name }) => ({ name, sizeBytes: statSync(path).size }));
    const common = { proposalId: randomUUID(), files };
    if (isOnnxModel(sources)) {
      const onnx = await runTask({ type: 'onnx', sources }, { startChild, signal });
      if (!onnx.ok) return onnx;
      const proposal: ModelProposal = {
        ...common,
        kind: 'onnx',
        name: onnx.value.manifest.name,
        families: [],
        decidedBy: 'network',
        sha256: '',
        tensors: null,
        beside: [],
      };
      return ok({ proposal, sources, staging, kind: 'onnx', onnx: onnx.value });
    }
    const [source, ...more] = sources;
    if (!source) return fail('model-files-needed', { missing: 'model.json' });
    if (more.length > 0) {
      return fail('model-one-at-a-time', { names: sources.map(({ name }) => name).join(', ') });
    }
    const facts = await runTask({ type: 'inspect', path: source.path }, { startChild, signal });
    if (!facts.ok) return facts;
    const { architecture, sha256, tensors, beside } = facts.value;
    const proposal: ModelProposal = {
      ...common,
      kind: 'checkpoint',
      name: architectureNames[architecture],
      ...familyChoice(architecture, sha256, source.name),
      sha256,
      tensors,
      beside,
    };
    return ok({ proposal, sources, staging, kind: 'checkpoint', facts: facts.value });
  }

  const drop = (folder: string | null | undefined) => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  };

  function discard(id: string): void {
    stages.get(id)?.clock.stop();
    drop(stages.get(id)?.folder);
    drop(proposals.get(id)?.staging);
    stages.delete(id);
    proposals.delete(id);
  }

  return {
    stage() {
      try {
        const stageId = randomUUID();
        const folder = stagingFolder(libraryRoot);
        const clock = createUploadClock(() => discard(stageId), abandonedAfterMs);
        stages.set(stageId, { folder, files: [], clock });
        return ok({ stageId });
      } catch (error) {
        return { ok: false, error: asAppError(error) };
      }
    },

    stagedFilePath(stageId, name) {
      const stage = stages.get(stageId);
      if (!stage) return fail('not-found', { what: 'upload', id: stageId });
      stage.clock.touch();
      // The name is kept for the person; on the disk the file has a number.
      const path = join(stage.folder, `upload-${stage.files.length}`);
      stage.files.push({
        path,
        name: basename(name.replaceAll('\\', '/')).slice(0, 200),
        owned: true,
      });
      return ok(path);
    },

    async propose(source, signal) {
      const stage = 'stageId' in source ? stages.get(source.stageId) : undefined;
      if ('stageId' in source) {
        if (!stage) return fail('not-found', { what: 'upload', id: source.stageId });
        stage.clock.stop();
        stages.delete(source.stageId);
      }
      try {
        const sources = 'paths' in source ? sourcesOf(source.paths, false) : stage!.files;
        const proposed = await propose(sources, stage?.folder ?? null, signal);
        if (!proposed.ok) {
          drop(stage?.folder);
          return proposed;
        }
        proposals.set(proposed.value.proposal.proposalId, proposed.value);
        return ok(proposed.value.proposal);
      } catch (error) {
        drop(stage?.folder);
        return { ok: false, error: asAppError(error) };
      }
    },

    async add(proposalId, { family, name, signal, onProgress = () => undefined } = {}) {
      const proposed = proposals.get(proposalId);
      if (!proposed) return fail('not-found', { what: 'proposal', id: proposalId });
      const { families } = proposed.proposal;
      const chosen = family ?? (families.length === 1 ? families[0] : undefined);
      if (proposed.kind === 'checkpoint' && (!chosen || !families.includes(chosen))) {
        return fail('model-family-needed');
      }
      proposals.delete(proposalId);
      try {
        return await installModel({ libraryRoot, models, inference, startChild }, proposed, {
          family: chosen,
          name,
          signal,
          onProgress,
        });
      } catch (error) {
        return { ok: false, error: asAppError(error) };
      } finally {
        drop(proposed.staging);
      }
    },

    discard,
    close() {
      for (const id of [...stages.keys(), ...proposals.keys()]) discard(id);
    },

    async remove(modelId) {
      const found = models.list().find(({ id }) => id === modelId);
      if (!found) return fail('model-not-found', { id: modelId });
      const folder = models.addedFolder(modelId);
      if (!folder) return fail('model-not-removable');
      // Windows removes no file that is mapped into memory: another model takes its place in the engine first.
      if (inference.status().modelId === modelId) await inference.warmUp(EMBEDDED_MODEL_ID);
      try {
        const aside = stagingFolder(libraryRoot);
        renameSync(folder, join(aside, 'removed'));
        drop(aside);
        return ok({ freedBytes: found.sizeBytes });
      } catch (error) {
        return { ok: false, error: asAppError(error) };
      }
    },
  };
}
