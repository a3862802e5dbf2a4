import { dot, type Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import type { FrameRef } from './header-types.ts';

/**
 * Order of acquisition as far as headers tell it. Ends with identifiers and the path, so that the
 * order of the input files never matters.
 */
export function byInstance(a: FrameRef, b: FrameRef): number {
  return (
    compareNumbers(a.header.instanceNumber, b.header.instanceNumber) ||
    compareTexts(a.header.sopInstanceUid, b.header.sopInstanceUid) ||
    compareTexts(a.header.file.shownPath, b.header.file.shownPath) ||
    a.frameIndex - b.frameIndex
  );
}

/** Frames in the order of their positions along a normal; equal positions keep the order of acquisition. */
export function sortedAlong(frames: readonly FrameRef[], normal: Vec3): FrameRef[] {
  const at = new Map(frames.map((ref) => [ref, dot(ref.frame.positionMm!, normal)]));
  return [...frames].sort((a, b) => at.get(a)! - at.get(b)! || byInstance(a, b));
}

/** Numbers before missing numbers. */
export function compareNumbers(a: number | null, b: number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a - b;
}

export const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Compares values that may be numbers written as text: numerically where both are. */
export function compareValues(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return a !== '' && b !== '' && Number.isFinite(x) && Number.isFinite(y)
    ? x - y
    : compareTexts(a, b);
}
