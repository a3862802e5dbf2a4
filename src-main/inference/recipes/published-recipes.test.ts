import { describe, expect, it } from 'vitest';
import { formulaPicture } from '../../../tests/support/formula-weights.ts';
import { publishedRecipe, readSamGolden } from '../../../tests/support/sam-golden.ts';
import { boxInInput, encoderInput, resizedView } from './promptable.ts';

const golden = readSamGolden();

describe('greys that a network is given equal those of the published scripts', () => {
  for (const { recipe, every, picture, sizePx, greys } of golden.preprocessing) {
    const [widthPx, heightPx, channels] = picture;
    it(`${recipe}: ${widthPx} × ${heightPx}, ${channels} channels`, () => {
      const data = formulaPicture(widthPx, heightPx, channels);
      const view = resizedView(publishedRecipe(recipe), { data, widthPx, heightPx, channels });
      expect([view.widthPx, view.heightPx]).toEqual(sizePx);
      const expected = Buffer.from(greys, 'base64');
      let different = 0;
      expected.forEach((grey, at) => {
        const ours = view.data[at * every * view.channels]!;
        expect(Math.abs(ours - grey)).toBeLessThanOrEqual(1);
        if (ours !== grey) different += 1;
      });
      expect(different / expected.length).toBeLessThanOrEqual(0.001);
    });
  }
});

describe('LiteMedSAM', () => {
  const manifest = publishedRecipe('lite');
  it('cuts boxes to whole pixels of its input, by the longer side for both', () => {
    const slice = { widthPx: 300, heightPx: 201 };
    expect([...boxInInput(manifest, [60.5, 50, 180, 150], slice)]).toEqual([51, 42, 153, 128]);
  });
  it('takes the contrast of the slice before it pads with zeros', () => {
    const view = {
      widthPx: 4,
      heightPx: 2,
      channels: 1 as const,
      data: new Float32Array(8).fill(90),
    };
    view.data[0] = 40;
    const input = encoderInput(manifest, resizedView(manifest, view));
    expect(Math.max(...input.subarray(0, 256 * 128))).toBe(1);
    expect(input[256 * 127 + 255]).toBe(1);
    expect(input.subarray(256 * 128, 256 * 256).every((value) => value === 0)).toBe(true);
  });
});

describe('SAM', () => {
  it('is padded after its mean is taken: padding is 0 and not black', () => {
    const manifest = publishedRecipe('sam');
    const view = { widthPx: 8, heightPx: 4, channels: 1 as const, data: new Float32Array(32) };
    const input = encoderInput(manifest, resizedView(manifest, view));
    expect(input[0]).toBeCloseTo(-123.675 / 58.395, 6);
    expect(input[1024 * 512]).toBe(0);
  });
});
