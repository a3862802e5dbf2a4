import { createHash } from 'node:crypto';
import type { ByteSource } from './byte-source.ts';
import { CheckpointError } from './checkpoint-error.ts';
import type { Checkpoint } from './read-checkpoint.ts';
import { isFloat, tensorValues } from './tensor-values.ts';

/**
 * Looks at every weight once: none may be NaN or infinite.
 * Returns the SHA-256 of the prompt encoder's values as float32. MedSAM was trained with SAM's prompt encoder frozen:
 * models that share it show the same value.
 *
 * @throws CheckpointError `checkpoint-not-finite`, `checkpoint-cut-off`
 */
export function checkWeights(
  source: ByteSource,
  { tensors }: Checkpoint,
): { promptEncoderSha256: string } {
  const hash = createHash('sha256');
  for (const name of [...tensors.keys()].sort()) {
    const tensor = tensors.get(name)!;
    if (!isFloat(tensor.type)) continue;
    const values = tensorValues(source, tensor);
    const bad = countNotFinite(values);
    if (bad > 0) throw new CheckpointError('checkpoint-not-finite', { name, count: bad });
    if (!name.startsWith('prompt_encoder.')) continue;
    hash.update(`${name} ${tensor.dims.join('×')}\n`);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return { promptEncoderSha256: hash.digest('hex') };
}

/** All bits of the exponent set means NaN or infinite. */
function countNotFinite(values: Float32Array<ArrayBuffer>): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let count = 0;
  for (let at = 0; at < bits.length; at += 1)
    if ((bits[at]! & 0x7f800000) === 0x7f800000) count += 1;
  return count;
}
