import { expect, test } from 'vitest';
import { borderColours } from './border-colours.ts';

test('the border is strongest where the model is undecided, and absent where it is sure', () => {
  const table = borderColours();
  const opacity = Array.from({ length: 16 }, (_, level) => table[4 * level + 3]!);
  expect(opacity.map((alpha) => alpha > 0)).toEqual(
    opacity.map((_, level) => level >= 3 && level <= 12),
  );
  expect(opacity.slice(3, 8)).toEqual(opacity.slice(3, 8).toSorted((a, b) => a - b));
  expect(opacity.slice(0, 8)).toEqual(opacity.slice(8).toReversed());
});
