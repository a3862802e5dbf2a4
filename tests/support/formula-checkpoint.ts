import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { TensorShapes } from '../../src-main/models/graphs/tensors.ts';
import type { FileRange, WeightSource } from '../../src-main/models/graphs/types.ts';
import { formulaWeight } from './formula-weights.ts';

/*
 * A checkpoint as `torch.save` writes it, without torch: a ZIP of stored entries whose data begin at multiples of 64
 * bytes, with `data.pkl` (pickle, protocol 2) and one storage per tensor. Weights are made by formula.
 */

export interface CheckpointOptions {
  /** Before every name, like `module.` of data-parallel training. */
  prefix?: string;
  /** Wrapped as MedSAM's training script does: model, optimizer, epoch. */
  training?: boolean;
  /** The device that the storages claim to be on. */
  device?: string;
  /** Stored in half precision. */
  half?: boolean;
  /** Changes the weights of one tensor before they are written, for instance to plant a NaN. */
  change?: (name: string, values: Float32Array) => Float32Array;
}

/**
 * Writes the checkpoint of a network with formula weights; tensors are made one at a time. Returns where they lie, as
 * a reader of checkpoints would find them (its `read` is for single precision).
 */
export function writeFormulaCheckpoint(
  path: string,
  shapes: TensorShapes,
  options: CheckpointOptions = {},
): WeightSource {
  const file = openSync(path, 'w');
  const ranges = new Map<string, FileRange>();
  try {
    const zip = zipWriter(file, basename(path, extname(path)));
    zip.add('data.pkl', pickledState(shapes, options));
    let storage = 0;
    for (const [name, dims] of shapes) {
      if (dims.length === 0) {
        // A counter: int64 0.
        zip.add(`data/${storage}`, new Uint8Array(8));
      } else {
        const weights = formulaWeight(name, dims);
        const values = options.change?.(name, weights) ?? weights;
        const kept = options.half ? new Float16Array(values) : values;
        const bytes = new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength);
        const offset = zip.add(`data/${storage}`, bytes);
        ranges.set(name, { location: basename(path), offset, length: bytes.length });
      }
      storage += 1;
    }
    zip.add('version', new TextEncoder().encode('3\n'));
    zip.end();
  } finally {
    closeSync(file);
  }
  return {
    tensor(name) {
      const where = ranges.get(name);
      const dims = shapes.get(name);
      if (!where || !dims) throw new Error(`There is no tensor ${name}.`);
      return { dims, where, read: () => readRange(path, where) };
    },
  };
}

function readRange(path: string, { offset, length }: FileRange): Float32Array {
  const bytes = new Uint8Array(length);
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, length, offset);
  closeSync(file);
  return new Float32Array(bytes.buffer);
}

/** Entries are stored, and padded by an extra field so that their data are aligned. */
function zipWriter(file: number, folder: string) {
  const directory: Buffer[] = [];
  let at = 0;
  const write = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(file, bytes, done, Math.min(bytes.length - done, 2 ** 24));
    }
    at += bytes.length;
  };
  return {
    /** Returns where the data begin. */
    add(name: string, data: Uint8Array): number {
      const entry = Buffer.from(`${folder}/${name}`);
      const start = at + 30 + entry.length + 4;
      const padding = (64 - (start % 64)) % 64;
      const extra = Buffer.alloc(4 + padding, 'Z');
      extra.write('FB', 0, 'latin1');
      extra.writeUInt16LE(padding, 2);
      const common = Buffer.alloc(26);
      common.writeUInt16LE(0, 4);
      common.writeUInt32LE(crc32(data), 10);
      common.writeUInt32LE(data.length, 14);
      common.writeUInt32LE(data.length, 18);
      common.writeUInt16LE(entry.length, 22);
      common.writeUInt16LE(extra.length, 24);
      const offset = at;
      write(Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, entry, extra]));
      const begin = at;
      write(data);
      common.writeUInt16LE(0, 24);
      const tail = Buffer.alloc(14);
      tail.writeUInt32LE(offset, 10);
      directory.push(
        Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, entry]),
      );
      return begin;
    },
    end() {
      const start = at;
      const records = Buffer.concat(directory);
      write(records);
      const last = Buffer.alloc(22);
      last.write('PK\x05\x06', 0, 'latin1');
      last.writeUInt16LE(directory.length, 8);
      last.writeUInt16LE(directory.length, 10);
      last.writeUInt32LE(records.length, 12);
      last.writeUInt32LE(start, 16);
      write(last);
    },
  };
}

function pickledState(shapes: TensorShapes, options: CheckpointOptions): Uint8Array {
  const { prefix = '', training = false, device = 'cpu', half = false } = options;
  const state: Buffer[] = [orderedDict, op('(')];
  let storage = 0;
  for (const [name, dims] of shapes) {
    state.push(text(prefix + name), tensor(dims, storage, device, half));
    storage += 1;
  }
  state.push(op('u'));
  const model = Buffer.concat(state);
  const whole = training
    ? [
        op('}('),
        text('model'),
        model,
        text('optimizer'),
        Buffer.concat([op('}('), text('state'), op('}'), text('param_groups'), op(']'), op('u')]),
        text('epoch'),
        whole32(3),
        op('u'),
      ]
    : [model];
  return Buffer.concat([op('\x80\x02'), ...whole, op('.')]);
}

const op = (code: string) => Buffer.from(code, 'latin1');
const global = (module: string, name: string) => op(`c${module}\n${name}\n`);
const orderedDict = Buffer.concat([global('collections', 'OrderedDict'), op(')R')]);

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.from('X\0\0\0\0', 'latin1');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function whole32(value: number): Buffer {
  const bytes = Buffer.from('J\0\0\0\0', 'latin1');
  bytes.writeInt32LE(value, 1);
  return bytes;
}

const tuple = (...items: Buffer[]) => Buffer.concat([op('('), ...items, op('t')]);

function tensor(dims: readonly number[], storage: number, device: string, half: boolean): Buffer {
  const counter = dims.length === 0;
  const strides = dims.map((_, at) => dims.slice(at + 1).reduce((total, dim) => total * dim, 1));
  const count = dims.reduce((total, dim) => total * dim, 1);
  const where = tuple(
    text('storage'),
    global('torch', counter ? 'LongStorage' : half ? 'HalfStorage' : 'FloatStorage'),
    text(String(storage)),
    text(device),
    whole32(count),
  );
  return Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      Buffer.concat([where, op('Q')]),
      whole32(0),
      tuple(...dims.map(whole32)),
      tuple(...strides.map(whole32)),
      // requires_grad: False.
      op('\x89'),
      orderedDict,
    ),
    op('R'),
  ]);
}
