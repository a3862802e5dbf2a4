import { reactive } from 'vue';
import type { InjectionKey, ShallowRef } from 'vue';
import type { Plane } from '../../src-shared/geometry/planes.ts';
import { marks } from './marks.ts';
import type { SliceScene } from './vtk/slice-scene.ts';

export const sceneKey: InjectionKey<ShallowRef<SliceScene | null>> = Symbol('slice scene');

const cancels = new Map<Plane, () => boolean>();
const drawnPlanes = new Set<Plane>();
let expected = 0;

/** What the panes on screen have in common: how masks look, who has a drag in hand, who has drawn. */
export const paneRegistry = {
  style: reactive({ fillOpacity: 0.3, outlineWidthPx: 2, uncertainBorders: false }),
  add(plane: Plane, cancel: () => boolean): void {
    cancels.set(plane, cancel);
  },
  remove(plane: Plane): void {
    cancels.delete(plane);
  },
  /** Esc: drops the drag in hand, wherever it is. */
  cancelDrag: (): boolean => [...cancels.values()].some((cancel) => cancel()),
  /** A new series: `paneCount` panes will draw it. */
  expectDrawing(paneCount: number): void {
    drawnPlanes.clear();
    expected = paneCount;
  },
  drawn(plane: Plane): void {
    if (drawnPlanes.size === 0) marks.end('open-to-first-slice', 'open', false);
    drawnPlanes.add(plane);
    if (drawnPlanes.size === expected) marks.end('open-to-all-views', 'open');
  },
};
