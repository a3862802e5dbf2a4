import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxPxSchema } from '../../../src-shared/geometry/box.ts';
import { flippedBox, sliceToView, type SliceSource } from './intensity.ts';
import { flippedMask, tightened } from './mask-rectangle.ts';

const source = (data: SliceSource['data'], change: Partial<SliceSource> = {}): SliceSource => ({
  data,
  widthPx: data.length,
  heightPx: 1,
  channels: 1,
  intensityRange: [-160, 240],
  zeroStaysZero: false,
  flip: { x: false, y: false },
  ...change,
});
const greys = (slice: SliceSource) => [...sliceToView(slice).data];

describe('the view of a slice', () => {
  it('cuts off fractions as numpy’s uint8 does', () => {
    // 255·(v + 160)/400 of −159 is 0.6375, of 40 is 127.5, of 239 is 254.4.
    expect(greys(source(Int16Array.of(-1000, -160, -159, 40, 239, 240, 3000)))).toEqual([
      0, 0, 0, 127, 254, 255, 255,
    ]);
  });

  it('leaves 8-bit pictures as they are', () => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    expect(greys(source(all, { intensityRange: [0, 255] }))).toEqual([...all]);
  });

  it('keeps exact zeros at 0 where the recipe says so', () => {
    const values = Int16Array.of(-10, 0, 10);
    expect(greys(source(values, { intensityRange: [-10, 10], zeroStaysZero: true }))).toEqual([
      0, 0, 255,
    ]);
    expect(greys(source(values, { intensityRange: [-10, 10] }))).toEqual([0, 127, 255]);
  });

  it('is 0 where there is no range, and where a voxel is not a number', () => {
    expect(greys(source(Int16Array.of(5, 6), { intensityRange: [5, 5] }))).toEqual([0, 0]);
    expect(greys(source(Float32Array.of(NaN, 1), { intensityRange: [0, 1] }))).toEqual([0, 255]);
  });

  it('turns colours and pixels together', () => {
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    const picture = source(data, {
      widthPx: 2,
      heightPx: 2,
      channels: 3,
      intensityRange: [0, 255],
    });
    expect(greys({ ...picture, flip: { x: true, y: false } })).toEqual([
      4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9,
    ]);
    expect(greys({ ...picture, flip: { x: false, y: true } })).toEqual([
      7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6,
    ]);
  });
});

describe('boxes and masks between frames', () => {
  const frame = fc.record({
    widthPx: fc.integer({ min: 1, max: 30 }),
    heightPx: fc.integer({ min: 1, max: 30 }),
    flip: fc.record({ x: fc.boolean(), y: fc.boolean() }),
  });

  it('turning a box twice gives the box', () => {
    fc.assert(
      fc.property(
        frame,
        fc.tuple(...Array<fc.Arbitrary<number>>(4).fill(fc.integer({ min: 0, max: 30 }))),
        (slice, numbers) => {
          const box = boxPxSchema.parse(numbers);
          expect(flippedBox(flippedBox(box, slice), slice)).toEqual(box);
        },
      ),
    );
  });

  it('a turned mask covers the turned pixels, and only its rectangle is smaller', () => {
    fc.assert(
      fc.property(
        frame,
        fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 900, maxLength: 900 }),
        (slice, noise) => {
          const { widthPx, heightPx, flip } = slice;
          const bits = Uint8Array.from(noise.slice(0, widthPx * heightPx), (bit, at) =>
            at % 5 === 0 ? bit : 0,
          );
          const mask = flippedMask(
            tightened({ originPx: [0, 0], sizePx: [widthPx, heightPx], bits }),
            slice,
          );
          const painted = new Uint8Array(widthPx * heightPx);
          mask.bits.forEach((bit, at) => {
            const x = mask.originPx[0] + (at % mask.sizePx[0]);
            const y = mask.originPx[1] + Math.floor(at / mask.sizePx[0]);
            painted[y * widthPx + x] = bit;
          });
          const expected = Uint8Array.from(bits, (_, at) => {
            const [x, y] = [at % widthPx, Math.floor(at / widthPx)];
            return bits[
              (flip.y ? heightPx - 1 - y : y) * widthPx + (flip.x ? widthPx - 1 - x : x)
            ]!;
          });
          expect(painted).toEqual(expected);
          expect(mask.areaPx).toBe(bits.reduce((sum, bit) => sum + bit, 0));
          if (mask.areaPx === 0)
            expect([mask.originPx, mask.sizePx]).toEqual([
              [0, 0],
              [0, 0],
            ]);
        },
      ),
    );
  });
});
