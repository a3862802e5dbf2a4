import fc from 'fast-check';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packMask, unpackMask } from './mask-bits.ts';

test('masks come back as they were stored', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 300 }), (bits) => {
      const pixels = Uint8Array.from(bits);
      expect(unpackMask(packMask(pixels), pixels.length)).toEqual(pixels);
    }),
  );
});

test('the first pixel is the lowest bit', () => {
  const pixels = Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(packMask(pixels)).toEqual(deflateRawSync(Uint8Array.from([1, 2]), { level: 1 }));
});

test('a stored mask of another size is an error, not a wrong mask', () => {
  expect(() => unpackMask(packMask(new Uint8Array(64)), 65)).toThrow(/8 bytes for 65 pixels/);
});
