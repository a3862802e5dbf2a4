import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { sessionOptions } from '../../src-main/inference/engine/sessions.ts';
import { onnxModel } from '../../src-main/models/onnx-writer.ts';

/*
 * Prints the fewest page faults of some runs of a network with two tensors of 64 MB between input and output. A process
 * of its own, since the C library reads how to keep memory from the environment at its start.
 */

const COUNT = 16 * 1024 ** 2;
/** Of 32,768 pages: kept, and no more runs are needed to see it. */
const ENOUGH = 1000;
const model = onnxModel({
  name: 'large tensors',
  inputs: [{ name: 'x', dims: [1, COUNT] }],
  outputs: [{ name: 'sum', dims: [1, 1] }],
  initializers: [],
  nodes: [
    { op: 'Neg', inputs: ['x'], outputs: ['a'] },
    { op: 'Abs', inputs: ['a'], outputs: ['b'] },
    { op: 'ReduceMax', inputs: ['b'], outputs: ['sum'] },
  ],
});

/** Page faults of this process that needed no disk, so far; Linux only. */
const faults = () => Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')[7]);

const session = await ort.InferenceSession.create(model, sessionOptions('cpu'));
const x = new ort.Tensor('float32', new Float32Array(COUNT), [1, COUNT]);
let fewest = Infinity;
// The heap may take some runs until it has a place for all.
for (let run = 0; run < 40 && fewest > ENOUGH; run += 1) {
  const before = faults();
  await session.run({ x });
  fewest = Math.min(fewest, faults() - before);
}
process.stdout.write(String(fewest));
