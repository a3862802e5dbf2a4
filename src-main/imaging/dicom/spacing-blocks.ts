import { dot } from '../../../src-shared/geometry/volume-geometry.ts';
import type { FrameRef } from './header-types.ts';
import { sortedAlong } from './sort.ts';
import { median, normalOf } from './vectors.ts';

export interface SpacingBlock {
  frames: FrameRef[];
  spacingMm: number;
}

/** Fewer slices do not show what their spacing is. */
const fewestSlices = 3;
/** More blocks are no protocol but slices that are uneven throughout. */
const mostBlocks = 4;
/** Within a block: rounding only. Between blocks: more than that. */
const evenFraction = 0.01;
const otherFraction = 0.05;

/**
 * A head CT may be thin through the skull base and thick above, in one series: blocks of slices, each
 * with a thickness and an even spacing of its own. Null when the frames are no such blocks.
 *
 * @param frames of one orientation, each at a place of its own
 */
export function spacingBlocks(frames: readonly FrameRef[]): SpacingBlock[] | null {
  if (frames.length < 2 * fewestSlices) return null;
  const normal = normalOf(frames[0]!.frame.orientation!);
  const blocks: FrameRef[][] = [];
  for (const ref of sortedAlong(frames, normal)) {
    const block = blocks.at(-1);
    if (block && sameThickness(block[0]!, ref)) block.push(ref);
    else blocks.push([ref]);
  }
  if (blocks.length < 2 || blocks.length > mostBlocks) return null;
  const measured: SpacingBlock[] = [];
  for (const block of blocks) {
    if (block.length < fewestSlices) return null;
    const at = block.map((ref) => dot(ref.frame.positionMm!, normal));
    const gaps = at.slice(1).map((place, n) => place - at[n]!);
    const spacingMm = median(gaps);
    if (gaps.some((gap) => Math.abs(gap - spacingMm) > evenFraction * spacingMm)) return null;
    measured.push({ frames: block, spacingMm });
  }
  const differ = measured.slice(1).every(({ spacingMm }, n) => {
    const before = measured[n]!.spacingMm;
    return Math.abs(spacingMm - before) > otherFraction * Math.min(spacingMm, before);
  });
  return differ ? measured : null;
}

function sameThickness(a: FrameRef, b: FrameRef): boolean {
  const [x, y] = [a.frame.sliceThicknessMm ?? 0, b.frame.sliceThicknessMm ?? 0];
  return Math.abs(x - y) <= evenFraction * Math.max(x, y);
}
