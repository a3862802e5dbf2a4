import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ExecutionProvider } from '../../../src-shared/contract/models.ts';
import { fail, ok, type Result } from '../../../src-shared/result.ts';
import type { InstalledModel, ModelFile } from '../../models/manifest.ts';
import { loadRuntime, type Sessions } from './sessions.ts';

export interface NetworkCall {
  model: InstalledModel;
  file: ModelFile;
  provider: ExecutionProvider;
  inputs: Record<string, { data: Float32Array; shape: readonly number[] }>;
  /** Name of each output and the number of values the manifest promises. */
  outputs: Record<string, number>;
}

/**
 * One run of one graph: float32 in, float32 out. The outputs are copies, which the runtime cannot change later.
 * Errors: those of the session; model-invalid when the graph is not what the manifest says or answers values that
 * are not finite.
 */
export async function runNetwork(
  sessions: Sessions,
  call: NetworkCall,
): Promise<Result<Record<string, Float32Array>>> {
  const { model, file, provider } = call;
  const session = await sessions.get(model, file, provider);
  if (!session.ok) return session;
  const runtime = await loadRuntime();
  if (!runtime.ok) return runtime;
  const names = Object.keys(call.outputs);
  const invalid = (detail: string) =>
    fail('model-invalid', { name: model.manifest.name }, `${file.path}: ${detail}`);

  const named = namesProblem(session.value, Object.keys(call.inputs), names);
  if (named) return invalid(named);
  const feeds: Record<string, Tensor> = {};
  for (const [name, { data, shape }] of Object.entries(call.inputs)) {
    feeds[name] = new runtime.value.Tensor('float32', data, shape);
  }
  const failed = (detail: string) =>
    provider === 'cpu'
      ? invalid(detail)
      : fail('engine-unavailable', { provider }, `${file.path}: ${detail}`);
  let answers: Record<string, Tensor>;
  try {
    answers = await session.value.run(feeds, names);
  } catch (error) {
    return failed(`the run on ${provider} failed: ${(error as Error).message}`);
  }
  const outputs: Record<string, Float32Array> = {};
  for (const [name, length] of Object.entries(call.outputs)) {
    const data = answers[name]?.data;
    if (!(data instanceof Float32Array) || data.length !== length) {
      const got = data instanceof Float32Array ? `${data.length} values` : answers[name]?.type;
      return invalid(`output "${name}" has ${got}; model.json says ${length} float32 values.`);
    }
    // Masks made from such values would be empty or full without a word.
    if (!allFinite(data))
      return failed(`output "${name}" has values that are not finite on ${provider}.`);
    outputs[name] = data.slice();
  }
  return ok(outputs);
}

/** As `values.every(Number.isFinite)`, some ten times as fast: a product with zero is NaN only where a value is not finite. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (const value of values) sum += value * 0;
  return sum === 0;
}

function namesProblem(
  session: InferenceSession,
  inputs: string[],
  outputs: string[],
): string | null {
  const unknown = inputs.find((name) => !session.inputNames.includes(name));
  if (unknown) return `has no input "${unknown}" (it has ${session.inputNames.join(', ')}).`;
  const unfed = session.inputNames.find((name) => !inputs.includes(name));
  if (unfed) return `wants an input "${unfed}" that model.json does not name.`;
  const missing = outputs.find((name) => !session.outputNames.includes(name));
  if (missing) return `has no output "${missing}" (it has ${session.outputNames.join(', ')}).`;
  return null;
}
