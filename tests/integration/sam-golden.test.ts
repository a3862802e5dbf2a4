import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  boxInInput,
  encoderInput,
  logitsToSliceMask,
  resizedView,
} from '../../src-main/inference/recipes/promptable.ts';
import { applicationRoot } from '../../src-main/entry-file.ts';
import { architectures } from '../../src-main/models/graphs/architectures.ts';
import { buildModel } from '../../src-main/models/graphs/build-model.ts';
import { expectedTensors } from '../../src-main/models/graphs/tensors.ts';
import { createWeightsFile } from '../../src-main/models/graphs/weights-file.ts';
import { writeFormulaCheckpoint } from '../support/formula-checkpoint.ts';
import { formulaPicture } from '../support/formula-weights.ts';
import { temporaryFolder } from '../support/inference.ts';
import { needsPython, pythonWith } from '../support/python.ts';
import { graphRunner } from '../support/run-graphs.ts';
import { publishedRecipe, readSamGolden, type GoldenModel } from '../support/sam-golden.ts';

/* The published networks at full size with formula weights out of a checkpoint, from picture and box to mask. */

const golden = readSamGolden();

function modelIn(folder: string, architecture: GoldenModel['architecture']) {
  const network = architectures[architecture];
  const source = writeFormulaCheckpoint(join(folder, 'checkpoint.pth'), expectedTensors(network));
  const file = createWeightsFile(join(folder, 'weights.bin'), 'weights.bin');
  const graphs = buildModel({ source, file }, network);
  file.close();
  for (const { path, bytes } of graphs) writeFileSync(join(folder, path), bytes);
  return graphRunner(folder, graphs);
}

const worst = (actual: ArrayLike<number>, expected: number[], every: number) =>
  expected.reduce((most, value, at) => Math.max(most, Math.abs(value - actual[at * every]!)), 0);

const modules = ['torch', 'skimage', 'cv2', 'PIL'];
const python = pythonWith(...modules);

it.skipIf(!python)(
  `reference numbers are made again by the Python that made them${needsPython(python, ...modules)}`,
  () => {
    const script = join(applicationRoot(), 'tests/golden/sam_golden.py');
    const printed = execFileSync(python!, [script, '--small'], { encoding: 'utf8' });
    const { small, strained } = JSON.parse(printed) as Pick<typeof golden, 'small' | 'strained'>;
    expect(Object.keys(small)).toEqual(Object.keys(golden.small));
    for (const [name, { embedding, logits, iou }] of Object.entries(golden.small)) {
      // Another torch sums in another order.
      expect(worst(small[name]!.embedding, embedding, 1)).toBeLessThan(1e-4);
      expect(worst(small[name]!.logits, logits, 1)).toBeLessThan(1e-4);
      expect(worst(small[name]!.iou, iou, 1)).toBeLessThan(1e-4);
    }
    expect(worst(strained.logits, golden.strained.logits, 1)).toBeLessThan(1e-6);
  },
);

describe('published networks equal PyTorch', () => {
  for (const model of golden.models) {
    const { architecture, recipe, picture, boxesPx } = model;
    const [widthPx, heightPx, channels] = picture;
    const title = `${architecture} by the recipe of ${recipe}, ${widthPx} × ${heightPx} × ${channels}`;
    it(title, { timeout: 600_000 }, async () => {
      const runner = modelIn(temporaryFolder(), architecture);
      const manifest = publishedRecipe(recipe);
      const data = formulaPicture(widthPx, heightPx, channels);
      const view = resizedView(manifest, { data, widthPx, heightPx, channels });
      const embedding = await runner.encode(encoderInput(manifest, view));
      const every = golden.every.embedding;
      const squares = model.embedding.reduce(
        (sum, value, at) => sum + (value - embedding[at * every]!) ** 2,
        0,
      );
      const samples = Math.hypot(...model.embedding);
      expect(Math.sqrt(squares) / samples).toBeLessThan(1e-5);

      const slice = { widthPx, heightPx };
      const boxes = boxesPx.map((box) => [...boxInInput(manifest, box, slice)]);
      const { logits, iou } = await runner.decode(embedding, boxes);
      await runner.release();
      expect(worst(iou, model.iou, 1)).toBeLessThan(1e-4);
      boxesPx.forEach((_, box) => {
        const own = logits.subarray(box * 256 * 256, (box + 1) * 256 * 256);
        expect(worst(own, model.logits[box]!, golden.every.logits)).toBeLessThan(1e-4);
        const { bits } = logitsToSliceMask(manifest, own, slice);
        if (box === 0) expect(wrongPixels(bits, model)).toEqual([]);
        const area = bits.reduce((sum, bit) => sum + bit, 0);
        expect(Math.abs(area - model.areasPx[box]!)).toBeLessThan(0.002 * widthPx * heightPx);
      });
    });
  }
});

/** Pixels that differ although their value is not within 1e-3 of the threshold. */
function wrongPixels(bits: Uint8Array, { mask, unsure }: GoldenModel): number[] {
  const packed = Buffer.from(mask, 'base64');
  const allowed = new Set(unsure);
  return [...bits.keys()].filter(
    (at) => bits[at] !== ((packed[at >> 3]! >> (7 - (at & 7))) & 1) && !allowed.has(at),
  );
}
