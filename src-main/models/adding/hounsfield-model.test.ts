import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { greySlice, inferenceOn, temporaryFolder } from '../../../tests/support/inference.ts';
import type { SliceImage } from '../../inference/types.ts';
import type { Result } from '../../../src-shared/result.ts';
import { floatTensor, onnxModel } from '../onnx-writer.ts';
import { createModelRegistry } from '../registry.ts';
import { createModelAdding } from './service.ts';

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};

const SIDE = 32;

/** A network that says "inside" of what is above the mean: logit = 100 × input. */
function writeModel(crop: Record<string, unknown>): string {
  const folder = join(temporaryFolder(), 'ct-model');
  mkdirSync(folder);
  const shape = { dims: [1, 1, SIDE, SIDE] };
  const graph = onnxModel({
    name: 'above the mean',
    inputs: [{ name: 'crop', ...shape }],
    outputs: [{ name: 'logits', ...shape }],
    initializers: [floatTensor('hundred', [1], Float32Array.of(100))],
    nodes: [{ op: 'Mul', inputs: ['crop', 'hundred'], outputs: ['logits'] }],
  });
  writeFileSync(join(folder, 'network.onnx'), graph);
  const manifest = {
    formatVersion: 1,
    name: 'Above the mean',
    version: '1',
    kind: 'crop-specialist',
    licence: { spdx: 'Apache-2.0', notice: '' },
    researchOnly: true,
    origin: 'made by code for tests',
    files: { network: { path: 'network.onnx' } },
    input: { name: 'crop', sizePx: SIDE, channels: ['grey'] },
    crop: {
      contextFactor: 1,
      minimumSizePx: 8,
      minimumAspect: 1,
      resample: 'triangle',
      ...crop,
    },
    output: { name: 'logits', sizePx: SIDE, order: 'sigmoid-then-resize', threshold: 0.5 },
  };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
  return folder;
}

function library() {
  const libraryRoot = temporaryFolder();
  const folder = join(libraryRoot, 'models');
  const models = createModelRegistry({ folders: [folder], chosenDefault: () => null });
  const inference = inferenceOn(folder, { models });
  return { models, inference, adding: createModelAdding({ libraryRoot, models, inference }) };
}

const hounsfieldScaling = { lowHu: -100, highHu: 300, meanHu: 60, stdHu: 30 };

test('a model in Hounsfield units sees those, whatever the window, and refuses what has none', async () => {
  const { adding, inference, models } = library();
  const { proposalId } = value(
    await adding.propose({ paths: [writeModel({ hounsfieldScaling })] }),
  );
  const { modelId } = value(await adding.add(proposalId));
  expect(models.list()).toEqual([expect.objectContaining({ id: modelId, takesHounsfield: true })]);
  const liver: SliceImage = {
    ...greySlice(64, 64, () => 0),
    data: Int16Array.from({ length: 64 * 64 }, (_, at) => (at % 64 < 32 ? 40 : 80)),
    // Both halves are black in this window.
    intensityRange: [500, 1500],
    isHounsfield: true,
  };
  const boxPx: [number, number, number, number] = [16, 16, 48, 48];
  const mask = value(await inference.segmentBox({ modelId, slice: liver, boxPx }, {}));
  expect(mask).toMatchObject({ originPx: [32, 16], sizePx: [16, 32], areaPx: 512 });
  expect(mask.recipe).toBe('crop-specialist/1 -100…300 HU, mean 60, std 30');
  const view = value(await inference.modelView({ modelId, slice: liver, boxPx }));
  // −100…300 HU as 0…255.
  expect([view.rgba[0], view.rgba[4 * (SIDE - 1)]]).toEqual([89, 115]);

  const picture = { ...liver, isHounsfield: false };
  expect(await inference.segmentBox({ modelId, slice: picture, boxPx }, {})).toMatchObject({
    ok: false,
    error: { code: 'model-needs-hounsfield', params: { name: 'Above the mean' } },
  });
});

test('a manifest says one of the two contrasts', async () => {
  const { adding } = library();
  const greys = { percentiles: [0, 100], minimumRange: 1 };
  for (const crop of [
    {},
    { ...greys, hounsfieldScaling },
    { hounsfieldScaling, zScore: true },
    { hounsfieldScaling: { ...hounsfieldScaling, lowHu: 300 } },
    { hounsfieldScaling: { ...hounsfieldScaling, stdHu: 0 } },
  ])
    expect(await adding.propose({ paths: [writeModel(crop)] })).toMatchObject({
      error: { code: 'model-invalid' },
    });
  expect((await adding.propose({ paths: [writeModel(greys)] })).ok).toBe(true);
});
