import { architectures } from '../graphs/architectures.ts';
import { expectedTensors } from '../graphs/tensors.ts';
import type { Architecture } from '../graphs/types.ts';
import { CheckpointError } from './checkpoint-error.ts';
import type { Checkpoint, CheckpointTensor } from './read-checkpoint.ts';
import { isFloat } from './tensor-values.ts';

export const architectureNames: Record<Architecture, string> = {
  'sam-vit-b': 'SAM ViT-B',
  'lite-medsam': 'LiteMedSAM',
  'mobile-sam': 'MobileSAM',
};

/** The classifier that TinyViT was trained with; published files have it or not, and nothing uses it. */
const unusedTensors = /^image_encoder\.(norm_head|head)\./;

type Tensors = ReadonlyMap<string, CheckpointTensor>;

const hasName = (tensors: Tensors, pattern: RegExp) =>
  [...tensors.keys()].some((name) => pattern.test(name));
const firstDim = (tensors: Tensors, name: string) => tensors.get(name)?.dims[0];

/** Checkpoints that people have and that cannot be used here, by what only they hold. */
const otherModels: [name: string, is: (tensors: Tensors) => boolean][] = [
  [
    'SAM 2 / MedSAM2',
    (all) => hasName(all, /(^|\.)(image_encoder\.trunk|sam_mask_decoder|memory_attention)\./),
  ],
  ['SAM-Med3D', (all) => hasName(all, /\.rel_pos_d$/)],
  ['SAM-Med2D', (all) => hasName(all, /^image_encoder\.blocks\.\d+\.Adapter\./)],
  ['HQ-SAM', (all) => hasName(all, /^mask_decoder\.(hf_token|hf_mlp|compress_vit_feat)\b/)],
  ['SAM ViT-L', (all) => firstDim(all, 'image_encoder.patch_embed.proj.weight') === 1024],
  ['SAM ViT-H', (all) => firstDim(all, 'image_encoder.patch_embed.proj.weight') === 1280],
  ['EfficientViT-SAM', (all) => hasName(all, /^image_encoder\.backbone\./)],
  ['EdgeSAM / RepViT-SAM', (all) => hasName(all, /^image_encoder\.(stages|features)\./)],
  [
    'SAM (Hugging Face transformers)',
    (all) => hasName(all, /^vision_encoder\.(layers|patch_embed)\./),
  ],
  ['FastSAM / YOLO', (all) => hasName(all, /^model\.\d+\.(conv|cv1|m)\b/)],
  ['nnU-Net', (all) => hasName(all, /^(encoder|decoder)\.(stages|encoder\.stages)\.\d+\./)],
];

/**
 * Which network the tensors are of, by names and shapes. MedSAM and SAM ViT-B are the same network: only their values
 * differ, so that this says `sam-vit-b` for both.
 *
 * @throws CheckpointError `checkpoint-unsupported-model`, `checkpoint-unknown-model`, or `checkpoint-tensors-differ`
 * with all missing, extra and misshapen tensors in its detail
 */
export function recognise({ tensors }: Checkpoint): Architecture {
  const other = otherModels.find(([, is]) => is(tensors))?.[0];
  if (other) throw new CheckpointError('checkpoint-unsupported-model', { model: other });
  const architecture = likely(tensors);
  if (!architecture) {
    const names = [...tensors.keys()].slice(0, 4).map((name) => name.slice(0, 60));
    throw new CheckpointError('checkpoint-unknown-model', {
      count: tensors.size,
      names: names.join(', '),
    });
  }
  requireTensors(architecture, tensors);
  return architecture;
}

function likely(tensors: Tensors): Architecture | null {
  if (
    tensors.has('image_encoder.patch_embed.proj.weight') ||
    tensors.has('image_encoder.pos_embed')
  ) {
    return 'sam-vit-b';
  }
  const patch = tensors.get('image_encoder.patch_embed.seq.0.c.weight');
  // MobileSAM embeds patches with strided 3×3 convolutions, LiteMedSAM with 1×1.
  if (patch) return patch.dims[3] === 1 ? 'lite-medsam' : 'mobile-sam';
  return null;
}

function requireTensors(architecture: Architecture, tensors: Tensors): void {
  const expected = expectedTensors(architectures[architecture]);
  const missing = [...expected.keys()].filter(
    (name) => !tensors.has(name) && !unusedTensors.test(name),
  );
  const extra = [...tensors.keys()].filter(
    (name) => !expected.has(name) && !unusedTensors.test(name),
  );
  const wrong = [...expected].flatMap(([name, dims]) => {
    const found = tensors.get(name);
    if (!found || unusedTensors.test(name)) return [];
    if (found.dims.join() !== dims.join())
      return [`${name} is ${shown(found.dims)} and should be ${shown(dims)}`];
    const counter = name.endsWith('.num_batches_tracked');
    return counter || isFloat(found.type) ? [] : [`${name} is of type ${found.type}`];
  });
  if (missing.length + extra.length + wrong.length === 0) return;
  const listed = (title: string, names: string[]) =>
    names.length === 0
      ? []
      : [
          `${title} (${names.length}): ${names.slice(0, 40).join('; ')}${names.length > 40 ? '; …' : ''}.`,
        ];
  throw new CheckpointError(
    'checkpoint-tensors-differ',
    {
      model: architectureNames[architecture],
      missing: missing.length,
      extra: extra.length,
      wrong: wrong.length,
      first: (wrong[0] ?? missing[0] ?? extra[0]!).slice(0, 160),
    },
    [
      ...listed('Missing', missing),
      ...listed('Of another shape or type', wrong),
      ...listed('Not known', extra),
    ].join(' '),
  );
}

const shown = (dims: readonly number[]) => (dims.length === 0 ? 'a single number' : dims.join('×'));
