import type { Architecture, DecoderConfig, NetworkConfig } from './types.ts';

const decoder: DecoderConfig = {
  width: 256,
  heads: 8,
  mlpWidth: 2048,
  iouWidth: 256,
  maskTokens: 4,
};
const embedding = { channels: 256, side: 64 };

const tinyVit = {
  kind: 'tiny-vit',
  widths: [64, 128, 160, 320],
  depths: [2, 2, 6, 2],
  heads: [2, 4, 5, 10],
  windows: [7, 7, 14, 7],
  expansion: 4,
} as const;

/** The published networks: segment_anything/build_sam.py, MobileSAM's build_sam.py, LiteMedSAM's inference script. */
export const architectures: Record<Architecture, NetworkConfig> = {
  'sam-vit-b': {
    encoder: {
      kind: 'vit',
      imagePx: 1024,
      patchPx: 16,
      width: 768,
      depth: 12,
      heads: 12,
      mlpWidth: 3072,
      window: 14,
      globalBlocks: [2, 5, 8, 11],
    },
    decoder,
    embedding,
  },
  'lite-medsam': { encoder: { ...tinyVit, imagePx: 256, patch: 'pointwise' }, decoder, embedding },
  'mobile-sam': { encoder: { ...tinyVit, imagePx: 1024, patch: 'strided' }, decoder, embedding },
};
