import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../tests/support/checkpoint-files.ts';
import { architectures } from '../graphs/architectures.ts';
import { expectedTensors } from '../graphs/tensors.ts';
import type { Architecture } from '../graphs/types.ts';
import { familyChoice } from './family.ts';
import type { CheckpointTensor } from './read-checkpoint.ts';
import { recognise } from './recognise.ts';

const tensor = (name: string, dims: readonly number[]): CheckpointTensor => ({
  name,
  type: name.endsWith('num_batches_tracked') ? 'int64' : 'float32',
  dims,
  strides: dims,
  contiguous: true,
  byteOffset: 0,
  byteLength: 0,
});

const tensorsOf = (shapes: Iterable<readonly [string, readonly number[]]>) =>
  new Map([...shapes].map(([name, dims]) => [name, tensor(name, dims)] as const));
const published = (architecture: Architecture) =>
  tensorsOf(expectedTensors(architectures[architecture]));
const asked = (tensors: Map<string, CheckpointTensor>) =>
  recognise({ tensors, foundUnder: '', beside: [] });
const refusal = (tensors: Map<string, CheckpointTensor>) =>
  refusalOf((async () => asked(tensors))());

describe('recognising a checkpoint', () => {
  it.each<Architecture>(['sam-vit-b', 'lite-medsam', 'mobile-sam'])('knows %s', (architecture) => {
    expect(asked(published(architecture))).toBe(architecture);
  });

  it('takes TinyViT with or without the classifier that it was trained with', () => {
    for (const architecture of ['lite-medsam', 'mobile-sam'] as const) {
      const tensors = published(architecture);
      for (const name of [...tensors.keys()])
        if (/\.(norm_head|head)\./.test(name)) tensors.delete(name);
      expect(asked(tensors)).toBe(architecture);
      tensors.set('image_encoder.head.weight', tensor('image_encoder.head.weight', [1000, 320]));
      expect(asked(tensors)).toBe(architecture);
    }
  });

  it('lists what is missing, misshapen and not known', async () => {
    const tensors = published('sam-vit-b');
    tensors.delete('mask_decoder.iou_token.weight');
    tensors.set('image_encoder.pos_embed', tensor('image_encoder.pos_embed', [1, 16, 16, 768]));
    tensors.set('mask_decoder.extra.weight', tensor('mask_decoder.extra.weight', [4]));
    const error = await refusal(tensors);
    expect(error).toMatchObject({
      code: 'checkpoint-tensors-differ',
      params: { model: 'SAM ViT-B', missing: 1, extra: 1, wrong: 1 },
    });
    expect(error.detail).toBe(
      'Missing (1): mask_decoder.iou_token.weight. Of another shape or type (1): image_encoder.pos_embed is ' +
        '1×16×16×768 and should be 1×64×64×768. Not known (1): mask_decoder.extra.weight.',
    );
  });

  it('refuses weights that are whole numbers', async () => {
    const tensors = published('lite-medsam');
    const name = 'mask_decoder.iou_token.weight';
    tensors.set(name, { ...tensor(name, [1, 256]), type: 'int8' });
    expect(await refusal(tensors)).toMatchObject({
      code: 'checkpoint-tensors-differ',
      params: { wrong: 1, first: `${name} is of type int8` },
    });
  });

  it.each<[string, [string, number[]][]]>([
    ['SAM ViT-L', [['image_encoder.patch_embed.proj.weight', [1024, 3, 16, 16]]]],
    ['SAM ViT-H', [['image_encoder.patch_embed.proj.weight', [1280, 3, 16, 16]]]],
    ['SAM 2 / MedSAM2', [['image_encoder.trunk.patch_embed.proj.weight', [96, 3, 7, 7]]]],
    ['SAM-Med2D', [['image_encoder.blocks.0.Adapter.channel.0.weight', [192, 768]]]],
    ['HQ-SAM', [['mask_decoder.hf_token.weight', [1, 256]]]],
    ['nnU-Net', [['encoder.stages.0.0.convs.0.conv.weight', [32, 1, 3, 3]]]],
  ])('names %s and refuses it', async (model, shapes) => {
    expect(await refusal(tensorsOf(shapes))).toMatchObject({
      code: 'checkpoint-unsupported-model',
      params: { model },
    });
  });

  it('says of an unknown network what it holds', async () => {
    expect(await refusal(tensorsOf([['fc.weight', [10, 20]]]))).toMatchObject({
      code: 'checkpoint-unknown-model',
      params: { count: 1, names: 'fc.weight' },
    });
  });
});

describe('telling MedSAM from SAM ViT-B', () => {
  const unknown = '0'.repeat(64);
  const samVitB = 'ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912';

  it('goes by the published hash, whatever the file is called', () => {
    expect(familyChoice('sam-vit-b', samVitB, 'medsam_vit_b.pth')).toEqual({
      families: ['sam-vit-b'],
      decidedBy: 'published-file',
    });
  });

  it('takes the name of the file as a hint only, and leaves the choice', () => {
    expect(familyChoice('sam-vit-b', unknown, 'medsam_vit_b.pth')).toEqual({
      families: ['medsam-vit-b', 'sam-vit-b'],
      decidedBy: 'file-name',
    });
    expect(familyChoice('sam-vit-b', unknown, 'sam_vit_b_tuned.pth').families[0]).toBe('sam-vit-b');
    expect(familyChoice('sam-vit-b', unknown, 'epoch-12.pth')).toEqual({
      families: ['medsam-vit-b', 'sam-vit-b'],
      decidedBy: 'nothing',
    });
  });

  it('is no question where the network says it', () => {
    expect(familyChoice('lite-medsam', unknown, 'sam_vit_b.pth')).toEqual({
      families: ['lite-medsam'],
      decidedBy: 'network',
    });
  });
});
