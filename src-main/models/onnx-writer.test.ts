import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as onnxruntime from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../tests/support/inference.ts';
import {
  floatTensor,
  integerTensor,
  onnxModel,
  type OnnxGraph,
  type OnnxNode,
} from './onnx-writer.ts';

async function run(
  model: Uint8Array | string,
  feeds: Record<string, [number[], number[]]>,
): Promise<number[]> {
  const session = await (typeof model === 'string'
    ? onnxruntime.InferenceSession.create(model)
    : onnxruntime.InferenceSession.create(model));
  const tensors = Object.entries(feeds).map(([name, [dims, data]]) => [
    name,
    new onnxruntime.Tensor('float32', Float32Array.from(data), dims),
  ]);
  const output = (await session.run(Object.fromEntries(tensors)))[session.outputNames[0]!];
  return [...(output!.data as Float32Array)];
}

const product = (weights: OnnxGraph['initializers']): OnnxGraph => ({
  name: 'product',
  inputs: [{ name: 'x', dims: ['rows', 2] }],
  outputs: [{ name: 'y', dims: ['rows', 2] }],
  initializers: weights,
  nodes: [
    {
      op: 'Gemm',
      inputs: ['x', 'w', 'b'],
      outputs: ['y'],
      attributes: { alpha: { float: 0.5 }, transB: { int: 1 } },
    },
  ],
});

const threes = floatTensor('', [2], Float32Array.of(3, -3));

describe('written ONNX files, as onnxruntime reads them', () => {
  it('carry constants, attributes and free dimensions', async () => {
    const model = onnxModel(
      product([
        floatTensor('w', [2, 2], Float32Array.of(1, 2, 3, 4)),
        floatTensor('b', [2], Float32Array.of(10, 20)),
      ]),
    );
    // x·wᵀ/2 + b
    expect(
      await run(model, {
        x: [
          [1, 2],
          [2, 4],
        ],
      }),
    ).toEqual([15, 31]);
    expect(
      await run(model, {
        x: [
          [2, 2],
          [2, 4, 0, 2],
        ],
      }),
    ).toEqual([15, 31, 12, 24]);
  });

  it('point to data in another file beside them, anywhere in it', async () => {
    const folder = temporaryFolder();
    const data = new Float32Array([0, 0, 1, 2, 3, 4, 0]);
    writeFileSync(join(folder, 'weights.bin'), new Uint8Array(data.buffer));
    const w = {
      name: 'w',
      type: 'float32' as const,
      dims: [2, 2],
      data: { location: 'weights.bin', offset: 8, length: 16 },
    };
    writeFileSync(
      join(folder, 'graph.onnx'),
      onnxModel(product([w, floatTensor('b', [2], Float32Array.of(0, 0))])),
    );
    expect(
      await run(join(folder, 'graph.onnx'), {
        x: [
          [1, 2],
          [2, 4],
        ],
      }),
    ).toEqual([5, 11]);
  });

  it('use onnxruntime’s own operators, negative numbers, lists and constants in nodes', async () => {
    const nodes: OnnxNode[] = [
      { op: 'Slice', inputs: ['x', 'start', 'end', 'axis'], outputs: ['part'] },
      {
        op: 'Transpose',
        inputs: ['part'],
        outputs: ['turned'],
        attributes: { perm: { ints: [0, 2, 1] } },
      },
      { op: 'Constant', inputs: [], outputs: ['three'], attributes: { value: { tensor: threes } } },
      {
        op: 'Constant',
        inputs: [],
        outputs: ['zero'],
        attributes: { value_floats: { floats: [0, 0] } },
      },
      { op: 'Mul', inputs: ['turned', 'three'], outputs: ['times'] },
      { op: 'BiasGelu', inputs: ['times', 'zero'], outputs: ['y'], domain: 'com.microsoft' },
    ];
    const initializers = [
      integerTensor('start', [-2]),
      integerTensor('end', [3]),
      integerTensor('axis', [-1]),
    ];
    const inputs = [{ name: 'x', dims: [1, 2, 3] }];
    const outputs = [{ name: 'y', dims: [1, 2, 2] }];
    const model = onnxModel(
      { name: 'mixed', inputs, outputs, initializers, nodes },
      { metadata: { made: 'for a test' } },
    );
    const answer = await run(model, {
      x: [
        [1, 2, 3],
        [9, 1, 0, 9, 1, 0],
      ],
    });
    // gelu(3) = 3·Φ(3), Φ(3) = 0.998650; gelu(−3) = −3·Φ(−3).
    expect(answer[0]).toBeCloseTo(3 * 0.99865, 4);
    expect(answer[1]).toBeCloseTo(-3 * 0.00135, 4);
    expect(answer.slice(2)).toEqual([0, 0]);
  });
});
