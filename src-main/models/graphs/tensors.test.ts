import { describe, expect, it } from 'vitest';
import { architectures } from './architectures.ts';
import { expectedTensors } from './tensors.ts';

const valuesIn = (prefix: string) =>
  [...expectedTensors(architectures['sam-vit-b'])]
    .filter(([name]) => name.startsWith(prefix))
    .map(([, dims]) => dims.reduce((product, dim) => product * dim, 1))
    .reduce((sum, count) => sum + count, 0);

describe('the tensors of a checkpoint', () => {
  it('are, for MedSAM ViT-B, as many as its paper counts', () => {
    expect(expectedTensors(architectures['sam-vit-b']).size).toBe(314);
    expect(valuesIn('image_encoder.')).toBe(89_670_912);
    expect(valuesIn('mask_decoder.')).toBe(4_058_340);
    // The 256 values of the positional encoding are a buffer and no parameter.
    expect(valuesIn('')).toBe(93_735_472 + 256);
  });

  it('tell LiteMedSAM from MobileSAM by the shape of the patch embedding', () => {
    const patch = 'image_encoder.patch_embed.seq.0.c.weight';
    expect(expectedTensors(architectures['lite-medsam']).get(patch)).toEqual([32, 3, 1, 1]);
    expect(expectedTensors(architectures['mobile-sam']).get(patch)).toEqual([32, 3, 3, 3]);
  });
});
