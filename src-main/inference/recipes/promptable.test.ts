import { describe, expect, it } from 'vitest';
import { tinyPromptableManifest } from '../../../tests/support/tiny-models.ts';
import type { PromptableManifest } from '../../models/manifest.ts';
import {
  boxInInput,
  encoderInput,
  logitsToSliceMask,
  resizedView,
  shownSizePx,
} from './promptable.ts';

const manifest = (change: Partial<PromptableManifest>): PromptableManifest => ({
  ...tinyPromptableManifest,
  ...change,
});
const padded = manifest({ resize: { policy: 'longest-side-pad', filter: 'triangle' } });
const slice = { widthPx: 300, heightPx: 200 };

describe('stretching', () => {
  it('puts a box at x / width and y / height of the input', () => {
    expect([...boxInInput(tinyPromptableManifest, [75, 50, 150, 200], slice)]).toEqual([
      16, 16, 32, 64,
    ]);
  });

  it('sends the grid’s logits to the whole slice, sigmoid before resizing', () => {
    // The left half of the grid is certain, the right one just as certain of the contrary: the edge is in the middle.
    const logits = Float32Array.from({ length: 256 }, (_, at) => (at % 16 < 8 ? 30 : -30));
    const { bits } = logitsToSliceMask(tinyPromptableManifest, logits, slice);
    expect(bits.every((bit, at) => bit === (at % 300 < 150 ? 1 : 0))).toBe(true);
  });

  it('differs between the orders as sigmoid and mean do', () => {
    // Between +1 and −9 the logit is 0 a tenth of the way; the probability ½ a third (0.731 → 0.0001).
    const logits = Float32Array.from({ length: 256 }, (_, at) => (at % 16 < 8 ? 1 : -9));
    const wide = { widthPx: 1600, heightPx: 16 };
    const columns = (order: PromptableManifest['output']['order']) => {
      const { bits } = logitsToSliceMask(
        manifest({ output: { ...tinyPromptableManifest.output, order } }),
        logits,
        wide,
      );
      return bits.subarray(0, 1600).reduce((sum, bit) => sum + bit, 0);
    };
    // Cell 7 is centred at 750 px, one cell is 100 px.
    expect(columns('resize-logits')).toBe(750 + 10);
    expect(columns('sigmoid-then-resize')).toBe(
      Math.ceil(750 - 0.5 + (100 * (0.7310586 - 0.5)) / (0.7310586 - 0.0001234)),
    );
  });
});

describe('longest side and padding', () => {
  it('shows the slice in its own proportions', () => {
    expect(shownSizePx(padded, slice)).toEqual([64, 43]);
    expect(shownSizePx(padded, { widthPx: 100, heightPx: 400 })).toEqual([16, 64]);
    const [x0, y0, x1, y1] = boxInInput(padded, [75, 50, 150, 200], slice);
    expect([x0, x1, y1]).toEqual([16, 32, 43]);
    expect(y0).toBeCloseTo(10.75);
  });

  it('pads with zeros after the contrast', () => {
    const view = { ...slice, channels: 1 as const, data: new Float32Array(300 * 200).fill(200) };
    view.data[0] = 100;
    const input = encoderInput(padded, resizedView(padded, view));
    expect(input[20 * 64 + 20]).toBe(1);
    expect(input.subarray(43 * 64, 64 * 64).every((value) => value === 0)).toBe(true);
  });

  it('takes the mask from the shown part of the grid only', () => {
    const logits = Float32Array.from({ length: 256 }, (_, at) =>
      Math.floor(at / 16) < 8 ? 30 : -30,
    );
    const { bits } = logitsToSliceMask(padded, logits, slice);
    const rows = Array.from({ length: 200 }, (_, y) => bits[y * 300]!).reduce(
      (sum, bit) => sum + bit,
      0,
    );
    // Eight of the 10.75 cells that show the slice.
    expect(rows).toBe(Math.round((200 * 8) / 10.75));
  });
});

describe('intensity', () => {
  it('takes mean and deviation per channel where the manifest gives them', () => {
    const recipe = manifest({
      intensity: { scale: 'mean-std', mean: [100, 110, 120], std: [50, 10, 20] },
    });
    const view = {
      widthPx: 64,
      heightPx: 64,
      channels: 1 as const,
      data: new Float32Array(64 * 64).fill(150),
    };
    const input = encoderInput(recipe, resizedView(recipe, view));
    expect([input[0], input[64 * 64], input[2 * 64 * 64]]).toEqual([1, 4, 1.5]);
  });

  it('makes a slice of one grey 0, as MedSAM does', () => {
    const view = {
      widthPx: 10,
      heightPx: 10,
      channels: 3 as const,
      data: new Float32Array(300).fill(77),
    };
    expect(
      encoderInput(tinyPromptableManifest, resizedView(tinyPromptableManifest, view)).every(
        (value) => value === 0,
      ),
    ).toBe(true);
  });
});
