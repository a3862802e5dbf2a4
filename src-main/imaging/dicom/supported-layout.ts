import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import type { PixelLayout } from './header-types.ts';

type Refusal = Pick<ImportIssue, 'code' | 'params'>;

const monochrome = new Set(['MONOCHROME1', 'MONOCHROME2']);
const threeSamples = new Set([
  'RGB', 'YBR_FULL', 'YBR_FULL_422', 'YBR_PARTIAL_422', 'YBR_PARTIAL_420', 'YBR_ICT', 'YBR_RCT',
]); // prettier-ignore

/** Why pictures of this layout are not read; null when they are. */
export function unsupportedLayout(layout: PixelLayout): Refusal | null {
  const { photometric, samplesPerPixel, bitsAllocated, bitsStored, highBit } = layout;
  const known =
    (samplesPerPixel === 1 && (monochrome.has(photometric) || photometric === 'PALETTE COLOR')) ||
    (samplesPerPixel === 3 && threeSamples.has(photometric));
  if (!known) return { code: 'unsupported-photometric', params: { photometric, samplesPerPixel } };
  const bits: Refusal = { code: 'unsupported-bits', params: { bitsAllocated, bitsStored } };
  if (bitsAllocated !== 8 && bitsAllocated !== 16) return bits;
  if (bitsStored < 1 || bitsStored > bitsAllocated) return bits;
  if (highBit + 1 < bitsStored || highBit >= bitsAllocated) return bits;
  return null;
}
