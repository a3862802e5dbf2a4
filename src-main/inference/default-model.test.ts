import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { greySlice, inferenceOn } from '../../tests/support/inference.ts';
import { applicationRoot } from '../entry-file.ts';
import { cropSpecialistSchema } from '../models/manifest.ts';
import { EMBEDDED_MODEL_ID } from '../models/registry.ts';

const models = join(applicationRoot(), 'models');
const { output } = cropSpecialistSchema.parse(
  JSON.parse(readFileSync(join(models, 'default', 'model.json'), 'utf8')),
);

describe('the embedded model in the engine', () => {
  it('has whole files and answers its own reference numbers', async () => {
    const answer = await inferenceOn(models).verifyModel(EMBEDDED_MODEL_ID);
    expect(answer).toMatchObject({ ok: true, value: { verified: true } });
    expect(answer.ok && answer.value.checks.map(({ name }) => name)).toEqual([
      'network: network.onnx',
      'verification slice: golden/verification-slice.u8',
      'numbers on cpu',
      'mask on cpu',
    ]);
  });

  it('finds a bright disc in the box, wherever it lies, and the same one again', async () => {
    const service = inferenceOn(models);
    for (const [cx, cy, radius] of [
      [150, 100, 30],
      [40, 160, 18],
    ] as const) {
      const disc = (x: number, y: number) =>
        (x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2 < radius ** 2;
      const slice = greySlice(
        300,
        200,
        (x, y) => (disc(x, y) ? 190 : 80) + ((x * 7 + y * 13) % 11),
      );
      const boxPx: [number, number, number, number] = [
        cx - radius,
        cy - radius,
        cx + radius,
        cy + radius,
      ];
      const mask = await service.segmentBox({ modelId: EMBEDDED_MODEL_ID, slice, boxPx }, {});
      if (!mask.ok) throw new Error(mask.error.detail);
      const { originPx, sizePx, bits, areaPx } = mask.value;
      const hits = bits.reduce((sum, bit, at) => {
        return (
          sum +
          (bit && disc(originPx[0] + (at % sizePx[0]), originPx[1] + Math.floor(at / sizePx[0]))
            ? 1
            : 0)
        );
      }, 0);
      const truth = Array.from(slice.data).filter((grey) => grey >= 190).length;
      expect((2 * hits) / (areaPx + truth)).toBeGreaterThan(0.9);
      expect(mask.value.expectedDsc).toBeGreaterThan(0.8);
      const again = await service.segmentBox({ modelId: EMBEDDED_MODEL_ID, slice, boxPx }, {});
      expect(again.ok && again.value.bits).toEqual(bits);
    }
  });

  it('finds nothing in a box on nothing, or says that it is not sure', async () => {
    const service = inferenceOn(models);
    const noise = greySlice(300, 200, (x, y) => 80 + ((x * 7 + y * 13 + x * y) % 11));
    const ramp = greySlice(300, 200, (x, y) => Math.round(20 + x / 3 + y / 4));
    for (const slice of [noise, ramp]) {
      for (const boxPx of [
        [100, 60, 160, 120],
        [200, 40, 230, 100],
        [20, 110, 120, 180],
      ] as [number, number, number, number][]) {
        const mask = await service.segmentBox({ modelId: EMBEDDED_MODEL_ID, slice, boxPx }, {});
        if (!mask.ok) throw new Error(mask.error.detail);
        const { areaPx, expectedDsc } = mask.value;
        expect(areaPx === 0 || expectedDsc! < output.expectedDsc!.lowBelow).toBe(true);
      }
    }
  });
});
