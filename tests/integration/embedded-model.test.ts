import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadImage } from '../../src-main/cli/load-image.ts';
import { createMaskCanvas } from '../../src-main/cli/mask-canvas.ts';
import { masksOfBoxes } from '../../src-main/cli/segment-boxes.ts';
import { applicationRoot } from '../../src-main/entry-file.ts';
import { createImagingPool } from '../../src-main/imaging/imaging-pool.ts';
import { EMBEDDED_MODEL_ID } from '../../src-main/models/registry.ts';
import { clampedBox, type BoxPx } from '../../src-shared/geometry/box.ts';
import { diceCoefficient } from '../../src-shared/metrics/dice.ts';
import { inferenceOn } from '../support/inference.ts';
import { realData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tightBox } from '../support/tight-box.ts';

const models = join(applicationRoot(), 'models');
const kept = (name: string): unknown =>
  JSON.parse(readFileSync(join(models, 'training/shipped-run', name), 'utf8'));

type Method = 'model' | 'ellipse' | 'otsu' | 'grabcut';
interface Scores {
  rows: { source: string; dsc: Record<Method, { mean: number }>; p: Record<string, number> }[];
  macro: { dsc: Record<Method, number>; p: Record<string, number> };
  nothing: { emptyOrUnsure: number };
  confidence: { meanError: number; dscOfUnsure: number; dscOfSure: number };
  looseness: Record<'exact' | 'sides x 1.2', Record<'model' | 'ellipse', number>>;
}
const scores = {
  heldOut: kept('scores-heldOut.json') as Scores,
  unseen: kept('scores-unseen.json') as Scores,
};

describe('the figures that are kept of the shipped model', () => {
  test.each([
    ['heldOut', 19, 0.88],
    ['unseen', 28, 0.85],
  ] as const)('%s: each set above every classical method', (part, sets, leastMacro) => {
    const { rows, macro } = scores[part];
    expect(rows).toHaveLength(sets);
    for (const { source, dsc } of rows) {
      const classical = Math.max(dsc.ellipse.mean, dsc.otsu.mean, dsc.grabcut.mean);
      expect(dsc.model.mean, source).toBeGreaterThan(classical);
    }
    const mean = rows.reduce((sum, row) => sum + row.dsc.model.mean, 0) / sets;
    expect(macro.dsc.model).toBeCloseTo(mean, 3);
    expect(macro.dsc.model).toBeGreaterThanOrEqual(leastMacro);
    for (const p of Object.values(macro.p)) expect(p).toBeLessThan(0.001);
  });

  test.each(['heldOut', 'unseen'] as const)(
    '%s: little lost by large boxes, little found in boxes on nothing',
    (part) => {
      const { looseness, nothing } = scores[part];
      expect(looseness.exact.model - looseness['sides x 1.2'].model).toBeLessThanOrEqual(0.05);
      expect(nothing.emptyOrUnsure).toBeGreaterThanOrEqual(0.8);
    },
  );

  test.each(['heldOut', 'unseen'] as const)(
    '%s: the expected DSC is right on average, and lower masks are called unsure',
    (part) => {
      const { meanError, dscOfUnsure, dscOfSure } = scores[part].confidence;
      expect(Math.abs(meanError)).toBeLessThan(0.02);
      expect(dscOfUnsure).toBeLessThan(dscOfSure - 0.1);
    },
  );

  test('are of a file that is small, answers soon and as torch does', () => {
    const exported = kept('export.json') as {
      sha256: string;
      bytes: number;
      opset: number;
      onnxMinusTorchMax: number;
      msPerBoxTwoThreads: number;
    };
    const network = readFileSync(join(models, 'default/network.onnx'));
    expect(exported.sha256).toBe(createHash('sha256').update(network).digest('hex'));
    expect(exported.bytes).toBe(network.length);
    expect(exported.bytes).toBeLessThanOrEqual(25e6);
    expect(exported.opset).toBeLessThanOrEqual(20);
    expect(exported.onnxMinusTorchMax).toBeLessThanOrEqual(1e-4);
    expect(exported.msPerBoxTwoThreads).toBeLessThanOrEqual(150);
  });
});

test('the sample patient is measured better than with the first version', () => {
  const demo = join(applicationRoot(), 'src-main/cli/demo.ts');
  const report = join(temporaryFolder(), 'report');
  const output = execFileSync(process.execPath, [demo, '--json', '--report', report], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  interface Measured {
    meanDice: number;
    meanAbsoluteErrorPercent: number;
    largestAbsoluteErrorPercent: number;
  }
  const first = kept('stage1/demo.json') as Measured;
  const now = JSON.parse(output.toString()) as Measured;
  expect(now.meanDice).toBeGreaterThan(first.meanDice);
  expect(now.meanAbsoluteErrorPercent).toBeLessThan(first.meanAbsoluteErrorPercent);
  expect(now.largestAbsoluteErrorPercent).toBeLessThan(first.largestAbsoluteErrorPercent);
});

/** The pixels of the largest 8-connected component of any label. */
function largestObject(width: number, height: number, labels: Uint8Array): Uint8Array {
  const seen = new Uint8Array(labels.length);
  let largest: number[] = [];
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] === 0 || seen[start]) continue;
    seen[start] = 1;
    const found = [start];
    for (const at of found) {
      const [x, y] = [at % width, Math.floor(at / width)];
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u;
          if (labels[next] !== labels[start] || seen[next]) continue;
          seen[next] = 1;
          found.push(next);
        }
      }
    }
    if (found.length > largest.length) largest = found;
  }
  const pixels = new Uint8Array(labels.length);
  for (const at of largest) pixels[at] = 1;
  return pixels;
}

/** The box with each side moved outward as the paper moves it on average: 10 px on the slice stretched to 1024 × 1024. */
function paperBox([x0, y0, x1, y1]: BoxPx, width: number, height: number): BoxPx {
  const [dx, dy] = [(width * 10) / 1024, (height * 10) / 1024];
  return clampedBox([x0 - dx, y0 - dy, x1 + dx, y1 + dy], [width, height]);
}

/** The ellipse that touches the sides of the box, by pixel centres. */
function ellipse([x0, y0, x1, y1]: BoxPx, width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, at) => {
    const u = ((at % width) + 0.5 - (x0 + x1) / 2) / ((x1 - x0) / 2);
    const v = (Math.floor(at / width) + 0.5 - (y0 + y1) / 2) / ((y1 - y0) / 2);
    return Number(u * u + v * v <= 1);
  });
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.skipIf(!sharedData)(`the shipped model in the application ${realData}`, () => {
  test.each([
    'nc-wbc-s6-smear',
    'nc-cvc-colondb-polyp',
    'nc-breast-lesions-usg',
    'nc-ircad-liver-ct',
    'nc-ph2-dermoscopy',
  ])('outlines what experts drew on %s about as well as its card says', async (source) => {
    const pool = createImagingPool({ size: 1 });
    onTestFinished(() => pool.close());
    const inference = inferenceOn(models);
    const folder = ['collections', 'images']
      .map((group) => join(sharedData!, group, source))
      .find((path) => existsSync(path))!;
    const reached: number[] = [];
    const ofEllipse: number[] = [];
    for (const name of readdirSync(join(folder, 'images')).sort().slice(0, 10)) {
      const image = await loadImage(pool, join(folder, 'images', name));
      const [width, height] = image.geometry.sizeVx;
      const mask = join(folder, 'masks', `${parse(name).name}.png`);
      const png = PNG.sync.read(readFileSync(mask));
      expect([png.width, png.height]).toEqual([width, height]);
      const labels = Uint8Array.from({ length: width * height }, (_, at) => png.data[4 * at]!);
      const pixels = largestObject(width, height, labels);
      const box = paperBox(tightBox(width, pixels), width, height);
      const answers = masksOfBoxes(
        inference,
        image,
        { modelId: EMBEDDED_MODEL_ID, window: undefined },
        [{ sliceIndex: 0, boxPx: box }],
        new AbortController().signal,
      );
      for await (const { masks } of answers) {
        if (!masks.ok) throw new Error(`${masks.error.code} ${masks.error.detail}`);
        const canvas = createMaskCanvas(image.geometry);
        canvas.add(0, masks.value[0]!);
        reached.push(diceCoefficient(pixels, canvas.voxels));
        ofEllipse.push(diceCoefficient(pixels, ellipse(box, width, height)));
      }
    }
    expect(reached).toHaveLength(10);
    const said = scores.unseen.rows.find((row) => row.source === source)!.dsc.model.mean;
    expect(mean(reached)).toBeGreaterThan(said - 0.04);
    expect(mean(reached)).toBeGreaterThan(mean(ofEllipse) + 0.02);
  });
});
