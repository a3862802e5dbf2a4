import type { ViewSlice } from '../recipes/crop-specialist.ts';
import { sliceToView, type SliceSource } from '../recipes/intensity.ts';
import type { EngineSlice } from './messages.ts';

/** The slice that was sent last: its pixels, and its view, which a dragged box asks for again and again. */
export interface Slices {
  take(slice: EngineSlice): void;
  /** With the pixels, which the message may have left out. Throws when they were never sent. */
  source(slice: EngineSlice): SliceSource;
  /** The greys of `sliceToView`; not to be written to. */
  view(slice: EngineSlice): ViewSlice;
}

export function createSlices(): Slices {
  let pixels: { sha256: string; data: NonNullable<EngineSlice['data']> } | null = null;
  let last: { key: string; view: ViewSlice } | null = null;

  function source(slice: EngineSlice): SliceSource {
    const length = slice.widthPx * slice.heightPx * slice.channels;
    if (pixels?.sha256 !== slice.pixelsSha256 || pixels.data.length !== length) {
      throw new Error('The pixels of the slice were not sent.');
    }
    return { ...slice, data: pixels.data };
  }

  return {
    take({ data, pixelsSha256 }) {
      if (data) pixels = { sha256: pixelsSha256, data };
    },
    source,
    view(slice) {
      const key = JSON.stringify({ ...slice, data: null });
      if (last?.key !== key) last = { key, view: sliceToView(source(slice)) };
      return last.view;
    },
  };
}
