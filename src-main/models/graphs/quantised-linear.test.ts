import { describe, expect, it } from 'vitest';
import { formulaWeight } from '../../../tests/support/formula-weights.ts';
import { quantised } from './quantised-linear.ts';

describe('weights of seven bits', () => {
  const [to, from] = [5, 40] as const;
  const weight = formulaWeight('some.weight', [to, from]);
  const { values, steps } = quantised(weight, [to, from]);

  it('are within half a step of the weights, laid out input by input', () => {
    for (let out = 0; out < to; out += 1) {
      for (let at = 0; at < from; at += 1) {
        const back = values[at * to + out]! * steps[out]!;
        expect(Math.abs(back - weight[out * from + at]!)).toBeLessThanOrEqual(steps[out]! * 0.5001);
      }
    }
  });

  it('stay within ±63 and reach it in every output', () => {
    for (let out = 0; out < to; out += 1) {
      const row = Array.from({ length: from }, (_, at) => Math.abs(values[at * to + out]!));
      expect(Math.max(...row)).toBe(63);
    }
  });

  it('of an output that is all zeros are zeros', () => {
    const nothing = quantised(new Float32Array(8), [2, 4]);
    expect([...nothing.values]).toEqual(new Array(8).fill(0));
    expect([...nothing.steps]).toEqual([1, 1]);
  });
});
