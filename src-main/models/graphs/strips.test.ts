import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverse, rowStrips, upTo, windowStrips } from './strips.ts';

const sizes = [fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9 })] as const;

describe('the strips that a block goes through', () => {
  it('hold every token of the picture once, in rectangles of their shape', () => {
    fc.assert(
      fc.property(...sizes, (side, size) => {
        for (const strips of [rowStrips(side, size), windowStrips(side, size)]) {
          const tokens = strips.flatMap((strip) => strip.tokens);
          expect(tokens.toSorted((a, b) => a - b)).toEqual(upTo(side * side));
          for (const { groups, height, width, tokens } of strips) {
            expect(tokens).toHaveLength(groups * height * width);
          }
          expect(inverse(tokens).map((place) => tokens[place])).toEqual(upTo(side * side));
        }
      }),
    );
  });

  it('of windows keep each window together, in raster order', () => {
    fc.assert(
      fc.property(...sizes, (side, window) => {
        for (const { groups, height, width, tokens } of windowStrips(side, window)) {
          for (const group of upTo(groups)) {
            const own = tokens.slice(group * height * width, (group + 1) * height * width);
            const [top, left] = [Math.floor(own[0]! / side), own[0]! % side];
            expect([top % window, left % window]).toEqual([0, 0]);
            expect([height, width]).toEqual([
              Math.min(window, side - top),
              Math.min(window, side - left),
            ]);
            const raster = upTo(height * width).map(
              (at) => (top + Math.floor(at / width)) * side + left + (at % width),
            );
            expect(own).toEqual(raster);
          }
        }
      }),
    );
  });

  it('of windows are the whole ones row by row, then those that the border cuts', () => {
    const shape = ({ groups, height, width }: { groups: number; height: number; width: number }) =>
      `${groups} of ${height} × ${width}`;
    expect(windowStrips(64, 14).map(shape)).toEqual([
      ...new Array<string>(4).fill('4 of 14 × 14'),
      '4 of 14 × 8',
      '4 of 8 × 14',
      '1 of 8 × 8',
    ]);
    expect(windowStrips(4, 2).map(shape)).toEqual(['2 of 2 × 2', '2 of 2 × 2']);
    expect(windowStrips(3, 5).map(shape)).toEqual(['1 of 3 × 3']);
    // Tokens 0…8 of 3 × 3 in windows of 2 × 2.
    expect(windowStrips(3, 2).map(({ tokens }) => tokens)).toEqual([
      [0, 1, 3, 4],
      [2, 5],
      [6, 7],
      [8],
    ]);
  });
});
