import type { BoxPx } from '../../src-shared/geometry/box.ts';
import { sliceCount, type SliceAxis } from '../../src-shared/geometry/planes.ts';
import { ok, type Result } from '../../src-shared/result.ts';
import type { ModelWindow } from '../../src-shared/window.ts';
import type { BoxJob, BoxMask, SliceImage } from '../inference/types.ts';
import { Recent } from '../recent.ts';
import type { SeriesContext } from './series-context.ts';
import { sliceImage } from './slice-image.ts';
import type { VolumeReader } from './types.ts';

/** A checked question to a model: the box is ordered and inside its slice. */
export interface BoxAsk {
  series: SeriesContext;
  axis: SliceAxis;
  sliceIndex: number;
  boxPx: BoxPx;
  modelWindow: ModelWindow;
  modelId: string;
}

/** Says whether two questions have the same answer. */
export function askKey({ series, axis, sliceIndex, boxPx, modelWindow, modelId }: BoxAsk): string {
  return JSON.stringify([series.id, axis, sliceIndex, boxPx, modelWindow, modelId]);
}

export async function boxJob(
  volumes: Pick<VolumeReader, 'readSlice'>,
  ask: BoxAsk,
): Promise<BoxJob> {
  const { series, axis, sliceIndex, boxPx, modelWindow, modelId } = ask;
  const data = await volumes.readSlice(series.id, axis, sliceIndex);
  return { modelId, slice: sliceImage(series, data, axis, sliceIndex, modelWindow), boxPx };
}

/** How far round the slice that is looked at others are prepared. */
const prefetchRadius = 10;

/** Slices round one, the nearest first. */
export async function slicesAround(
  volumes: Pick<VolumeReader, 'readSlice'>,
  series: SeriesContext,
  axis: SliceAxis,
  sliceIndex: number,
  modelWindow: ModelWindow,
): Promise<SliceImage[]> {
  const count = sliceCount(series.geometry, axis);
  const indices = Array.from({ length: 2 * prefetchRadius + 1 }, (_, n) =>
    n % 2 === 0 ? sliceIndex - n / 2 : sliceIndex + (n + 1) / 2,
  ).filter((index) => index >= 0 && index < count);
  const slices: SliceImage[] = [];
  for (const index of indices) {
    const data = await volumes.readSlice(series.id, axis, index);
    slices.push(sliceImage(series, data, axis, index, modelWindow));
  }
  return slices;
}

/**
 * The last few previews: their bits for the byte route, and their answers for the box that is
 * stored when the pointer goes up, usually the one just previewed.
 */
export class Previews {
  readonly #underWay = new Set<{ seriesId: string; key: string; ending: AbortController }>();
  readonly #answers = new Recent<Promise<Result<BoxMask>>>(8);
  readonly #bits = new Recent<Uint8Array>(8);

  /** Runs a preview; its signal ends it when another box of the series is stored, which must not wait for it. */
  async run<T>(ask: BoxAsk, preview: (ending: AbortSignal) => Promise<T>): Promise<T> {
    const one = { seriesId: ask.series.id, key: askKey(ask), ending: new AbortController() };
    this.#underWay.add(one);
    try {
      return await preview(one.ending.signal);
    } finally {
      this.#underWay.delete(one);
    }
  }

  /** Ends the previews of the series that do not show the box that is stored now. */
  endOthers(stored: BoxAsk): void {
    const key = askKey(stored);
    for (const one of this.#underWay) {
      if (one.seriesId === stored.series.id && one.key !== key) one.ending.abort();
    }
  }

  start(ask: BoxAsk, answer: Promise<Result<BoxMask>>): void {
    this.#answers.put(askKey(ask), answer);
  }

  keep(previewId: string, mask: BoxMask): void {
    this.#bits.put(previewId, mask.bits);
  }

  bits(previewId: string): Uint8Array | null {
    return this.#bits.get(previewId) ?? null;
  }

  /** The answer to this question if it was, or is being, previewed exactly and was not superseded. */
  async answer(ask: BoxAsk): Promise<Result<BoxMask> | null> {
    const answer = await this.#answers.get(askKey(ask));
    return answer?.ok && !answer.value.draft ? ok(answer.value) : null;
  }
}
