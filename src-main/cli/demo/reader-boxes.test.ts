import { describe, expect, it } from 'vitest';
import { readerBoxes } from './reader-boxes.ts';

describe('readerBoxes', () => {
  it('puts a box one pixel outside the bounds on each slice that shows the lesion', () => {
    const truth = new Uint8Array(8 * 8 * 3);
    truth[3 + 8 * (2 + 8 * 1)] = 1;
    truth[5 + 8 * (4 + 8 * 1)] = 1;
    truth[0 + 8 * (7 + 8 * 2)] = 1;
    expect(readerBoxes(truth, [8, 8, 3])).toEqual([
      { sliceIndex: 1, boxPx: [2, 1, 7, 6] },
      { sliceIndex: 2, boxPx: [0, 6, 2, 8] },
    ]);
  });
});
