import type { InferenceSession } from 'onnxruntime-node';
import type * as OnnxRuntime from 'onnxruntime-node';
import type { ExecutionProvider } from '../../../src-shared/contract/models.ts';
import { fail, ok, type Result } from '../../../src-shared/result.ts';
import { graphRoles, type InstalledModel, type ModelFile } from '../../models/manifest.ts';
import { checkedModelFile } from '../../models/model-files.ts';
import { inferenceThreads } from './threads.ts';

export type Runtime = typeof OnnxRuntime;

/** Loaded when first needed, so that a broken runtime or driver is an answer and not the end of the process. */
export async function loadRuntime(): Promise<Result<Runtime>> {
  try {
    const runtime = await import('onnxruntime-node');
    // Warnings go to stderr, where nobody reads them; errors are thrown as well.
    runtime.env.logLevel = 'error';
    return ok(runtime);
  } catch (error) {
    return fail(
      'engine-unavailable',
      {},
      `onnxruntime could not be loaded: ${(error as Error).message}`,
    );
  }
}

/** `optimised`: the graph is written as the CPU wants it; other providers have their own wishes. */
export function sessionOptions(
  provider: ExecutionProvider,
  { optimised = false } = {},
): InferenceSession.SessionOptions {
  const asWritten = optimised && provider === 'cpu';
  return {
    // Operators that a provider lacks run on the CPU.
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    intraOpNumThreads: inferenceThreads(),
    // Every session would keep an arena of its own, as large as its largest moment: 5 GB for an encoder in twelve pieces.
    enableCpuMemArena: false,
    // Memory for a whole run in one piece: small graphs are sooner with it, an encoder's take 0.2 GB more.
    enableMemPattern: !asWritten,
    // Threads that wait for each other in a loop keep the window from painting, and wait for threads that it displaced.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    graphOptimizationLevel: asWritten ? 'disabled' : 'all',
    logSeverityLevel: 3,
  };
}

export interface Sessions {
  /**
   * The session of one file of a model; the file is checked against its hash before it is loaded.
   * Errors: model-damaged (file, hash, or onnxruntime refuses it), engine-unavailable.
   */
  get(
    model: InstalledModel,
    file: ModelFile,
    provider: ExecutionProvider,
  ): Promise<Result<InferenceSession>>;
}

/** Sessions of one model on one provider at a time: another model's weights leave memory when a new one comes. */
export function createSessions(): Sessions {
  const open = new Map<string, InferenceSession>();
  let owner = '';
  /** Data files are checked once for all graphs of a model: those of a large one are hundreds of megabytes. */
  let companionsChecked = false;

  return {
    async get(model, file, provider) {
      const nextOwner = `${model.sha256} ${provider}`;
      if (owner !== nextOwner) {
        for (const session of open.values()) await session.release();
        open.clear();
        owner = nextOwner;
        companionsChecked = false;
      }
      const known = open.get(file.path);
      if (known) return ok(known);

      if (!companionsChecked) {
        const companions = await checkCompanions(model);
        if (!companions.ok) return companions;
        companionsChecked = true;
      }
      const checked = await checkedModelFile(model, file);
      if (!checked.ok) return checked;
      const runtime = await loadRuntime();
      if (!runtime.ok) return runtime;
      // onnxruntime passes over a provider it was not built with, without a word.
      if (!runtime.value.listSupportedBackends().some(({ name }) => name === provider)) {
        return fail(
          'engine-unavailable',
          { provider },
          `${provider} is not part of this build of onnxruntime.`,
        );
      }
      try {
        const { path, bytes } = checked.value;
        const { InferenceSession: create } = runtime.value;
        // A graph with data in files beside it is found only by path.
        const fromBytes = bytes !== null && hasNoCompanions(model);
        const options = sessionOptions(provider, file);
        const session = await (fromBytes
          ? create.create(bytes, options)
          : create.create(path, options));
        open.set(file.path, session);
        return ok(session);
      } catch (error) {
        const detail = `onnxruntime (${provider}) refuses ${file.path}: ${(error as Error).message}`;
        return provider === 'cpu'
          ? fail('model-damaged', { name: model.manifest.name, file: file.path }, detail)
          : fail('engine-unavailable', { provider }, detail);
      }
    },
  };
}

const companionsOf = ({ manifest }: InstalledModel) => {
  const graphs = new Set(graphRoles(manifest));
  return Object.entries(manifest.files).filter(([role]) => !graphs.has(role));
};
const hasNoCompanions = (model: InstalledModel) => companionsOf(model).length === 0;

async function checkCompanions(model: InstalledModel): Promise<Result<null>> {
  for (const [, file] of companionsOf(model)) {
    const checked = await checkedModelFile(model, file);
    if (!checked.ok) return checked;
  }
  return ok(null);
}
