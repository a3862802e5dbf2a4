import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsTimes, matrix, rowsCentred, times, transposed } from './matrices.ts';

const number = fc.double({ min: -100, max: 100, noNaN: true });
const matrices = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }))
  .chain(([rows, columns]) =>
    fc.record({
      m: fc
        .array(number, { minLength: rows * columns, maxLength: rows * columns })
        .map((values) => matrix(values, columns)),
      x: fc.array(number, { minLength: columns, maxLength: columns }),
      y: fc.array(number, { minLength: columns, maxLength: columns }),
    }),
  );

const close = (actual: Float64Array, expected: Float64Array) => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 6));
};

describe('matrices of the decoder', () => {
  it('a product by hand', () => {
    expect([...times(matrix([1, 2, 3, 4, 5, 6], 3), [1, 0, -1], [10, 20])]).toEqual([8, 18]);
    expect([...transposed(matrix([1, 2, 3, 4, 5, 6], 3)).values]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('scaled columns act as scaled entries of the vector', () => {
    fc.assert(
      fc.property(matrices, ({ m, x, y }) =>
        close(
          times(columnsTimes(m, y), x),
          times(
            m,
            x.map((value, at) => value * y[at]!),
          ),
        ),
      ),
    );
  });

  it('centred rows see a vector less its mean', () => {
    fc.assert(
      fc.property(matrices, ({ m, x }) => {
        const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
        close(
          times(rowsCentred(m), x),
          times(
            m,
            x.map((value) => value - mean),
          ),
        );
      }),
    );
  });
});
