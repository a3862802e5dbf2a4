import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { api } from '../api/client.ts';
import { connectionCount } from '../api/connection.ts';
import { currentLanguage } from '../i18n.ts';
import type {
  BoxRequest, EditLabel, Segment, SegmentationState, StoredBox,
} from '../../src-shared/contract/segmentation.ts'; // prettier-ignore
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import type { SliceAxis } from '../../src-shared/geometry/planes.ts';
import { nextColour } from '../../src-shared/segment-colours.ts';
import { fail } from '../../src-shared/result.ts';
import type { AppError, Result } from '../../src-shared/result.ts';
import type { ModelWindow } from '../../src-shared/window.ts';
import { sameBox } from '../viewer/box-edit.ts';
import { latestOnly } from '../viewer/latest-only.ts';
import { marks } from '../viewer/marks.ts';
import { fetchBits, placed } from '../viewer/mask-bits.ts';
import type { PlacedMask } from '../viewer/mask-composite.ts';
import { groupPlaced } from '../viewer/segment-masks.ts';

/** The box in hand: what is drawn while dragging, and until its stored mask has arrived. */
export interface BoxDraft {
  axis: SliceAxis;
  sliceIndex: number;
  boxPx: BoxPx;
  segmentId: string | null;
  /** The record this box is moved from, as it was when the drag began. */
  replaces: string | null;
  /** False once it is released and only its mask is awaited. */
  dragging: boolean;
}

/** How long an event is put off while an own box is on its way, whose answer usually says the same. */
const eventPatienceMs = 1000;

/**
 * So long a released box looks as it did in the hand: a mask on a prepared slice is there before, and without a graphics
 * card each frame in between takes its time from it.
 */
const unhurriedMs = 200;

/** A box this young is not previewed: it says little yet, and one drawn in a flick would wait for its own preview. */
const settlingMs = 120;

export const useSegmentationStore = defineStore('segmentation', () => {
  const seriesId = ref<string | null>(null);
  const state = shallowRef<SegmentationState | null>(null);
  /** Bits of the stored masks by record; shared with previews under '' while one is shown. */
  const bits = shallowRef<ReadonlyMap<string, PlacedMask>>(new Map());
  const draft = shallowRef<BoxDraft | null>(null);
  const preview = shallowRef<PlacedMask | null>(null);
  /** The preview shown is a draft of the model. */
  const previewIsDraft = ref(false);
  const selectedSegmentId = ref<string | null>(null);
  const selectedMaskId = ref<string | null>(null);
  const hidden = ref<ReadonlySet<string>>(new Set());
  const modelWindow = shallowRef<ModelWindow>({ kind: 'named', name: 'soft-tissue' });
  const modelId = ref<string | null>(null);
  const error = shallowRef<AppError | null>(null);
  /** Boxes sent and not yet answered. */
  const waiting = ref(0);
  /** The box in hand has waited for its mask long enough to say so. */
  const draftWaits = ref(false);
  let watching: AbortController | null = null;
  /** Moves of boxes are stored one after another, so that each replaces the record of the one before. */
  let moves: Promise<unknown> = Promise.resolve();
  /** The record that took the place of another, for drags that began before it was there. */
  const successors = shallowRef<ReadonlyMap<string, string>>(new Map());
  const newest = (maskId: string): string => {
    let id = maskId;
    for (let next = successors.value.get(id); next; next = successors.value.get(id)) id = next;
    return id;
  };

  const segments = computed(() => state.value?.segments ?? []);
  const masks = computed(() => state.value?.masks ?? []);
  const selectedSegment = computed(() => segments.value.find((s) => s.id === selectedSegmentId.value) ?? null);
  const selectedMask = computed(() => masks.value.find((m) => m.id === selectedMaskId.value) ?? null);
  /** The record that the draft takes the place of: hidden while the draft is shown. */
  const inHand = computed(() => (draft.value?.replaces ? newest(draft.value.replaces) : null));
  /** Masks by segment, without the one in hand; a segment's list stays the same object while nothing in it changes. */
  const placedBySegment = computed<ReadonlyMap<string, readonly PlacedMask[]>>((before) =>
    groupPlaced(masks.value, bits.value, inHand.value, before),
  );
  const placedOf = (segmentId: string): readonly PlacedMask[] => placedBySegment.value.get(segmentId) ?? [];
  const freshColour = () => nextColour(segments.value.map(({ colour }) => colour));
  const colourOf = (segmentId: string | null): string =>
    segments.value.find((s) => s.id === segmentId)?.colour ?? freshColour();

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

  let dragBegan = 0;
  /** The newest revision that main has told of. */
  let told = -1;
  let patience: ReturnType<typeof setTimeout> | undefined;
  async function catchUp(): Promise<void> {
    clearTimeout(patience);
    patience = undefined;
    if (seriesId.value && told > (state.value?.revision ?? -1)) await refresh();
  }

  /** Fetches again when main says that something changed (another window, a mask that was pending). */
  async function follow(id: string, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of await api.segmentation.changes({ seriesId: id }, { signal })) {
        if (signal.aborted) return;
        told = Math.max(told, event.revision);
        if (waiting.value === 0) await catchUp();
        else patience ??= setTimeout(() => void catchUp(), eventPatienceMs);
      }
    } catch {
      // Ended by a lost connection, which the window's banner says; the next connection follows again.
    }
  }

  function leave(): void {
    watching?.abort();
    watching = null;
    clearTimeout(patience);
    patience = undefined;
    told = -1;
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
    const wanted = next.masks.filter((m) => m.state === 'done' || m.draft);
    const drafts = new Set(masks.value.filter((m) => m.draft).map((m) => m.id));
    const entries = await Promise.all(
      wanted.map(async (m): Promise<[string, PlacedMask] | null> => {
        const have = known.get(m.id);
        if (have && m.draft === drafts.has(m.id)) return [m.id, have];
        try {
          return [m.id, placed(m, await fetchBits(m.draft ? `draft-${m.id}` : m.id, m.sizePx))];
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
    const restMs = dragBegan + settlingMs - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    const box = draft.value;
    if (!box?.dragging) return;
    const answer = await ask(api.segmentation.preview(request(box)));
    if (!answer || !draft.value?.dragging) return;
    try {
      const data = await fetchBits(answer.previewId, answer.sizePx);
      if (!draft.value?.dragging || !sameSlice(draft.value, box)) return;
      preview.value = placed({ ...box, ...answer }, data);
      previewIsDraft.value = answer.draft;
    } catch {
      // An old preview may be gone already; the next one follows.
    }
  });

  function dragBox(next: BoxDraft): void {
    if (!draft.value?.dragging) dragBegan = performance.now();
    draft.value = next;
    void askPreview();
  }

  function cancelDrag(): void {
    draft.value = null;
    preview.value = null;
  }

  /** Releases the draft: stores the box, awaits its mask; a segment is made with it where none is selected. */
  function storeDraft(): Promise<void> {
    const box = draft.value;
    if (!box || !seriesId.value) return Promise.resolve();
    const mine = release(box);
    underWay = Promise.allSettled([underWay, mine]);
    return mine;
  }
  let underWay: Promise<unknown> = Promise.resolve();
  /** Resolves when every box released so far has been answered. */
  const settled = () => underWay.then(() => undefined);

  async function release(box: BoxDraft): Promise<void> {
    marks.start('box-pointer-up');
    const released = { ...box, dragging: false };
    draft.value = released;
    waiting.value++;
    draftWaits.value = false;
    const patienceOver = setTimeout(() => (draftWaits.value = draft.value === released), unhurriedMs);
    // Asked as things are now: a move that waits for its turn must not go to another series or window.
    const asked = request(box);
    try {
      const { replaces } = box;
      const mine = replaces ? moves.then(() => storeBox(box, asked, newest(replaces))) : storeBox(box, asked, null);
      if (replaces) moves = mine.catch(() => undefined);
      await mine;
    } finally {
      clearTimeout(patienceOver);
      waiting.value--;
      if (draft.value === released) cancelDrag();
      if (waiting.value === 0) void catchUp();
    }
  }

  async function storeBox(box: BoxDraft, asked: BoxRequest, replaces: string | null): Promise<void> {
    const target = box.segmentId
      ? { segmentId: box.segmentId, ...(replaces ? { replaces } : {}) }
      : { newSegment: { colour: freshColour(), nameLanguage: currentLanguage() } };
    const stored = await ask(api.segmentation.segment({ ...asked, ...target }));
    if (stored) await adoptBox(stored, replaces);
    else await refresh();
    if (seriesId.value !== asked.seriesId) return;
    if (stored) select(stored.segment.id, stored.mask.id);
    if (!replaces) return;
    const record =
      stored?.mask ?? masks.value.findLast((m) => m.segmentId === box.segmentId && sameSlice(m, box) && sameBox(m.boxPx, box.boxPx));
    if (record && record.id !== replaces) successors.value = new Map(successors.value).set(replaces, record.id);
  }

  /** Adds a stored box to the state it was stored on; where anything else changed, the whole state is fetched. */
  async function adoptBox({ mask, segment, revision, undo }: StoredBox, replaced: string | null): Promise<void> {
    if (mask.state !== 'done') return refresh();
    let data: Uint8Array;
    try {
      data = await fetchBits(mask.id, mask.sizePx);
    } catch {
      // The state brings the mask, or says what is wrong.
      return refresh();
    }
    const now = state.value;
    if (!now || seriesId.value !== segment.seriesId) return;
    if (now.revision !== revision.before || revision.after !== revision.before + 2) return refresh();
    const known = now.segments.some((s) => s.id === segment.id);
    const kept = new Map(bits.value);
    if (replaced) kept.delete(replaced);
    bits.value = kept.set(mask.id, placed(mask, data));
    state.value = {
      ...now,
      revision: revision.after,
      segments: known ? now.segments.map((s) => (s.id === segment.id ? segment : s)) : [...now.segments, segment],
      masks: [...now.masks.filter((m) => m.id !== replaced), mask],
      undo,
      redo: null,
    };
  }

  async function addSegment(): Promise<Segment | null> {
    if (!seriesId.value) return null;
    const made = await ask(
      api.segmentation.addSegment({
        seriesId: seriesId.value,
        colour: freshColour(),
        nameLanguage: currentLanguage(),
      }),
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
    changed(api.burden.linkLesion({ segmentId, lesionId, nameLanguage: currentLanguage() }));

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
    seriesId, state, bits, draft, preview, previewIsDraft, selectedSegmentId, selectedMaskId, hidden,
    modelWindow, modelId, error, waiting, draftWaits,
    segments, masks, selectedSegment, selectedMask, inHand, placedOf, colourOf,
    load, leave, refresh, dragBox, cancelDrag, storeDraft, settled, addSegment, updateSegment, removeSegment,
    removeMask, undo, redo, linkLesion, select, toggleVisible, prefetch,
  }; // prettier-ignore
});

type OnSlice = Pick<BoxDraft, 'axis' | 'sliceIndex'>;
const sameSlice = (a: OnSlice, b: OnSlice) => a.axis === b.axis && a.sliceIndex === b.sliceIndex;
