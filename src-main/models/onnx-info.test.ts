import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applicationRoot } from '../entry-file.ts';
import { memorySource } from './checkpoint/byte-source.ts';
import { isPointDecoder, OnnxError, onnxInfo } from './onnx-info.ts';
import { floatTensor, onnxModel, type OnnxValue } from './onnx-writer.ts';

const graph = (inputs: OnnxValue[], external = false) =>
  onnxModel({
    name: 'g',
    inputs,
    outputs: [{ name: 'masks', dims: [1, 'count', 4, 4] }],
    initializers: [
      floatTensor('weight', [2], Float32Array.of(1, 2)),
      ...(external
        ? [
            {
              name: 'far',
              type: 'float32' as const,
              dims: [2],
              data: { location: 'weights/far.bin', offset: 64, length: 8 },
            },
          ]
        : []),
    ],
    nodes: [{ op: 'Identity', inputs: [inputs[0]!.name], outputs: ['masks'] }],
  });
const info = (bytes: Uint8Array) => onnxInfo(memorySource(bytes));

describe('what an ONNX file takes and gives', () => {
  it('is read without its weights', () => {
    const bytes = graph(
      [
        { name: 'x', dims: [1, 3, 'height', 64] },
        { name: 'weight', dims: [2] },
      ],
      true,
    );
    expect(info(bytes)).toEqual({
      inputs: [{ name: 'x', elementType: 1, dims: [1, 3, 'height', 64] }],
      outputs: [{ name: 'masks', elementType: 1, dims: [1, 'count', 4, 4] }],
      externalData: ['weights/far.bin'],
    });
  });

  it('is right for a file that PyTorch exported', () => {
    const bytes = readFileSync(join(applicationRoot(), 'models/default/network.onnx'));
    const { inputs, outputs, externalData } = info(new Uint8Array(bytes));
    expect(inputs).toMatchObject([{ name: 'input', elementType: 1 }]);
    expect(outputs[0]!.name).toBe('logits');
    expect(externalData).toEqual([]);
  });

  it('shows SAM’s export for points', () => {
    const names = [
      'image_embeddings',
      'point_coords',
      'point_labels',
      'mask_input',
      'has_mask_input',
      'orig_im_size',
    ];
    expect(isPointDecoder(info(graph(names.map((name) => ({ name, dims: [1] })))))).toBe(true);
    expect(isPointDecoder(info(graph([{ name: 'boxes', dims: [1, 4] }])))).toBe(false);
  });

  it('is refused where the file is cut off, damaged or something else', () => {
    const whole = graph([{ name: 'x', dims: [1, 3] }]);
    for (let length = 0; length < whole.length; length += 1) {
      const cut = () => info(whole.subarray(0, length));
      // Cut between two fields at the top, it lacks its graph or the version of the operators.
      try {
        cut();
      } catch (error) {
        expect(error).toBeInstanceOf(OnnxError);
      }
    }
    expect(() => info(whole.subarray(0, whole.length / 2))).toThrow(OnnxError);
    expect(() => info(new TextEncoder().encode('{"not": "onnx"}'))).toThrow(OnnxError);
    expect(() => info(new Uint8Array())).toThrow(OnnxError);
  });

  it('never fails otherwise on bytes that were changed', () => {
    const whole = graph([{ name: 'x', dims: [1, 3, 'height', 64] }], true);
    for (let at = 0; at < whole.length; at += 1) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const bytes = whole.slice();
        bytes[at] = value;
        try {
          info(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(OnnxError);
        }
      }
    }
  });
});
