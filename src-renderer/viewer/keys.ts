import { onBeforeUnmount, onMounted } from 'vue';
import { useSegmentationStore } from '../stores/segmentation.ts';
import { useViewingStore } from '../stores/viewing.ts';
import { useNudges } from './nudges.ts';
import { holdSpace } from './pane-gestures.ts';
import { paneRegistry } from './pane-registry.ts';
import { actionOf } from './shortcuts.ts';
import type { ViewerAction } from './shortcuts.ts';

const tools = { 'tool-window': 'window', 'tool-crosshair': 'crosshair', 'tool-ruler': 'ruler', 'tool-box': 'box' } as const;
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as const;

/** Keys typed into a field are the field's; those pressed in a dialog must not change what lies under it. */
const isForAnother = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
    target.closest('[role=dialog]') !== null);

/** The viewer's keyboard while its page is on screen; keys typed into fields are left alone. */
export function useViewerKeys(): void {
  const viewing = useViewingStore();
  const segmentation = useSegmentationStore();

  /** The selected box, if the shown slice has it: keys must not change what is not on screen. */
  function selectedOnScreen() {
    const mask = segmentation.selectedMask;
    const plane = mask && viewing.planeOfAxis(mask.axis);
    if (!mask || !plane || viewing.sliceIndex(plane) !== mask.sliceIndex || !viewing.masksShown) return null;
    return segmentation.hidden.has(mask.segmentId) ? null : { mask, plane };
  }

  const nudges = useNudges();
  /** Arrow keys move the selected box of the active pane by one pixel, with Shift by five. */
  function nudge(event: KeyboardEvent): boolean {
    const step = arrows[event.key as keyof typeof arrows];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return false;
    const selected = selectedOnScreen();
    return nudges.press(selected, step, event.shiftKey ? 5 : 1);
  }

  function perform(action: ViewerAction): boolean {
    const plane = viewing.activePlane;
    if (action in tools) viewing.tool = tools[action as keyof typeof tools];
    else if (action.startsWith('preset-')) viewing.applyPreset(Number(action.slice(7)) - 1);
    else
      switch (action) {
        case 'slice-down': viewing.scroll(plane, 1); break;
        case 'slice-up': viewing.scroll(plane, -1); break;
        case 'slice-down-10': viewing.scroll(plane, 10); break;
        case 'slice-up-10': viewing.scroll(plane, -10); break;
        case 'slice-top': viewing.scroll(plane, -viewing.sliceCount(plane)); break;
        case 'slice-bottom': viewing.scroll(plane, viewing.sliceCount(plane)); break;
        case 'fit': viewing.setView(plane, null); break;
        case 'reset': viewing.reset(); break;
        case 'invert': viewing.inverted = !viewing.inverted; break;
        case 'interpolation': viewing.linear = !viewing.linear; break;
        case 'maximise': if (viewing.planes.length > 1) viewing.maximised = viewing.maximised ? null : plane; break;
        case 'toggle-masks': viewing.masksShown = !viewing.masksShown; break;
        case 'toggle-crosshair': viewing.crosshairShown = !viewing.crosshairShown; break;
        case 'remove': {
          void nudges.settle().then(() => {
            const selected = selectedOnScreen();
            if (selected) void segmentation.removeMask(selected.mask.id);
            else viewing.removeLastRuler();
          });
          break;
        }
        case 'cancel':
          if (!paneRegistry.cancelDrag() && !nudges.cancel()) segmentation.select(segmentation.selectedSegmentId);
          break;
        case 'undo': void nudges.settle().then(segmentation.undo); break;
        case 'redo': void nudges.settle().then(segmentation.redo); break;
        case 'new-segment': void segmentation.addSegment(); break;
        default: return false;
      } // prettier-ignore
    return true;
  }

  function keydown(event: KeyboardEvent): void {
    if (!viewing.open || isForAnother(event.target) || event.defaultPrevented) return;
    // Over a picture the space bar pans; elsewhere it presses the button that has the focus.
    if (event.key === ' ') {
      if (!viewing.hover) return;
      holdSpace(true);
      event.preventDefault();
      return;
    }
    if (nudge(event)) return event.preventDefault();
    const action = actionOf(event);
    if (action && perform(action)) event.preventDefault();
  }
  function keyup(event: KeyboardEvent): void {
    if (event.key === ' ') holdSpace(false);
  }

  onMounted(() => {
    window.addEventListener('keydown', keydown);
    window.addEventListener('keyup', keyup);
  });
  onBeforeUnmount(() => {
    window.removeEventListener('keydown', keydown);
    window.removeEventListener('keyup', keyup);
    holdSpace(false);
  });
}
