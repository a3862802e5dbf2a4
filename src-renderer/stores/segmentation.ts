import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { api, bytesUrl } from '../api/client.ts';
import { connectionCount } from '../api/connection.ts';
import type { BoxRequest, EditLabel, Segment, SegmentationState, SliceMask } from '../../src-shared/contract/segmentation.ts';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import type { SliceAxis } from '../../src-shared/geometry/planes.ts';
import { fail } from '../../src-shared/result.ts';
import type { AppError, Result } from '../../src-shared/result.ts';
import type { ModelWindow } from '../../src-shared/window.ts';
import type { PlacedMask } from '../viewer/mask-composite.ts';
import { marks } from '../viewer/marks.ts';
import { latestOnly } from '../viewer/latest-only.ts';

/** The box in hand: what is drawn while dragging, and until its stored mask has arrived. */
export interface BoxDraft {
  axis: SliceAxis;
  sliceIndex: number;
  boxPx: BoxPx;
  segmentId: string | null;
  /** The record this box is moved from; hidden while the draft is shown. */
  replaces: string | null;
  /** False once it is released and only its mask is awaited. */
  dragging: boolean;
}

async function fetchBits(id: string, [width, height]: readonly [number, number]): Promise<Uint8Array> {
  if (width * height === 0) return new Uint8Array(0);
  const response = await fetch(bytesUrl(`/mask/${encodeURIComponent(id)}`), { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`${response.status} /mask`);
  const bits = new Uint8Array(await response.arrayBuffer());
  if (bits.length !== width * height) throw new Error(`${bits.length} ≠ ${width * height} /mask`);
  return bits;
}

export const useSegmentationStore = defineStore('segmentation', () => {
  const seriesId = ref<string | null>(null);
  const state = shallowRef<SegmentationState | null>(null);
  /** Bits of the stored masks by record; shared with previews under '' while one is shown. */
  const bits = shallowRef<ReadonlyMap<string, PlacedMask>>(new Map());
  const draft = shallowRef<BoxDraft | null>(null);
  const preview = shallowRef<PlacedMask | null>(null);
  const selectedSegmentId = ref<string | null>(null);
  const selectedMaskId = ref<string | null>(null);
  const hidden = ref<ReadonlySet<string>>(new Set());
  const modelWindow = shallowRef<ModelWindow>({ kind: 'named', name: 'soft-tissue' });
  const modelId = ref<string | null>(null);
  const error = shallowRef<AppError | null>(null);
  /** Boxes sent and not yet answered. */
  const waiting = ref(0);
  let watching: AbortController | null = null;

  const segments = computed(() => state.value?.segments ?? []);
  const masks = computed(() => state.value?.masks ?? []);
  const selectedSegment = computed(() => segments.value.find((s) => s.id === selectedSegmentId.value) ?? null);
  const selectedMask = computed(() => masks.value.find((m) => m.id === selectedMaskId.value) ?? null);
  const placedOf = (segmentId: string): PlacedMask[] =>
    masks.value.flatMap((m) => {
      const placed = m.segmentId === segmentId && m.id !== draft.value?.replaces ? bits.value.get(m.id) : undefined;
      return placed ? [placed] : [];
    });
  const colourOf = (segmentId: string | null): string =>
    segments.value.find((s) => s.id === segmentId)?.colour ?? nextColour(segments.value);

  /** A failure is kept and shown, and the answer's value passed on otherwise. */
  async function ask<T>(question: Promise<Result<T>>): Promise<T | null> {
    try {
      const answer = await question;
      if (answer.ok) {
        error.value = null;
        return answer.value;
      }
      if (answer.error.code !== 'superseded' && answer.error.code !== 'cancelled') error.value = answer.error;
    } catch (cause) {
      error.value = fail('internal', {}, String(cause)).error;
    }
    return null;
  }

  async function load(id: string, window: ModelWindow): Promise<void> {
    leave();
    seriesId.value = id;
    modelWindow.value = window;
    const mine = (watching = new AbortController());
    await refresh();
    selectedSegmentId.value = segments.value[0]?.id ?? null;
    void follow(id, mine.signal);
  }
  // A lost connection ends the stream of changes; the next one fetches what was missed and follows again.
  watch(connectionCount, (_count, before) => {
    if (before === 0 || !seriesId.value) return;
    watching?.abort();
    watching = new AbortController();
    void refresh();
    void follow(seriesId.value, watching.signal);
  });

  /** Fetches again when main says that something changed (another window, a mask that was pending). */
  async function follow(id: string, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of await api.segmentation.changes({ seriesId: id }, { signal })) {
        if (signal.aborted) return;
        if (event.revision > (state.value?.revision ?? -1)) await refresh();
      }
    } catch {
      // Ended by a lost connection, which the window's banner says; the next connection follows again.
    }
  }

  function leave(): void {
    watching?.abort();
    watching = null;
    seriesId.value = null;
    state.value = null;
    bits.value = new Map();
    draft.value = null;
    preview.value = null;
    selectedSegmentId.value = null;
    selectedMaskId.value = null;
    hidden.value = new Set();
    error.value = null;
  }

  const refresh = latestOnly(async () => {
    const id = seriesId.value;
    if (!id) return;
    const next = await ask(api.segmentation.state({ seriesId: id }));
    if (!next || seriesId.value !== id) return;
    await adopt(next);
  });

  /** Takes over a state only together with the bits of all its masks, so that no frame shows half of it. */
  async function adopt(next: SegmentationState): Promise<void> {
    if (state.value && next.revision < state.value.revision) return;
    const known = bits.value;
    const wanted = next.masks.filter((m) => m.state === 'done');
    const entries = await Promise.all(
      wanted.map(async (m): Promise<[string, PlacedMask] | null> => {
        const have = known.get(m.id);
        if (have) return [m.id, have];
        try {
          return [m.id, placed(m, await fetchBits(m.id, m.sizePx))];
        } catch (cause) {
          error.value = fail('internal', {}, String(cause)).error;
          return null;
        }
      }),
    );
    if (seriesId.value !== next.seriesId) return;
    if (state.value && next.revision < state.value.revision) return;
    bits.value = new Map(entries.filter((e) => e !== null));
    state.value = next;
    if (!next.segments.some((s) => s.id === selectedSegmentId.value)) {
      selectedSegmentId.value = next.segments[0]?.id ?? null;
    }
    if (!next.masks.some((m) => m.id === selectedMaskId.value)) selectedMaskId.value = null;
  }

  const request = (box: Pick<BoxDraft, 'axis' | 'sliceIndex' | 'boxPx'>): BoxRequest => ({
    seriesId: seriesId.value!,
    axis: box.axis,
    sliceIndex: box.sliceIndex,
    boxPx: box.boxPx,
    modelWindow: modelWindow.value,
    ...(modelId.value ? { modelId: modelId.value } : {}),
  });

  /** Mask of the draft while it moves: one request in flight, then the newest box; older ones are skipped. */
  const askPreview = latestOnly(async () => {
    const box = draft.value;
    if (!box?.dragging) return;
    const answer = await ask(api.segmentation.preview(request(box)));
    if (!answer || !draft.value) return;
    try {
      const data = await fetchBits(answer.previewId, answer.sizePx);
      if (draft.value?.dragging && sameSlice(draft.value, box)) preview.value = placed({ ...box, ...answer }, data);
    } catch {
      // An old preview may be gone already; the next one follows.
    }
  });

  function dragBox(next: BoxDraft): void {
    draft.value = next;
    void askPreview();
  }

  function cancelDrag(): void {
    draft.value = null;
    preview.value = null;
  }

  /** Releases the draft: stores the box, awaits its mask; makes a segment first where none is selected. */
  async function storeDraft(): Promise<void> {
    const box = draft.value;
    if (!box || !seriesId.value) return;
    marks.start('box-pointer-up');
    const released = { ...box, dragging: false };
    draft.value = released;
    waiting.value++;
    try {
      const segmentId = box.segmentId ?? (await addSegment())?.id;
      if (!segmentId) return;
      const stored = await ask(
        api.segmentation.segment({
          ...request(box),
          segmentId,
          ...(box.replaces ? { replaces: box.replaces } : {}),
        }),
      );
      if (!stored) return await refresh();
      await show(stored.mask, box.replaces);
      selectedMaskId.value = stored.mask.id;
    } finally {
      waiting.value--;
      if (draft.value === released) cancelDrag();
    }
  }

  /** Puts a stored mask on screen at once; the numbers that depend on it follow with the next state. */
  async function show(mask: SliceMask, replaced: string | null): Promise<void> {
    const now = state.value;
    if (!now || mask.state !== 'done') return refresh();
    try {
      const data = await fetchBits(mask.id, mask.sizePx);
      if (seriesId.value !== now.seriesId) return;
      bits.value = new Map([...bits.value, [mask.id, placed(mask, data)]]);
      const others = (state.value ?? now).masks.filter((m) => m.id !== mask.id && m.id !== replaced);
      state.value = { ...(state.value ?? now), masks: [...others, mask] };
    } catch {
      // The state fetched below brings the mask, or says what is wrong.
    }
    void refresh();
  }

  async function addSegment(): Promise<Segment | null> {
    if (!seriesId.value) return null;
    const made = await ask(
      api.segmentation.addSegment({ seriesId: seriesId.value, colour: nextColour(segments.value) }),
    );
    if (!made) return null;
    await refresh();
    selectedSegmentId.value = made.id;
    return made;
  }

  async function changed<T>(question: Promise<Result<T>>): Promise<T | null> {
    const value = await ask(question);
    await refresh();
    return value;
  }
  const updateSegment = (segmentId: string, change: { name?: string; colour?: string }) =>
    changed(api.segmentation.updateSegment({ segmentId, ...change }));
  const removeSegment = (segmentId: string) => changed(api.segmentation.removeSegment({ segmentId }));
  const removeMask = (maskId: string) => changed(api.segmentation.removeMask({ maskId }));
  const undo = (): Promise<EditLabel | null> => changed(api.segmentation.undo({ seriesId: seriesId.value! }));
  const redo = (): Promise<EditLabel | null> => changed(api.segmentation.redo({ seriesId: seriesId.value! }));
  const linkLesion = (segmentId: string, lesionId: string | null) =>
    changed(api.burden.linkLesion({ segmentId, lesionId }));

  function select(segmentId: string | null, maskId: string | null = null): void {
    selectedSegmentId.value = segmentId;
    selectedMaskId.value = maskId;
  }
  function toggleVisible(segmentId: string): void {
    const next = new Set(hidden.value);
    if (!next.delete(segmentId)) next.add(segmentId);
    hidden.value = next;
  }
  /** Tells the engine where the person looks; the answer does not matter here. */
  function prefetch(axis: SliceAxis, sliceIndex: number): void {
    if (!seriesId.value) return;
    const { boxPx: _box, ...rest } = request({ axis, sliceIndex, boxPx: [0, 0, 1, 1] });
    api.segmentation.prefetch(rest).catch(() => undefined);
  }

  return {
    seriesId, state, bits, draft, preview, selectedSegmentId, selectedMaskId, hidden,
    modelWindow, modelId, error, waiting,
    segments, masks, selectedSegment, selectedMask, placedOf, colourOf,
    load, leave, refresh, dragBox, cancelDrag, storeDraft, addSegment, updateSegment, removeSegment,
    removeMask, undo, redo, linkLesion, select, toggleVisible, prefetch,
  }; // prettier-ignore
});

const placed = (
  m: Pick<SliceMask, 'axis' | 'sliceIndex' | 'originPx' | 'sizePx'>,
  bits: Uint8Array,
): PlacedMask => ({ axis: m.axis, sliceIndex: m.sliceIndex, originPx: m.originPx, sizePx: m.sizePx, bits });

const sameSlice = (a: BoxDraft, b: BoxDraft) => a.axis === b.axis && a.sliceIndex === b.sliceIndex;

/** Told apart on grey and from each other, also by most colour-blind readers (after Okabe and Ito). */
const palette = ['#f0a030', '#4fb8ff', '#2fd09a', '#ff7f6e', '#e9dc4a', '#d58be0', '#8fb6ff', '#b8e05a'];

/** The first colour of the palette that no segment of the series has. */
function nextColour(segments: readonly Segment[]): string {
  const used = new Set(segments.map((s) => s.colour));
  return palette.find((c) => !used.has(c)) ?? palette[segments.length % palette.length]!;
}
