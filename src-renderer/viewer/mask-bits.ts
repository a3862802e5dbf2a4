import type { SliceMask } from '../../src-shared/contract/segmentation.ts';
import { bytesUrl } from '../api/client.ts';
import type { PlacedMask } from './mask-composite.ts';

/** Bits of a stored mask or a preview, one byte (0 or 1) per pixel of its rectangle; throws when they are not as said. */
export async function fetchBits(id: string, [width, height]: readonly [number, number]): Promise<Uint8Array> {
  if (width * height === 0) return new Uint8Array(0);
  const response = await fetch(bytesUrl(`/mask/${encodeURIComponent(id)}`), { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`${response.status} /mask`);
  const bits = new Uint8Array(await response.arrayBuffer());
  if (bits.length !== width * height) throw new Error(`${bits.length} ≠ ${width * height} /mask`);
  return bits;
}

export const placed = (
  m: Pick<SliceMask, 'axis' | 'sliceIndex' | 'originPx' | 'sizePx'>,
  bits: Uint8Array,
): PlacedMask => ({ axis: m.axis, sliceIndex: m.sliceIndex, originPx: m.originPx, sizePx: m.sizePx, bits });
