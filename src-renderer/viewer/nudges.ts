import { onBeforeUnmount, onMounted } from 'vue';
import type { SliceMask } from '../../src-shared/contract/segmentation.ts';
import type { Plane } from '../../src-shared/geometry/planes.ts';
import { useSegmentationStore } from '../stores/segmentation.ts';
import { useViewingStore } from '../stores/viewing.ts';
import { moveBox, sameBox, screenStep } from './box-edit.ts';
import { sliceToPane } from './pane-transform.ts';
import type { Point } from './pane-transform.ts';

/** Presses that follow each other within this time are one step of the edit log. */
const burstMs = 300;

/**
 * Moves a box by keys. Presses in quick succession are one drag of the box, stored when they rest;
 * a press while a box is being stored goes on from where that box will be, so that none is lost.
 */
export function useNudges() {
  const viewing = useViewingStore();
  const segmentation = useSegmentationStore();
  let rest: ReturnType<typeof setTimeout> | undefined;
  /** The record that the burst moves; null when there is none. */
  let burst: string | null = null;
  let storing: Promise<void> = Promise.resolve();

  /** Says whether the press is taken: it is not without a box that is on screen. */
  function press(
    selected: { mask: SliceMask; plane: Plane } | null,
    step: Point,
    times: number,
  ): boolean {
    const draft = segmentation.draft;
    if (draft?.dragging && draft.replaces !== burst) return true; // the pointer has a box in hand
    // A new box is still on its way; it is selected when it is there.
    if (draft && !draft.replaces) {
      void segmentation.settled().then(() => {
        const { selectedMask: mask } = segmentation;
        const plane = mask && viewing.planeOfAxis(mask.axis);
        if (plane) press({ mask, plane }, step, times);
      });
      return true;
    }
    if (!selected) return false;
    const { mask, plane } = selected;
    const layout = viewing.layoutOf(plane);
    const [dx, dy] = screenStep(sliceToPane(layout), step);
    const { axis, sliceIndex, segmentId } = mask;
    const from = segmentation.inHand === mask.id && draft ? draft.boxPx : mask.boxPx;
    const boxPx = moveBox(from, dx * times, dy * times, layout.slicePx);
    if (sameBox(boxPx, from)) return true;
    burst = mask.id;
    segmentation.dragBox({ axis, sliceIndex, boxPx, segmentId, replaces: mask.id, dragging: true });
    clearTimeout(rest);
    rest = setTimeout(store, burstMs);
    return true;
  }

  function store(): void {
    clearTimeout(rest);
    const moved = burst;
    burst = null;
    const { draft } = segmentation;
    if (!moved || !draft?.dragging || draft.replaces !== moved) return;
    const stored = segmentation.masks.find((m) => m.id === segmentation.inHand);
    // There and back again is no change.
    if (stored && sameBox(draft.boxPx, stored.boxPx)) segmentation.cancelDrag();
    else storing = segmentation.storeDraft();
  }

  /** Stores what the keys moved; resolves when it is stored. */
  function settle(): Promise<void> {
    store();
    return storing;
  }

  /** Drops what the keys moved and was not stored yet; true when there was something. */
  function cancel(): boolean {
    if (!burst) return false;
    clearTimeout(rest);
    burst = null;
    segmentation.cancelDrag();
    return true;
  }

  // The pointer, and leaving the page, find stored what the keys moved.
  onMounted(() => {
    window.addEventListener('pointerdown', store, { capture: true });
    window.addEventListener('pagehide', store);
  });
  onBeforeUnmount(() => {
    window.removeEventListener('pointerdown', store, { capture: true });
    window.removeEventListener('pagehide', store);
    store();
  });
  return { press, settle, cancel };
}
