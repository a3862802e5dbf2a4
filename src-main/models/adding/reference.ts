import { createHash } from 'node:crypto';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { ModelTrial } from '../../inference/model-trial.ts';
import type { SliceImage } from '../../inference/types.ts';
import type { Verification } from '../manifest.ts';

/*
 * The slice that added models are held to: a body with organs, drawn by whole numbers, so that it is the same on every
 * machine. What the model answers for it when it is added becomes its reference.
 */

const WIDTH_PX = 160;
const HEIGHT_PX = 128;
export const referenceBoxPx: BoxPx = [88, 40, 124, 78];
export const referencePath = 'verification/slice.u8';

/** [centre x, centre y, half-width, half-height, grey]; later ones lie on top. */
const ellipses: [number, number, number, number, number][] = [
  [80, 64, 70, 54, 70],
  [80, 64, 64, 48, 110],
  [52, 58, 24, 26, 150],
  [106, 59, 15, 16, 200],
  [80, 96, 10, 9, 235],
  [98, 84, 6, 5, 40],
];

export function referenceSlice(): SliceImage {
  const data = new Uint8Array(WIDTH_PX * HEIGHT_PX);
  for (let y = 0; y < HEIGHT_PX; y += 1) {
    for (let x = 0; x < WIDTH_PX; x += 1) {
      const inside = ellipses.findLast(
        ([cx, cy, rx, ry]) => ((x - cx) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2,
      );
      // A fixed texture of ±8 greys.
      const texture = ((x * 73 + y * 151 + x * y * 7) % 17) - 8;
      data[y * WIDTH_PX + x] = inside ? inside[4] + texture : 12;
    }
  }
  return {
    data,
    widthPx: WIDTH_PX,
    heightPx: HEIGHT_PX,
    channels: 1,
    intensityRange: [0, 255],
    zeroStaysZero: false,
    flip: { x: false, y: false },
    contentKey: 'reference slice',
    seriesId: null,
    isHounsfield: false,
  };
}

/** Cells of a grid with this many on a side, spread over it and off its edges. */
const CELLS_PER_SIDE = 6;

/**
 * The `verification` of a manifest from a model's answers on the CPU of this machine. Another processor adds in
 * another order, and graphics cards round more; the tolerances grow with the logits. What no sound model answers is an
 * error in words.
 */
export function verificationOf(
  { logits, areaPx }: Pick<ModelTrial, 'logits' | 'areaPx'>,
  slice: SliceImage,
  boxPx: BoxPx,
): Verification | { problem: string } {
  const side = Math.round(Math.sqrt(logits.length));
  const cells = Array.from({ length: CELLS_PER_SIDE ** 2 }, (_, at) => {
    const along = (index: number) => Math.floor(((index + 0.5) * side) / CELLS_PER_SIDE);
    const row = along(Math.floor(at / CELLS_PER_SIDE));
    const column = along(at % CELLS_PER_SIDE);
    return { row, column, value: logits[row * side + column]! };
  });
  if (!logits.every(Number.isFinite)) return { problem: 'The logits are not finite.' };
  if (logits.every((value) => value === logits[0])) {
    return { problem: `All logits are ${logits[0]}: the model does not look at its input.` };
  }
  const largest = Math.max(...cells.map(({ value }) => Math.abs(value)));
  const pixels = slice.data as Uint8Array;
  return {
    description: 'A drawn slice; the numbers are those of this model on the CPU when it was added.',
    slice: {
      path: referencePath,
      sha256: createHash('sha256').update(pixels).digest('hex'),
      widthPx: slice.widthPx,
      heightPx: slice.heightPx,
      channels: slice.channels,
    },
    boxPx,
    expected: {
      logits: cells,
      tolerance: 1e-3 * Math.max(1, largest),
      otherProviderTolerance: 1e-2 * Math.max(5, largest),
      foregroundPx: areaPx,
      foregroundTolerancePx: Math.max(8, Math.ceil(areaPx * 0.01)),
    },
  };
}
