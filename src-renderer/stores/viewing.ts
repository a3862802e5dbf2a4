import { defineStore } from 'pinia';
import { computed, markRaw, ref, shallowReactive, shallowRef } from 'vue';
import { api } from '../api/client.ts';
import type { OpenSeries } from '../../src-shared/contract/series.ts';
import { axisNumber, sliceFrames } from '../../src-shared/geometry/planes.ts';
import type { Plane, SliceAxis, SliceFrame } from '../../src-shared/geometry/planes.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import { fail } from '../../src-shared/result.ts';
import type { AppError } from '../../src-shared/result.ts';
import type { Window } from '../../src-shared/window.ts';
import { paneLayout } from '../viewer/pane-transform.ts';
import type { PaneLayout, PaneView, Point } from '../viewer/pane-transform.ts';
import { marks } from '../viewer/marks.ts';
import { stepDown } from '../viewer/scroll-order.ts';
import { streamVoxels } from '../viewer/voxel-stream.ts';
import { valuesAt } from '../viewer/voxels.ts';
import type { Voxels } from '../viewer/voxels.ts';
import { initialWindow, sameWindow, windowPresets } from '../viewer/windowing.ts';
import type { WindowPreset } from '../viewer/windowing.ts';

export type Tool = 'window' | 'crosshair' | 'ruler' | 'box';
export type PaneName = Plane | '3d';

export interface Ruler {
  id: number;
  axis: SliceAxis;
  sliceIndex: number;
  a: Point;
  b: Point;
}

const everyPlane = ['axial', 'coronal', 'sagittal'] as const;

/** What is being looked at and how; nothing of it is stored. */
export const useViewingStore = defineStore('viewing', () => {
  const open = shallowRef<OpenSeries | null>(null);
  const status = ref<'idle' | 'opening' | 'streaming' | 'ready' | 'failed'>('idle');
  const error = shallowRef<AppError | null>(null);
  const loadedFraction = ref(0);
  const voxels = shallowRef<Voxels | null>(null);
  /** Rises whenever voxels were written in place. */
  const voxelRevision = ref(0);

  /** The voxel where the planes meet; a pane's slice number is its part along the pane's axis. */
  const cursor = shallowRef<Vec3>([0, 0, 0]);
  const window = shallowRef<Window>({ level: 0, width: 1 });
  const inverted = ref(false);
  const linear = ref(true);
  const tool = ref<Tool>('box');
  const maximised = ref<PaneName | null>(null);
  const activePlane = ref<Plane>('axial');
  const crosshairShown = ref(true);
  const masksShown = ref(true);
  const rulers = shallowRef<Ruler[]>([]);
  /** Pane sizes and views by plane; a missing view means: fit. */
  const paneCss = shallowReactive<Record<Plane, Point>>({ axial: [1, 1], coronal: [1, 1], sagittal: [1, 1] });
  const views = shallowReactive<Record<Plane, PaneView | null>>({ axial: null, coronal: null, sagittal: null });
  /** The voxel under the mouse and the pane it is over. */
  const hover = shallowRef<{ plane: Plane; index: Vec3 } | null>(null);

  let opening: AbortController | null = null;
  let rulerId = 0;

  const frames = computed(() => (open.value ? sliceFrames(open.value.geometry) : null));
  /** Planes with a pane: all three of a volume; of stacks and pictures the one across k. */
  const planes = computed<Plane[]>(() => {
    if (!open.value || !frames.value) return [];
    if (open.value.series.kind === 'volume') return [...everyPlane];
    return everyPlane.filter((plane) => frames.value![plane].axis === 'k');
  });
  const presets = computed<WindowPreset[]>(() => (open.value ? windowPresets(open.value) : []));
  const activePreset = computed(() => presets.value.find((p) => sameWindow(p.window, window.value)) ?? null);
  /** Sides are named only where the file says how the patient lies. */
  const oriented = computed(() => {
    const series = open.value?.series;
    if (!series) return false;
    if (['png', 'jpeg', 'tiff', 'bmp'].includes(series.sourceFormat)) return false;
    return !series.issues.some((i) => i.code === 'no-orientation' || i.code === 'no-position');
  });
  /** Whether lengths, areas and positions may be shown in millimetres; else they are in pixels. */
  const inMillimetres = computed(() => !!open.value?.series.spacingMm && open.value.series.measurable);
  const hoverValues = computed(() => {
    void voxelRevision.value;
    if (!hover.value || !voxels.value || !open.value) return null;
    return valuesAt(voxels.value, open.value.geometry.sizeVx, open.value.series.channels, hover.value.index);
  });

  /** The series opened last, for when the page is left and come back to. */
  const lastSeriesId = ref('');
  const frameOf = (plane: Plane): SliceFrame => frames.value![plane];
  const sliceCount = (plane: Plane): number => open.value!.geometry.sizeVx[axisNumber[frameOf(plane).axis]];
  const sliceIndex = (plane: Plane): number => cursor.value[axisNumber[frameOf(plane).axis]];
  const planeOfAxis = (axis: SliceAxis): Plane | null =>
    planes.value.find((plane) => frameOf(plane).axis === axis) ?? null;
  const layoutOf = (plane: Plane): PaneLayout =>
    paneLayout(open.value!.geometry, frameOf(plane), paneCss[plane], views[plane]);

  function setSlice(axis: SliceAxis, index: number): void {
    if (!open.value) return;
    const n = axisNumber[axis];
    const next: Vec3 = [...cursor.value];
    next[n] = Math.min(Math.max(Math.round(index), 0), open.value.geometry.sizeVx[n] - 1);
    if (next[n] !== cursor.value[n]) cursor.value = next;
  }
  /** Steps down (to the feet, the back, the left; of stacks to the next picture) or, below zero, up. */
  function scroll(plane: Plane, stepsDown: number): void {
    if (!open.value) return;
    const frame = frameOf(plane);
    const sign = open.value.series.kind === 'volume' ? stepDown(open.value.geometry, frame) : 1;
    setSlice(frame.axis, sliceIndex(plane) + sign * stepsDown);
  }
  function setCursor(index: Readonly<Vec3>): void {
    if (!open.value) return;
    const size = open.value.geometry.sizeVx;
    const clamp = (a: 0 | 1 | 2) => Math.min(Math.max(Math.round(index[a]), 0), size[a] - 1);
    cursor.value = [clamp(0), clamp(1), clamp(2)];
  }
  function setView(plane: Plane, view: PaneView | null): void {
    views[plane] = view;
  }
  function setPaneCss(plane: Plane, size: Point): void {
    paneCss[plane] = size;
  }
  function setWindow(next: Window): void {
    if (Number.isFinite(next.level) && next.width > 0) window.value = next;
  }
  function applyPreset(number: number): void {
    const preset = presets.value[number];
    if (preset) setWindow(preset.window);
  }
  function reset(): void {
    if (!open.value) return;
    for (const plane of everyPlane) views[plane] = null;
    window.value = initialWindow(open.value);
    inverted.value = false;
    rulers.value = [];
    setCursor(middle(open.value.geometry.sizeVx));
  }
  function addRuler(ruler: Omit<Ruler, 'id'>): number {
    const id = ++rulerId;
    rulers.value = [...rulers.value, { id, ...ruler }];
    return id;
  }
  function changeRuler(id: number, change: Partial<Ruler>): void {
    rulers.value = rulers.value.map((r) => (r.id === id ? { ...r, ...change } : r));
  }
  const removeLastRuler = (): void => {
    rulers.value = rulers.value.slice(0, -1);
  };
  function removeRuler(id: number): void {
    rulers.value = rulers.value.filter((r) => r.id !== id);
  }

  /** Opens a series: first the middle slice, then all of it. A later call takes the place of this one. */
  async function openSeries(seriesId: string, at?: { axis: SliceAxis; sliceIndex: number }): Promise<void> {
    if (open.value?.series.id === seriesId && status.value === 'ready') {
      if (at) setSlice(at.axis, at.sliceIndex);
      return;
    }
    close();
    marks.start('open');
    const mine = (opening = new AbortController());
    status.value = 'opening';
    try {
      const answer = await api.library.open({ seriesId });
      if (mine.signal.aborted) return;
      if (!answer.ok) return refuse(answer.error);
      const series = markRaw(answer.value);
      open.value = series;
      lastSeriesId.value = seriesId;
      window.value = initialWindow(series);
      setCursor(middle(series.geometry.sizeVx));
      if (at) setSlice(at.axis, at.sliceIndex);
      // The plane it was acquired in is where reading begins.
      activePlane.value = planeOfAxis('k') ?? 'axial';
      await streamVoxels(series, cursor.value[2], mine.signal, {
        started: (array) => {
          voxels.value = markRaw(array);
          status.value = 'streaming';
        },
        firstSlice: () => voxelRevision.value++,
        progress: (done, total) => {
          loadedFraction.value = done / total;
          // Every sixteenth: enough to see it fill, without a redraw for every packet.
          const step = Math.floor((16 * done) / total);
          if (step !== shownStep) {
            shownStep = step;
            voxelRevision.value++;
          }
        },
      });
      if (mine.signal.aborted) return;
      loadedFraction.value = 1;
      status.value = 'ready';
      voxelRevision.value++;
    } catch (cause) {
      if (mine.signal.aborted) return;
      refuse(fail('internal', {}, String(cause)).error);
    }
  }
  let shownStep = -1;

  function refuse(reason: AppError): void {
    status.value = 'failed';
    error.value = reason;
  }

  function close(): void {
    opening?.abort();
    opening = null;
    shownStep = -1;
    status.value = 'idle';
    error.value = null;
    open.value = null;
    voxels.value = null;
    loadedFraction.value = 0;
    for (const plane of everyPlane) views[plane] = null;
    rulers.value = [];
    hover.value = null;
    maximised.value = null;
    inverted.value = false;
  }

  return {
    open, status, error, lastSeriesId, loadedFraction, voxels, voxelRevision,
    cursor, window, inverted, linear, tool, maximised, activePlane, crosshairShown, masksShown,
    rulers, paneCss, views, hover,
    frames, planes, presets, activePreset, oriented, inMillimetres, hoverValues,
    frameOf, sliceCount, sliceIndex, planeOfAxis, layoutOf,
    setSlice, scroll, setCursor, setView, setPaneCss, setWindow, applyPreset, reset,
    addRuler, changeRuler, removeRuler, removeLastRuler, openSeries, close,
  }; // prettier-ignore
});

const middle = (sizeVx: Readonly<Vec3>): Vec3 => [
  Math.floor(sizeVx[0] / 2),
  Math.floor(sizeVx[1] / 2),
  Math.floor(sizeVx[2] / 2),
];
