import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowCells } from './window-cells.ts';

describe('windows over an area of tokens', () => {
  it('hold every token once, the rest is padding, and every token finds its cell again', () => {
    const side = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 9 }), (rows, columns, window) => {
        const { count, toWindows, toTokens } = windowCells(rows, columns, window);
        expect(toWindows).toHaveLength(count * window * window);
        expect(toWindows.filter((row) => row < rows * columns)).toHaveLength(rows * columns);
        expect(toTokens.map((cell) => toWindows[cell])).toEqual([...toTokens.keys()]);
      }),
    );
  });

  it('are filled in raster order, window by window', () => {
    // Tokens 0…8 of 3 × 3 in windows of 2 × 2; 9 is padding.
    expect(windowCells(3, 3, 2).toWindows).toEqual([
      0, 1, 3, 4, 2, 9, 5, 9, 6, 7, 9, 9, 8, 9, 9, 9,
    ]);
    expect(windowCells(1, 3, 2).toWindows).toEqual([0, 1, 3, 3, 2, 3, 3, 3]);
  });
});
