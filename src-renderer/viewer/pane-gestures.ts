import { ref } from 'vue';
import type { Ref } from 'vue';
import type { SliceMask } from '../../src-shared/contract/segmentation.ts';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import type { Plane } from '../../src-shared/geometry/planes.ts';
import type { Window } from '../../src-shared/window.ts';
import type { useSegmentationStore } from '../stores/segmentation.ts';
import type { useViewingStore } from '../stores/viewing.ts';
import { boxBetween, dragBox, grabCursor, hitBox, sameBox } from './box-edit.ts';
import type { BoxGrab } from './box-edit.ts';
import { marks } from './marks.ts';
import { applyAffine, panBy, paneToSlice, slicePointToIndex, sliceToPane, voxelAt, zoomAbout } from './pane-transform.ts';
import type { Point } from './pane-transform.ts';
import { dragWindow, smallestWidth } from './windowing.ts';

type Gesture =
  | { kind: 'pan'; last: Point }
  | { kind: 'zoom'; about: Point; last: Point }
  | { kind: 'window'; from: Point; start: Window }
  | { kind: 'crosshair' }
  | { kind: 'ruler'; id: number; end: 'a' | 'b' }
  | { kind: 'new-box'; from: Point; fromCss: Point; hit: SliceMask | null }
  | { kind: 'edit-box'; mask: SliceMask; grab: BoxGrab; from: Point };

/** A press that moves less than this many CSS pixels is a click. */
const clickReachCss = 3;
const rulerReachCss = 8;

/**
 * Mouse, pen and wheel of one slice pane. Left drag does what the chosen tool says; middle or
 * space-drag pans, right-drag or Ctrl-wheel zooms about the pointer, Shift-move sets the crosshair,
 * the wheel scrolls, always.
 */
export function usePaneGestures(
  plane: Plane,
  viewing: ReturnType<typeof useViewingStore>,
  segmentation: ReturnType<typeof useSegmentationStore>,
): {
  cursor: Ref<string>;
  selectedRuler: Ref<number | null>;
  pointerdown: (event: PointerEvent) => void;
  pointermove: (event: PointerEvent) => void;
  pointerup: (event: PointerEvent) => void;
  pointerleave: () => void;
  wheel: (event: WheelEvent) => void;
  cancel: () => boolean;
} {
  const cursor = ref('crosshair');
  const selectedRuler = ref<number | null>(null);
  let gesture: Gesture | null = null;
  let wheelRest = 0;
  let wheelFrame = 0;

  const at = (event: MouseEvent): Point => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const layout = () => viewing.layoutOf(plane);
  const toSlice = (css: Point): Point => applyAffine(paneToSlice(layout()), css);
  const slice = () => ({ axis: viewing.frameOf(plane).axis, sliceIndex: viewing.sliceIndex(plane) });

  /** Stored boxes on the shown slice (one that is being moved as it will be), the selected one first, so that it is hit first. */
  function boxesHere(): SliceMask[] {
    const { axis, sliceIndex } = slice();
    const { draft, inHand } = segmentation;
    return segmentation.masks
      .map((m) => (draft && m.id === inHand ? { ...m, boxPx: draft.boxPx } : m))
      .filter((m) => m.axis === axis && m.sliceIndex === sliceIndex && !segmentation.hidden.has(m.segmentId))
      .toSorted((a, b) => Number(b.id === segmentation.selectedMaskId) - Number(a.id === segmentation.selectedMaskId));
  }

  /** An edge or corner of any box, or the inside of the selected one, is taken hold of. */
  function grabAt(css: Point): { mask: SliceMask; grab: BoxGrab } | null {
    const toPane = sliceToPane(layout());
    for (const mask of boxesHere()) {
      const grab = hitBox(mask.boxPx, toPane, css);
      if (grab && (grab.x || grab.y || mask.id === segmentation.selectedMaskId)) return { mask, grab };
    }
    return null;
  }
  const boxUnder = (css: Point): SliceMask | null =>
    boxesHere().find((m) => hitBox(m.boxPx, sliceToPane(layout()), css)) ?? null;

  function rulerAt(css: Point): { id: number; end: 'a' | 'b' } | null {
    const { axis, sliceIndex } = slice();
    const toPane = sliceToPane(layout());
    for (const ruler of viewing.rulers) {
      if (ruler.axis !== axis || ruler.sliceIndex !== sliceIndex) continue;
      for (const end of ['a', 'b'] as const) {
        const [x, y] = applyAffine(toPane, ruler[end]);
        if (Math.hypot(x - css[0], y - css[1]) <= rulerReachCss) return { id: ruler.id, end };
      }
    }
    return null;
  }

  function setCrosshair(css: Point): void {
    const { axis, sliceIndex } = slice();
    const index = slicePointToIndex(axis, sliceIndex, toSlice(css));
    viewing.setCursor(index);
  }

  function begin(event: PointerEvent, css: Point): Gesture | null {
    if (event.button === 1 || (event.button === 0 && spaceHeld)) return { kind: 'pan', last: css };
    if (event.button === 2 || (event.button === 0 && event.ctrlKey)) return { kind: 'zoom', about: css, last: css };
    if (event.button !== 0) return null;
    switch (viewing.tool) {
      case 'window':
        return { kind: 'window', from: css, start: viewing.window };
      case 'crosshair':
        setCrosshair(css);
        return { kind: 'crosshair' };
      case 'ruler': {
        const held = rulerAt(css);
        const point = toSlice(css);
        const id = held?.id ?? viewing.addRuler({ ...slice(), a: point, b: point });
        selectedRuler.value = id;
        return { kind: 'ruler', id, end: held?.end ?? 'b' };
      }
      case 'box': {
        const held = event.shiftKey ? null : grabAt(css);
        const from = toSlice(css);
        if (held) {
          segmentation.select(held.mask.segmentId, held.mask.id);
          return { kind: 'edit-box', ...held, from };
        }
        return { kind: 'new-box', from, fromCss: css, hit: boxUnder(css) };
      }
    }
  }

  function pointerdown(event: PointerEvent): void {
    if (!viewing.open || gesture) return;
    viewing.activePlane = plane;
    // Keys belong to the picture again, not to the field used last.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    gesture = begin(event, at(event));
    if (event.button === 1) event.preventDefault();
  }

  function pointermove(event: PointerEvent): void {
    if (!viewing.open) return;
    const css = at(event);
    const index = voxelAt(viewing.open.geometry, slice().axis, slice().sliceIndex, toSlice(css));
    viewing.hover = index ? { plane, index } : null;
    if (gesture) return drag(gesture, css);
    if (event.shiftKey && viewing.tool !== 'box') setCrosshair(css);
    cursor.value = idleCursor(css);
  }

  function idleCursor(css: Point): string {
    if (spaceHeld) return 'grab';
    if (viewing.tool === 'window') return 'default';
    if (viewing.tool === 'box') return grabCursor(grabAt(css)?.grab ?? null, sliceToPane(layout()));
    if (viewing.tool === 'ruler' && rulerAt(css)) return 'move';
    return 'crosshair';
  }

  function drag(now: Gesture, css: Point): void {
    switch (now.kind) {
      case 'pan':
        viewing.setView(plane, panBy(layout(), [css[0] - now.last[0], css[1] - now.last[1]]));
        now.last = css;
        break;
      case 'zoom':
        viewing.setView(plane, zoomAbout(layout(), now.about, Math.exp((now.last[1] - css[1]) / 150)));
        now.last = css;
        break;
      case 'window':
        viewing.setWindow(
          dragWindow(now.start, [css[0] - now.from[0], css[1] - now.from[1]], smallestWidth(viewing.open!)),
        );
        break;
      case 'crosshair':
        setCrosshair(css);
        break;
      case 'ruler':
        viewing.changeRuler(now.id, { [now.end]: toSlice(css) });
        break;
      case 'new-box':
        if (segmentation.draft || Math.hypot(css[0] - now.fromCss[0], css[1] - now.fromCss[1]) > clickReachCss) {
          show(boxBetween(now.from, toSlice(css), layout().slicePx), segmentation.selectedSegmentId, null);
        }
        break;
      case 'edit-box': {
        const box = dragBox(now.mask.boxPx, now.grab, now.from, toSlice(css), layout().slicePx);
        if (segmentation.draft?.dragging || !sameBox(box, now.mask.boxPx)) {
          show(box, now.mask.segmentId, now.mask.id);
        }
      }
    }
  }

  function show(boxPx: BoxPx, segmentId: string | null, replaces: string | null): void {
    const old = segmentation.draft;
    if (old?.dragging && sameBox(old.boxPx, boxPx)) return;
    // What is drawn must be seen.
    viewing.masksShown = true;
    if (segmentId && segmentation.hidden.has(segmentId)) segmentation.toggleVisible(segmentId);
    segmentation.dragBox({ ...slice(), boxPx, segmentId, replaces, dragging: true });
  }

  function pointerup(event: PointerEvent): void {
    const done = gesture;
    gesture = null;
    if (!done) return;
    if (done.kind === 'ruler') dropEmptyRuler(done.id);
    if (done.kind === 'new-box' && !segmentation.draft?.dragging) {
      segmentation.select(done.hit?.segmentId ?? segmentation.selectedSegmentId, done.hit?.id ?? null);
    }
    if (done.kind === 'edit-box' && segmentation.draft?.dragging) {
      if (sameBox(segmentation.draft.boxPx, done.mask.boxPx)) return segmentation.cancelDrag();
    }
    if (segmentation.draft?.dragging) void segmentation.storeDraft();
    pointermove(event);
  }

  function dropEmptyRuler(id: number): void {
    const ruler = viewing.rulers.find((r) => r.id === id);
    if (!ruler) return;
    const toPane = sliceToPane(layout());
    const [a, b] = [applyAffine(toPane, ruler.a), applyAffine(toPane, ruler.b)];
    if (Math.hypot(a[0] - b[0], a[1] - b[1]) <= clickReachCss) viewing.removeRuler(id);
  }

  /** Drops what is in hand; true when there was something. */
  function cancel(): boolean {
    if (!gesture) return false;
    if (gesture.kind === 'ruler') viewing.removeRuler(gesture.id);
    if (gesture.kind === 'window') viewing.setWindow(gesture.start);
    if (segmentation.draft?.dragging) segmentation.cancelDrag();
    gesture = null;
    return true;
  }

  function wheel(event: WheelEvent): void {
    event.preventDefault();
    if (!viewing.open) return;
    const lines = event.deltaMode === 0 ? event.deltaY / 100 : event.deltaY / 3;
    if (event.ctrlKey) {
      viewing.setView(plane, zoomAbout(layout(), at(event), Math.exp(-lines / 5)));
      return;
    }
    viewing.activePlane = plane;
    if (!marks.running('scroll-start')) marks.start('scroll-start');
    // A notch is one slice however the wheel reports it; a touch pad adds up to whole slices.
    wheelRest += Math.abs(lines) >= 0.5 ? Math.sign(lines) * Math.max(1, Math.round(Math.abs(lines))) : lines;
    wheelFrame ||= requestAnimationFrame(() => {
      wheelFrame = 0;
      const whole = Math.trunc(wheelRest);
      wheelRest -= whole;
      if (whole) viewing.scroll(plane, whole);
    });
  }

  return {
    cursor,
    selectedRuler,
    pointerdown,
    pointermove,
    pointerup,
    pointerleave: () => {
      if (viewing.hover?.plane === plane) viewing.hover = null;
    },
    wheel,
    cancel,
  };
}

/** Whether the space bar is down: then a left drag pans. Kept by the page's key handler. */
let spaceHeld = false;
export function holdSpace(held: boolean): void {
  spaceHeld = held;
}
