import { expect, test } from 'vitest';
import { defaultModelWindow, looksLikeCt } from './window.ts';

const volume = { modality: 'OT', dataType: 'int16', channels: 1, valueRange: [-1024, 3071] as [number, number] };
const kind = (change: Partial<typeof volume>) => defaultModelWindow({ ...volume, ...change }).kind;

test('a volume without a modality is given the CT window only when its values are Hounsfield units', () => {
  expect(looksLikeCt(volume)).toBe(true);
  expect(kind({})).toBe('named');
  expect(kind({ modality: 'MR' })).toBe('percentile');
  expect(kind({ valueRange: [0, 4000] })).toBe('percentile');
  expect(kind({ valueRange: [-32768, 32767] })).toBe('percentile');
  expect(kind({ valueRange: [-3, 3] })).toBe('percentile');
  expect(kind({ dataType: 'uint8', valueRange: [0, 255] })).toBe('identity');
  // Named CT is CT, whatever its values.
  expect(kind({ modality: 'CT', valueRange: [0, 4000] })).toBe('named');
});
