import { describe, expect, it } from 'vitest';
import { checkpointFile, refusalOf } from '../../../tests/support/checkpoint-files.ts';
import { memorySource } from './byte-source.ts';
import { checkWeights } from './check-weights.ts';
import { readCheckpoint, type CheckpointTensor } from './read-checkpoint.ts';
import { tensorValues } from './tensor-values.ts';

const read = (name: string) => readCheckpoint(memorySource(checkpointFile(name)));
const refusal = (bytes: Uint8Array) => refusalOf(readCheckpoint(memorySource(bytes)));
const text = (content: string) => new TextEncoder().encode(content.padEnd(600, ' '));
/** The elements of `values(...)` in make_checkpoints.py. */
const formula = (indices: number[]) => indices.map((at) => (at - 7) / 4);
const counting = (count: number) => Array.from({ length: count }, (_, at) => at);

async function valuesIn(file: string, name: string): Promise<number[]> {
  const source = memorySource(checkpointFile(file));
  const { tensors } = await readCheckpoint(source);
  return [...tensorValues(source, tensors.get(name)!)];
}

describe('a checkpoint that PyTorch wrote', () => {
  it.each(['plain.pth', 'protocol-4.pth', 'cuda.pth'])(
    'gives its tensors, whatever their strides and types: %s',
    async (file) => {
      const { tensors, foundUnder } = await read(file);
      expect(foundUnder).toBe('');
      const dims = Object.fromEntries([...tensors].map(([name, one]) => [name, one.dims]));
      expect(dims).toEqual({
        plain: [3, 4],
        transposed: [5, 4],
        sliced: [2, 2],
        expanded: [3, 4],
        half: [2, 3],
        bfloat: [2, 3],
        double: [2, 2],
        counter: [],
        scalar: [],
        empty: [0, 3],
        parameter: [5],
        bytes: [6],
      });
      expect(await valuesIn(file, 'plain')).toEqual(formula(counting(12)));
      const transposed = counting(20).map((at) => (at % 4) * 5 + Math.floor(at / 4));
      expect(await valuesIn(file, 'transposed')).toEqual(formula(transposed));
      expect(await valuesIn(file, 'sliced')).toEqual(formula([8, 9, 20, 21]));
      expect(await valuesIn(file, 'expanded')).toEqual(
        formula([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]),
      );
      for (const name of ['half', 'bfloat']) {
        expect(await valuesIn(file, name)).toEqual(formula(counting(6)));
      }
      expect(await valuesIn(file, 'double')).toEqual(formula(counting(4)));
      expect(await valuesIn(file, 'counter')).toEqual([11]);
      expect(await valuesIn(file, 'scalar')).toEqual([2.5]);
      expect(await valuesIn(file, 'empty')).toEqual([]);
      expect(await valuesIn(file, 'parameter')).toEqual(formula(counting(5)));
      expect(await valuesIn(file, 'bytes')).toEqual(counting(6));
    },
  );

  it('says where in the file a contiguous tensor lies, so that nothing need be copied', async () => {
    const bytes = checkpointFile('plain.pth');
    const { tensors } = await read('plain.pth');
    const { byteOffset, byteLength, contiguous } = tensors.get('plain')!;
    expect([contiguous, byteLength, byteOffset % 64]).toEqual([true, 48, 0]);
    const view = new DataView(bytes.buffer, byteOffset, byteLength);
    expect(counting(12).map((at) => view.getFloat32(4 * at, true))).toEqual(formula(counting(12)));
    expect(tensors.get('transposed')!.contiguous).toBe(false);
    expect(tensors.get('expanded')!.byteLength).toBe(12);
  });

  it('is looked into when it is a training checkpoint', async () => {
    const { tensors, foundUnder, beside } = await read('training.pth');
    expect(foundUnder).toBe('model');
    expect(beside).toEqual(['optimizer', 'epoch', 'loss']);
    expect([...tensors.keys()]).toContain('1.running_var');
    expect(tensors.get('0.weight')!.dims).toEqual([2, 3]);
  });

  it('has the prefix of a wrapper taken off its names', async () => {
    const { tensors } = await read('module-prefix.pth');
    expect([...tensors.keys()].slice(0, 2)).toEqual([
      'mask_decoder.plain',
      'mask_decoder.transposed',
    ]);
  });
});

describe('what is no usable checkpoint', () => {
  it.each<[string, string, object]>([
    ['legacy.pth', 'checkpoint-legacy', {}],
    ['torchscript.pt', 'checkpoint-torchscript', {}],
    ['compressed.pth', 'checkpoint-compressed', { entry: 'plain/data.pkl' }],
    ['big-endian.pth', 'checkpoint-big-endian', {}],
    ['no-weights.pth', 'checkpoint-no-weights', {}],
    ['hostile.pth', 'checkpoint-forbidden', { name: 'posix.system' }],
    ['namespace.pth', 'checkpoint-forbidden', { name: 'argparse.Namespace' }],
    ['whole-module.pth', 'checkpoint-forbidden', { name: 'torch.nn.modules.container.Sequential' }],
  ])('%s is refused with the code %s', async (file, code, params) => {
    expect(await refusal(checkpointFile(file))).toMatchObject({ code, params });
  });

  it('is named by its format where that is known', async () => {
    const formats: [Uint8Array, string][] = [
      [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, ...text('JFIF')), 'JPEG'],
      [text('<!DOCTYPE html><title>Google Drive – Virus scan warning</title>'), 'HTML'],
      [text('%PDF-1.7'), 'PDF'],
      [Uint8Array.of(0x20, 1, 0, 0, 0, 0, 0, 0, ...text('{"__metadata__":{}}')), 'safetensors'],
    ];
    for (const [bytes, format] of formats) {
      expect(await refusal(bytes)).toMatchObject({
        code: 'checkpoint-other-format',
        params: { format },
      });
    }
    expect((await refusal(text('weights'))).code).toBe('checkpoint-not-torch');
    expect((await refusal(new Uint8Array())).code).toBe('checkpoint-empty');
  });

  it('is called cut off wherever its end is missing', async () => {
    const bytes = checkpointFile('plain.pth');
    for (const length of [100, 1000, bytes.length - 200, bytes.length - 1]) {
      expect((await refusal(bytes.subarray(0, length))).code, `${length}`).toBe(
        'checkpoint-cut-off',
      );
    }
  });

  it('is found out by weights that are not numbers', async () => {
    const source = memorySource(checkpointFile('not-finite.pth'));
    const checkpoint = await readCheckpoint(source);
    const reading = (async () => checkWeights(source, checkpoint))();
    expect(await refusalOf(reading)).toMatchObject({
      code: 'checkpoint-not-finite',
      params: { name: 'prompt_encoder.a', count: 2 },
    });
  });
});

describe('the identity of a prompt encoder', () => {
  const part = (name: string): [string, CheckpointTensor] => [
    name,
    {
      name,
      type: 'float32',
      dims: [2],
      strides: [1],
      contiguous: true,
      byteOffset: 0,
      byteLength: 8,
    },
  ];
  const identity = (values: number[], names: string[]) => {
    const source = memorySource(new Uint8Array(Float32Array.from(values).buffer));
    return checkWeights(source, { tensors: new Map(names.map(part)), foundUnder: '', beside: [] });
  };

  it('depends on its own values and on nothing else', () => {
    const one = identity([1, 2], ['prompt_encoder.a']);
    expect(identity([1, 2], ['mask_decoder.b', 'prompt_encoder.a'])).toEqual(one);
    expect(identity([1, 2.0000002], ['prompt_encoder.a'])).not.toEqual(one);
    expect(identity([1, 2], ['prompt_encoder.b'])).not.toEqual(one);
  });
});
