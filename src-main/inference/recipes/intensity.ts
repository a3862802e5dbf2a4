import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { SliceImage } from '../types.ts';
import type { ViewSlice } from './crop-specialist.ts';

/** What of a `SliceImage` makes the model's view of it: all but its identity. */
export type SliceSource = Omit<SliceImage, 'contentKey' | 'seriesId' | 'isHounsfield'>;

/** Every stored value, in the model's (flipped) frame, as `of` makes it. */
function inModelFrame(slice: SliceSource, of: (value: number) => number): ViewSlice {
  const { data, widthPx, heightPx, channels, flip } = slice;
  const view = new Float32Array(widthPx * heightPx * channels);
  let to = 0;
  for (let y = 0; y < heightPx; y += 1) {
    const row = (flip.y ? heightPx - 1 - y : y) * widthPx;
    for (let x = 0; x < widthPx; x += 1) {
      const from = (row + (flip.x ? widthPx - 1 - x : x)) * channels;
      for (let channel = 0; channel < channels; channel += 1) {
        view[to] = of(data[from + channel]!);
        to += 1;
      }
    }
  }
  return { data: view, widthPx, heightPx, channels };
}

/**
 * Stored intensities → whole greys 0…255, in the model's (flipped) frame: clip to the range, scale,
 * and cut off the fraction as numpy's `uint8` does. MedSAM was trained on such truncated greys
 * (`pre_CT_MR.py`), and so was the embedded model. A range without extent gives 0 throughout.
 */
export function sliceToView(slice: SliceSource): ViewSlice {
  const { zeroStaysZero } = slice;
  const [low, high] = slice.intensityRange;
  if (!(high > low)) return inModelFrame(slice, () => 0);
  const range = high - low;
  return inModelFrame(slice, (value) => {
    const clipped = value < low ? low : value > high ? high : value;
    // A voxel that is not a number stays at 0, as background does.
    const grey = Math.trunc(((clipped - low) / range) * 255);
    return (zeroStaysZero && value === 0) || Number.isNaN(grey) ? 0 : grey;
  });
}

/**
 * Stored intensities as they are but for what lies outside `[low, high]`, which is held there, in the model's (flipped)
 * frame. A voxel that is not a number is `low`, as air.
 */
export function sliceClipped(slice: SliceSource, [low, high]: [number, number]): ViewSlice {
  return inModelFrame(slice, (value) => (value > high ? high : value >= low ? value : low));
}

/** A box between the stored frame and the model's; its own inverse. */
export function flippedBox(
  [x0, y0, x1, y1]: BoxPx,
  slice: Pick<SliceSource, 'widthPx' | 'heightPx' | 'flip'>,
): BoxPx {
  const { widthPx: width, heightPx: height, flip } = slice;
  return [
    flip.x ? width - x1 : x0,
    flip.y ? height - y1 : y0,
    flip.x ? width - x0 : x1,
    flip.y ? height - y0 : y1,
  ];
}
