import fc from 'fast-check';
import { expect, it } from 'vitest';
import { outlineRuns } from './mask-outline.ts';

const bits = (...rows: string[]) => Uint8Array.from(rows.join(''), Number);

it('outlines a rectangle with four runs', () => {
  const runs = outlineRuns(bits('111', '111'), [3, 2]);
  expect(runs).toEqual([0, 0, 3, 0, 0, 2, 3, 2, 0, 0, 0, 2, 3, 0, 3, 2]);
});

it('outlines holes as well', () => {
  const runs = outlineRuns(bits('111', '101', '111'), [3, 3]);
  expect(runs.length / 4).toBe(8);
  expect(runs.join()).toContain('1,1,2,1');
});

it('has the length of the pixel border', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 30, maxLength: 30 }), (fill) => {
      const data = Uint8Array.from(fill);
      const at = (x: number, y: number) => (x < 0 || y < 0 || x > 5 || y > 4 ? 0 : data[x + 6 * y]!);
      let border = 0;
      for (let y = -1; y <= 4; y++)
        for (let x = -1; x <= 5; x++) {
          if (at(x, y) !== at(x + 1, y)) border++;
          if (at(x, y) !== at(x, y + 1)) border++;
        }
      const runs = outlineRuns(data, [6, 5]);
      let length = 0;
      for (let n = 0; n < runs.length; n += 4) length += Math.abs(runs[n + 2]! - runs[n]!) + Math.abs(runs[n + 3]! - runs[n + 1]!);
      expect(length).toBe(border);
    }),
  );
});
