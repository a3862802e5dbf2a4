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
  outputName: string;
  /** Number of values the manifest promises. */
  outputLength: number;
}

/**
 * One run of one graph: float32 in, float32 out. The output is a copy, which the runtime cannot change later.
 * Errors: those of the session; model-invalid when the graph is not what the manifest says or answers values that
 * are not finite.
 */
export async function runNetwork(
  sessions: Sessions,
  call: NetworkCall,
): Promise<Result<{ data: Float32Array; ms: number }>> {
  const { model, file, provider } = call;
  const session = await sessions.get(model, file, provider);
  if (!session.ok) return session;
  const runtime = await loadRuntime();
  if (!runtime.ok) return runtime;
  const invalid = (detail: string) =>
    fail('model-invalid', { name: model.manifest.name }, `${file.path}: ${detail}`);

  const named = namesProblem(session.value, Object.keys(call.inputs), call.outputName);
  if (named) return invalid(named);
  const feeds: Record<string, Tensor> = {};
  for (const [name, { data, shape }] of Object.entries(call.inputs)) {
    feeds[name] = new runtime.value.Tensor('float32', data, shape);
  }
  const start = performance.now();
  let output: Tensor | undefined;
  try {
    output = (await session.value.run(feeds, [call.outputName]))[call.outputName];
  } catch (error) {
    const detail = `the run on ${provider} failed: ${(error as Error).message}`;
    return provider === 'cpu'
      ? invalid(detail)
      : fail('engine-unavailable', { provider }, `${file.path}: ${detail}`);
  }
  const ms = performance.now() - start;
  const data = output?.data;
  if (!(data instanceof Float32Array) || data.length !== call.outputLength) {
    const got = data instanceof Float32Array ? `${data.length} values` : output?.type;
    return invalid(
      `output "${call.outputName}" has ${got}; model.json says ${call.outputLength} float32 values.`,
    );
  }
  // Masks made from such values would be empty or full without a word.
  if (!data.every(Number.isFinite)) {
    const detail = `output "${call.outputName}" has values that are not finite on ${provider}.`;
    return provider === 'cpu'
      ? invalid(detail)
      : fail('engine-unavailable', { provider }, `${file.path}: ${detail}`);
  }
  return ok({ data: data.slice(), ms });
}

function namesProblem(session: InferenceSession, inputs: string[], output: string): string | null {
  const unknown = inputs.find((name) => !session.inputNames.includes(name));
  if (unknown) return `has no input "${unknown}" (it has ${session.inputNames.join(', ')}).`;
  const unfed = session.inputNames.find((name) => !inputs.includes(name));
  if (unfed) return `wants an input "${unfed}" that model.json does not name.`;
  if (!session.outputNames.includes(output))
    return `has no output "${output}" (it has ${session.outputNames.join(', ')}).`;
  return null;
}
