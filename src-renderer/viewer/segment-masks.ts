import type { SliceMask } from '../../src-shared/contract/segmentation.ts';
import { voxelBounds } from './mask-composite.ts';
import type { PlacedMask } from './mask-composite.ts';

const sameList = <T>(a: readonly T[] | undefined, b: readonly T[]): boolean =>
  a !== undefined && a.length === b.length && a.every((one, n) => one === b[n]);

/**
 * Masks with their bits by segment, without the one `inHand`. The list of a segment in which nothing
 * changed is the very one of `before`, so that what was made from it can be kept.
 */
export function groupPlaced(
  masks: readonly SliceMask[],
  bits: ReadonlyMap<string, PlacedMask>,
  inHand: string | null,
  before?: ReadonlyMap<string, readonly PlacedMask[]>,
): Map<string, readonly PlacedMask[]> {
  const groups = new Map<string, PlacedMask[]>();
  for (const { id, segmentId } of masks) {
    const own = id === inHand ? undefined : bits.get(id);
    if (!own) continue;
    const group = groups.get(segmentId);
    if (group) group.push(own);
    else groups.set(segmentId, [own]);
  }
  return new Map(
    [...groups].map(([segmentId, group]) => {
      const old = before?.get(segmentId);
      return [segmentId, old && sameList(old, group) ? old : group];
    }),
  );
}

/**
 * Parts of a segment whose rectangles touch or overlap in space: what has a surface of its own. An
 * edit then makes the surface of one part anew, however far the segment reaches.
 */
export function touchingParts(masks: readonly PlacedMask[]): PlacedMask[][] {
  const filled = masks.filter((m) => m.sizePx[0] > 0 && m.sizePx[1] > 0);
  const bounds = filled.map(voxelBounds);
  const near = (a: number, b: number): boolean => {
    const [[lowA, highA], [lowB, highB]] = [bounds[a]!, bounds[b]!];
    return lowA.every((low, axis) => low <= highB[axis]! && lowB[axis]! <= highA[axis]!);
  };
  const left = new Set(filled.keys());
  const parts: PlacedMask[][] = [];
  for (const first of left) {
    left.delete(first);
    const part = [first];
    for (const member of part) {
      for (const other of left) {
        if (!near(member, other)) continue;
        left.delete(other);
        part.push(other);
      }
    }
    parts.push(part.toSorted((a, b) => a - b).map((n) => filled[n]!));
  }
  return parts;
}
