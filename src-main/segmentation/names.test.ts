import { expect, test } from 'vitest';
import { nextLesionName } from './names.ts';

test('names count on from the highest in use', () => {
  expect(nextLesionName([])).toBe('Lesion 1');
  expect(nextLesionName(['Lesion 1', 'Liver dome', 'Lesion 7', 'Lesion 7b', 'lesion 9'])).toBe(
    'Lesion 8',
  );
});

test('names are in the language asked for and share one count', () => {
  expect(nextLesionName([], 'zh-CN')).toBe('病灶 1');
  expect(nextLesionName(['Lesion 2', '病灶 3'], 'zh-CN')).toBe('病灶 4');
  expect(nextLesionName(['病灶 3'], 'en')).toBe('Lesion 4');
});
