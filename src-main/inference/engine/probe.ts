import type { ExecutionProvider } from '../../../src-shared/contract/models.ts';
import { fail, ok, type Result } from '../../../src-shared/result.ts';
import { floatTensor, integerTensor, onnxModel } from '../../models/onnx-writer.ts';
import type { EngineAnswer } from './messages.ts';
import { loadRuntime, sessionOptions } from './sessions.ts';

const SIDE = 128;
const CHANNELS = 32;
const TIMED_RUNS = 3;
/** A provider as slow as this needs no second timing. */
const SLOW_MS = 1000;

/** Numbers in −1…1 that look random and are the same everywhere (integer hash, no trigonometry). */
function noise(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => {
    let hash = Math.imul(at + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 31 - 1;
  });
}

/**
 * The operators that segmentation models live on: 3×3 convolution, ReLU, transposed convolution down again by a
 * strided one, layer normalisation, matrix product, erf-GELU and softmax, of a size at which providers differ in speed.
 */
export function probeGraph(): Uint8Array {
  const deviation = (fanIn: number, data: Float32Array) =>
    data.map((value) => value * Math.sqrt(3 / fanIn));
  const cells = (SIDE / 2) ** 2;
  return onnxModel({
    name: 'provider probe',
    inputs: [{ name: 'input', dims: [1, 4, SIDE, SIDE] }],
    outputs: [{ name: 'output', dims: [1, cells, CHANNELS] }],
    initializers: [
      floatTensor('w1', [CHANNELS, 4, 3, 3], deviation(36, noise(CHANNELS * 36, 1))),
      floatTensor(
        'w2',
        [CHANNELS, CHANNELS, 3, 3],
        deviation(CHANNELS * 9, noise(CHANNELS * CHANNELS * 9, 2)),
      ),
      floatTensor(
        'w3',
        [CHANNELS, CHANNELS, 2, 2],
        deviation(CHANNELS * 4, noise(CHANNELS * CHANNELS * 4, 3)),
      ),
      floatTensor('scale', [CHANNELS], new Float32Array(CHANNELS).fill(1)),
      floatTensor('bias', [CHANNELS], noise(CHANNELS, 4)),
      floatTensor(
        'w4',
        [CHANNELS, 4 * CHANNELS],
        deviation(CHANNELS, noise(4 * CHANNELS * CHANNELS, 5)),
      ),
      floatTensor(
        'w5',
        [4 * CHANNELS, CHANNELS],
        deviation(4 * CHANNELS, noise(4 * CHANNELS * CHANNELS, 6)),
      ),
      floatTensor('half', [1], Float32Array.of(0.5)),
      floatTensor('one', [1], Float32Array.of(1)),
      floatTensor('root', [1], Float32Array.of(Math.SQRT1_2)),
      integerTensor('tokens', [1, CHANNELS, cells]),
    ],
    nodes: [
      {
        op: 'Conv',
        inputs: ['input', 'w1'],
        outputs: ['c1'],
        attributes: { pads: { ints: [1, 1, 1, 1] } },
      },
      { op: 'Relu', inputs: ['c1'], outputs: ['r1'] },
      {
        op: 'Conv',
        inputs: ['r1', 'w2'],
        outputs: ['c2'],
        attributes: { pads: { ints: [1, 1, 1, 1] } },
      },
      { op: 'Relu', inputs: ['c2'], outputs: ['r2'] },
      {
        op: 'Conv',
        inputs: ['r2', 'w3'],
        outputs: ['c3'],
        attributes: { strides: { ints: [2, 2] } },
      },
      { op: 'Reshape', inputs: ['c3', 'tokens'], outputs: ['flat'] },
      {
        op: 'Transpose',
        inputs: ['flat'],
        outputs: ['rows'],
        attributes: { perm: { ints: [0, 2, 1] } },
      },
      {
        op: 'LayerNormalization',
        inputs: ['rows', 'scale', 'bias'],
        outputs: ['normal'],
        attributes: { axis: { int: -1 } },
      },
      { op: 'MatMul', inputs: ['normal', 'w4'], outputs: ['wide'] },
      { op: 'Mul', inputs: ['wide', 'root'], outputs: ['scaled'] },
      { op: 'Erf', inputs: ['scaled'], outputs: ['erf'] },
      { op: 'Add', inputs: ['erf', 'one'], outputs: ['shifted'] },
      { op: 'Mul', inputs: ['wide', 'shifted'], outputs: ['doubled'] },
      { op: 'Mul', inputs: ['doubled', 'half'], outputs: ['gelu'] },
      { op: 'MatMul', inputs: ['gelu', 'w5'], outputs: ['narrow'] },
      { op: 'Softmax', inputs: ['narrow'], outputs: ['output'], attributes: { axis: { int: -1 } } },
    ],
  });
}

/** Runs the probe graph: its output and the fastest of a few runs after a first one. */
export async function probe(provider: ExecutionProvider): Promise<Result<EngineAnswer<'probe'>>> {
  const runtime = await loadRuntime();
  if (!runtime.ok) return runtime;
  const { InferenceSession, Tensor, env } = runtime.value;
  try {
    const session = await InferenceSession.create(probeGraph(), sessionOptions(provider));
    const input = new Tensor('float32', noise(4 * SIDE * SIDE, 7), [1, 4, SIDE, SIDE]);
    let output = new Float32Array(0);
    let milliseconds = Infinity;
    for (let run = 0; run <= TIMED_RUNS && (run < 2 || milliseconds < SLOW_MS); run += 1) {
      const start = performance.now();
      const { output: answer } = await session.run({ input });
      const data = answer?.data;
      if (!(data instanceof Float32Array))
        return fail('engine-unavailable', { provider }, 'The probe answered no numbers.');
      output = data.slice();
      if (run > 0) milliseconds = Math.min(milliseconds, performance.now() - start);
    }
    return ok({ output, milliseconds, runtimeVersion: env.versions.node ?? env.versions.common });
  } catch (error) {
    return fail('engine-unavailable', { provider }, (error as Error).message);
  }
}

/** The providers this build of onnxruntime knows, installed hardware or not. */
export async function backends(): Promise<Result<EngineAnswer<'backends'>>> {
  const runtime = await loadRuntime();
  if (!runtime.ok) return runtime;
  const { listSupportedBackends, env } = runtime.value;
  return ok({
    names: listSupportedBackends().map(({ name }) => name),
    runtimeVersion: env.versions.node ?? env.versions.common,
  });
}
