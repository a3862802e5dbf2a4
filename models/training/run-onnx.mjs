// Runs an ONNX file on raw float32 inputs: node run-onnx.mjs NETWORK INPUT.f32 COUNT SIZE OUTPUTS.f32
// Writes logits and expected DSC one after the other.
// Prints milliseconds per box: median on two threads, and processor time on one, which other programs do not lengthen.
import { readFileSync, writeFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

const [network, inputPath, count, size, outputPath] = process.argv.slice(2);
const bytes = readFileSync(inputPath);
const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
const session = await ort.InferenceSession.create(network, { intraOpNumThreads: 2 });
const shape = [5, Number(size), Number(size)];
const all = await session.run({ input: new ort.Tensor('float32', data, [Number(count), ...shape]) });
const bytesOf = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
writeFileSync(outputPath, Buffer.concat([bytesOf(all.logits), bytesOf(all.expected_dsc)]));

const one = new ort.Tensor('float32', data.slice(0, 5 * size * size), [1, ...shape]);
const times = [];
for (let round = 0; round < 15; round += 1) {
  const start = performance.now();
  await session.run({ input: one });
  times.push(performance.now() - start);
}
const alone = await ort.InferenceSession.create(network, { intraOpNumThreads: 1 });
await alone.run({ input: one });
const before = process.cpuUsage();
for (let round = 0; round < 15; round += 1) await alone.run({ input: one });
const { user, system } = process.cpuUsage(before);
const median = times.sort((a, b) => a - b)[7];
process.stdout.write(`${median.toFixed(1)} ${((user + system) / 15 / 1000).toFixed(1)}\n`);
