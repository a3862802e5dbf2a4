import type { ModelFamily } from '../../../src-shared/contract/models.ts';
import type { Architecture } from '../graphs/types.ts';
import type { PromptableManifest } from '../manifest.ts';

/** What is known of a family besides its network: names, licence, and the recipe that its makers publish. */
export interface FamilyRecipe {
  architecture: Architecture;
  name: string;
  makers: string;
  spdx: string;
  resize: PromptableManifest['resize'];
  greys: PromptableManifest['greys'];
  intensity: PromptableManifest['intensity'];
  boxFrame: PromptableManifest['boxFrame'];
  order: PromptableManifest['output']['order'];
}

/**
 * SamPredictor: longest side resized by Pillow's bilinear filter, segment_anything's pixel_mean and pixel_std in greys,
 * zeros right and below.
 */
const samLook: Pick<FamilyRecipe, 'resize' | 'greys' | 'intensity' | 'boxFrame' | 'order'> = {
  resize: { policy: 'longest-side-pad', filter: 'triangle' },
  greys: 'rounded',
  intensity: {
    scale: 'mean-std',
    mean: [123.675, 116.28, 103.53],
    std: [58.395, 57.12, 57.375],
  },
  boxFrame: 'input-pixels',
  order: 'resize-logits',
};

export const familyRecipes: Record<ModelFamily, FamilyRecipe> = {
  // MedSAM_Inference.py
  'medsam-vit-b': {
    architecture: 'sam-vit-b',
    name: 'MedSAM ViT-B',
    makers: 'bowang-lab (MedSAM)',
    spdx: 'Apache-2.0',
    resize: { policy: 'stretch', filter: 'cubic-spline' },
    greys: 'truncated',
    intensity: { scale: 'slice-min-max' },
    boxFrame: 'input-pixels',
    order: 'sigmoid-then-resize',
  },
  'sam-vit-b': {
    architecture: 'sam-vit-b',
    name: 'SAM ViT-B',
    makers: 'Meta AI (Segment Anything)',
    spdx: 'Apache-2.0',
    ...samLook,
  },
  // CVPR24_LiteMedSAM_infer.py
  'lite-medsam': {
    architecture: 'lite-medsam',
    name: 'LiteMedSAM',
    makers: 'bowang-lab (LiteMedSAM)',
    spdx: 'Apache-2.0',
    resize: { policy: 'longest-side-pad', filter: 'area' },
    greys: 'rounded',
    intensity: { scale: 'slice-min-max' },
    boxFrame: 'whole-input-pixels',
    order: 'resize-logits',
  },
  // MobileSAM's SamPredictor is SAM's.
  'mobile-sam': {
    architecture: 'mobile-sam',
    name: 'MobileSAM',
    makers: 'MobileSAM',
    spdx: 'Apache-2.0',
    ...samLook,
  },
};
