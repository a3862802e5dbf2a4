import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import {
  greySlice,
  inferenceOn,
  maskExtent,
  temporaryFolder,
  watchedEngines,
} from '../../tests/support/inference.ts';
import { writeTinyCropSpecialist, writeTinyPromptable } from '../../tests/support/tiny-models.ts';
import type { Result } from '../../src-shared/result.ts';
import type { SliceImage } from './types.ts';

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};
const codeOf = (result: Result<unknown>) => (result.ok ? 'ok' : result.error.code);

/** 64 × 64, bright where x ≥ 32: one pixel of the tiny model's input per pixel. */
const halves = greySlice(64, 64, (x) => (x >= 32 ? 200 : 20));

describe('a box on a promptable model', () => {
  it('gives the mask that the model’s arithmetic says', async () => {
    const root = temporaryFolder();
    writeTinyPromptable(root);
    const service = inferenceOn(root);
    const mask = value(
      await service.segmentBox(
        { modelId: 'tiny-promptable', slice: halves, boxPx: [16, 8, 48, 40] },
        {},
      ),
    );
    // At a corner the bilinear weights multiply: one pixel of each has 0.625² < ½.
    expect(maskExtent(mask)).toEqual({ edgesPx: [32, 8, 48, 40], missingPx: 4 });
    expect(mask).toMatchObject({
      provider: 'cpu',
      embeddingCached: false,
      recipe: expect.stringContaining('stretch'),
    });
    expect(mask.encoderMs).toBeGreaterThan(0);
  });

  it('keeps its place in a slice that is not square', async () => {
    const root = temporaryFolder();
    writeTinyPromptable(root);
    const slice = greySlice(300, 200, (x) => (x >= 150 ? 250 : 0));
    const mask = value(
      await inferenceOn(root).segmentBox(
        { modelId: 'tiny-promptable', slice, boxPx: [75, 50, 225, 150] },
        {},
      ),
    );
    const { edgesPx } = maskExtent(mask);
    // One cell of the grid is 18.75 × 12.5 px here; the mask ends within half of one.
    [150, 50, 225, 150].forEach((edge, at) =>
      expect(Math.abs(edgesPx[at]! - edge)).toBeLessThan(at % 2 ? 6.3 : 9.4),
    );
  });

  it('shows colour pictures and slices stored upside down in their own pixels', async () => {
    const root = temporaryFolder();
    writeTinyPromptable(root);
    const service = inferenceOn(root);
    const rgb = new Uint8Array(64 * 64 * 3);
    for (let at = 0; at < 64 * 64; at += 1) rgb.fill(at % 64 >= 32 ? 240 : 10, at * 3, at * 3 + 3);
    const colour: SliceImage = { ...halves, data: rgb, channels: 3, contentKey: 'colour' };
    const flipped: SliceImage = { ...halves, flip: { x: true, y: true }, contentKey: 'flipped' };
    for (const slice of [colour, flipped]) {
      const mask = value(
        await service.segmentBox({ modelId: 'tiny-promptable', slice, boxPx: [16, 8, 48, 24] }, {}),
      );
      expect(maskExtent(mask)).toEqual({ edgesPx: [32, 8, 48, 24], missingPx: 4 });
    }
  });

  it('encodes a slice once, and not even once after a restart', async () => {
    const root = temporaryFolder();
    const cacheDir = temporaryFolder();
    writeTinyPromptable(root);
    const job = {
      modelId: 'tiny-promptable',
      slice: halves,
      boxPx: [16, 8, 48, 40] as [number, number, number, number],
    };
    const first = inferenceOn(root, { cacheDir });
    const fresh = value(await first.segmentBox(job, {}));
    const again = value(await first.segmentBox({ ...job, boxPx: [32, 8, 64, 40] }, {}));
    expect(again).toMatchObject({ encoderMs: null, embeddingCached: true });
    await first.close();

    const restarted = value(await inferenceOn(root, { cacheDir }).segmentBox(job, {}));
    expect(restarted).toMatchObject({ encoderMs: null, embeddingCached: true });
    expect(restarted.bits).toEqual(fresh.bits);
  });

  it('encodes anew where the kept embedding is damaged, or other pixels come under the same name', async () => {
    const root = temporaryFolder();
    const cacheDir = temporaryFolder();
    writeTinyPromptable(root);
    const job = {
      modelId: 'tiny-promptable',
      slice: halves,
      boxPx: [16, 8, 48, 40] as [number, number, number, number],
    };
    const first = inferenceOn(root, { cacheDir });
    const fresh = value(await first.segmentBox(job, {}));
    const other = { ...halves, data: new Uint8Array(64 * 64) };
    expect(value(await first.segmentBox({ ...job, slice: other }, {}))).toMatchObject({
      embeddingCached: false,
      areaPx: 0,
    });
    await first.close();

    const db = new Database(join(cacheDir, 'embeddings', 'embeddings.sqlite'));
    expect(db.prepare('UPDATE data SET embedding = zeroblob(1536)').run().changes).toBe(2);
    db.close();
    const after = value(await inferenceOn(root, { cacheDir }).segmentBox(job, {}));
    expect(after.embeddingCached).toBe(false);
    expect(after.bits).toEqual(fresh.bits);
  });
});

describe('the view of a promptable model', () => {
  it('is the whole slice with its own contrast, and what pads it is marked', async () => {
    const root = temporaryFolder();
    writeTinyPromptable(root);
    writeTinyPromptable(root, {
      id: 'padded',
      change: (manifest) => ({
        ...manifest,
        resize: { policy: 'longest-side-pad', filter: 'triangle' },
      }),
    });
    const service = inferenceOn(root);
    const slice = greySlice(64, 32, (x) => (x >= 32 ? 200 : 20));
    const job = { slice, boxPx: [16, 8, 48, 24] as [number, number, number, number] };
    const pixel = (rgba: Uint8Array, x: number, y: number) => [
      ...rgba.subarray((y * 64 + x) * 4, (y * 64 + x) * 4 + 4),
    ];
    const whole = value(await service.modelView({ ...job, modelId: 'tiny-promptable' }));
    expect(whole).toMatchObject({ widthPx: 64, heightPx: 64, sliceRectPx: [0, 0, 64, 32] });
    expect([pixel(whole.rgba, 5, 60), pixel(whole.rgba, 60, 60)]).toEqual([
      [0, 0, 0, 255],
      [255, 255, 255, 255],
    ]);
    const padded = value(await service.modelView({ ...job, modelId: 'padded' }));
    expect(padded.sliceRectPx).toEqual([0, 0, 64, 64]);
    expect([pixel(padded.rgba, 60, 31), pixel(padded.rgba, 60, 32)]).toEqual([
      [255, 255, 255, 255],
      [88, 40, 120, 255],
    ]);
  });
});

describe('a box on a crop specialist', () => {
  it('gives the mask that the model’s arithmetic says, upside down too', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const service = inferenceOn(root);
    for (const flip of [
      { x: false, y: false },
      { x: true, y: false },
      { x: false, y: true },
    ]) {
      const slice: SliceImage = { ...halves, flip };
      const mask = value(
        await service.segmentBox({ modelId: 'tiny-crop', slice, boxPx: [24, 20, 40, 36] }, {}),
      );
      expect(maskExtent(mask)).toEqual({ edgesPx: [32, 20, 40, 36], missingPx: 0 });
      expect(mask.encoderMs).toBeNull();
    }
  });

  it('gives the DSC that the model expects, and no figure from a model that expects none', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root, 'silent');
    writeTinyCropSpecialist(root, 'sure', { expectedDsc: { name: 'expected_dsc', lowBelow: 0.5 } });
    writeTinyCropSpecialist(root, 'wrong', { expectedDsc: { name: 'quality', lowBelow: 0.5 } });
    const service = inferenceOn(root);
    const ask = (modelId: string) =>
      service.segmentBox({ modelId, slice: halves, boxPx: [24, 20, 40, 36] }, {});
    expect(value(await ask('silent')).expectedDsc).toBeNull();
    // The box is a quarter of the crop.
    expect(value(await ask('sure')).expectedDsc).toBeCloseTo(0.25, 6);
    const wrong = await ask('wrong');
    expect(wrong.ok ? '' : wrong.error.detail).toContain('has no output "quality"');
  });

  it('gives the probability of each pixel that the crop shows, upside down too', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const service = inferenceOn(root);
    for (const x of [false, true]) {
      const slice: SliceImage = { ...halves, flip: { x, y: false } };
      const mask = value(
        await service.segmentBox({ modelId: 'tiny-crop', slice, boxPx: [20, 20, 40, 40] }, {}),
      );
      // The crop is 40 px wide, as long as the slice lasts; bright pixels in the box are sure, dark ones surely not.
      const { originPx, sizePx, bytes } = mask.probability!;
      expect([originPx, sizePx]).toEqual([
        [10, 10],
        [40, 40],
      ]);
      const at = (px: number, py: number) =>
        bytes[(py - originPx[1]) * sizePx[0] + px - originPx[0]];
      expect([at(36, 30), at(26, 30), at(46, 30), at(36, 14)]).toEqual([255, 0, 0, 0]);
      // The mask is where it is more likely than not.
      expect(bytes.filter((byte) => byte >= 128)).toHaveLength(mask.areaPx);
    }
  });

  it('shows what the network is given, and marks what lies outside the slice', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const view = value(
      await inferenceOn(root).modelView({
        modelId: 'tiny-crop',
        slice: halves,
        boxPx: [48, 24, 64, 40],
      }),
    );
    expect(view).toMatchObject({ widthPx: 32, heightPx: 32, sliceRectPx: [40, 16, 72, 48] });
    const pixel = (x: number, y: number) => [
      ...view.rgba.subarray((y * 32 + x) * 4, (y * 32 + x) * 4 + 4),
    ];
    // All of the slice that the crop shows is bright: no contrast, so the network is given zeros.
    expect(pixel(0, 0)).toEqual([0, 0, 0, 255]);
    expect(pixel(31, 0)).toEqual([88, 40, 120, 255]);
  });
});

describe('requests that cannot be answered', () => {
  it('are refused with the reason', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const service = inferenceOn(root);
    const ask = async (
      boxPx: [number, number, number, number],
      modelId = 'tiny-crop',
      slice = halves,
    ) => codeOf(await service.segmentBox({ modelId, slice, boxPx }, {}));
    expect(await ask([70, 10, 90, 30])).toBe('box-outside-image');
    expect(await ask([10, 10, 10.5, 30])).toBe('box-too-small');
    expect(await ask([NaN, 10, 20, 30])).toBe('box-outside-image');
    expect(await ask([10, 10, 20, 30], 'no-such-model')).toBe('model-not-found');
    expect(await ask([10, 10, 20, 30], 'tiny-crop', { ...halves, widthPx: 63 })).toBe(
      'invalid-request',
    );
  });

  it('name the file of a model that was changed on disk, and of one that is not the graph the manifest says', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const path = join(root, 'tiny-crop', 'network.onnx');
    const bytes = readFileSync(path);
    bytes[bytes.length - 40]! ^= 1;
    writeFileSync(path, bytes);
    const service = inferenceOn(root);
    const box: [number, number, number, number] = [10, 10, 20, 30];
    const damaged = await service.segmentBox(
      { modelId: 'tiny-crop', slice: halves, boxPx: box },
      {},
    );
    expect(damaged).toMatchObject({
      ok: false,
      error: {
        code: 'model-damaged',
        params: { file: 'network.onnx' },
        detail: expect.stringContaining('SHA-256'),
      },
    });
    expect(value(await service.verifyModel('tiny-crop'))).toMatchObject({ verified: false });

    writeTinyPromptable(root, {
      change: (manifest) => ({ ...manifest, output: { ...manifest.output, name: 'masks' } }),
    });
    const wrong = await service.segmentBox(
      { modelId: 'tiny-promptable', slice: halves, boxPx: box },
      {},
    );
    expect(wrong).toMatchObject({
      ok: false,
      error: { code: 'model-invalid', detail: expect.stringContaining('no output "masks"') },
    });
  });
});

describe('the queue before the engine', () => {
  const boxOf = (x: number): [number, number, number, number] => [x, 8, x + 16, 40];

  it('answers the running and the newest box of a lane; those between are superseded', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const service = inferenceOn(root);
    const ask = (x: number, lane: string) =>
      service.segmentBox({ modelId: 'tiny-crop', slice: halves, boxPx: boxOf(x) }, { lane });
    const answers = await Promise.all([ask(8, 'a'), ask(10, 'a'), ask(12, 'b'), ask(14, 'a')]);
    expect(answers.map(codeOf)).toEqual(['ok', 'superseded', 'ok', 'ok']);
  });

  it('puts a box before the rest of the background, and a new list in place of the old', async () => {
    const root = temporaryFolder();
    writeTinyPromptable(root);
    const order: string[] = [];
    const service = inferenceOn(root, { spawnEngine: watchedEngines((type) => order.push(type)) });
    const slices = [1, 2, 3, 4]
      .map((seed) => greySlice(64, 64, (x, y) => (x * seed + y) % 256))
      .map((slice, at) => ({ ...slice, contentKey: `${at}` }));
    expect(service.prefetch('tiny-promptable', slices)).toBe(4);
    const mask = service.segmentBox(
      { modelId: 'tiny-promptable', slice: halves, boxPx: boxOf(24) },
      {},
    );
    expect(service.prefetch('tiny-promptable', slices.slice(2))).toBe(2);
    value(await mask);
    const last = value(
      await service.segmentBox(
        { modelId: 'tiny-promptable', slice: slices[1]!, boxPx: boxOf(24) },
        {},
      ),
    );
    expect(last.embeddingCached).toBe(false);
    await until(() => service.status().state === 'ready' && service.status().queued === 0);
    const [third] = [
      value(
        await service.segmentBox(
          { modelId: 'tiny-promptable', slice: slices[3]!, boxPx: boxOf(24) },
          {},
        ),
      ),
    ];
    expect(third.embeddingCached).toBe(true);
    expect(order.slice(0, 3)).toEqual(['configure', 'encode', 'segment']);
    expect(order.filter((type) => type === 'encode')).toHaveLength(3);
    // What was prepared is not asked for again.
    expect(service.prefetch('tiny-promptable', slices.slice(2))).toBe(0);
  });

  it('lets go of a cancelled box, whether it waits or runs', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const asked: string[] = [];
    const service = inferenceOn(root, { spawnEngine: watchedEngines((type) => asked.push(type)) });
    const cancels = [new AbortController(), new AbortController()];
    const answers = [boxOf(8), boxOf(10), boxOf(12)].map((boxPx, at) =>
      service.segmentBox(
        { modelId: 'tiny-crop', slice: halves, boxPx },
        { ...(cancels[at] && { signal: cancels[at].signal }) },
      ),
    );
    for (const cancel of cancels) cancel.abort();
    expect((await Promise.all(answers)).map(codeOf)).toEqual(['cancelled', 'cancelled', 'ok']);
    expect(asked.filter((type) => type === 'segment')).toHaveLength(2);
  });

  it('answers everything that waits when it is closed', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const service = inferenceOn(root);
    const answers = [8, 10, 12].map((x) =>
      service.segmentBox({ modelId: 'tiny-crop', slice: halves, boxPx: boxOf(x) }, {}),
    );
    await service.close();
    expect((await Promise.all(answers)).map(codeOf)).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    expect(
      codeOf(
        await service.segmentBox({ modelId: 'tiny-crop', slice: halves, boxPx: boxOf(8) }, {}),
      ),
    ).toBe('cancelled');
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

it('names the model that was loaded last in its status, without the times of another', async () => {
  const root = temporaryFolder();
  writeTinyPromptable(root);
  writeTinyCropSpecialist(root);
  const service = inferenceOn(root);
  await service.segmentBox({ modelId: 'tiny-promptable', slice: halves, boxPx: [9, 9, 40, 40] }, {});
  expect(service.status().lastEncoderMs).toBeGreaterThan(0);
  await service.warmUp('tiny-crop');
  const times = { lastEncoderMs: null, lastDecoderMs: null };
  expect(service.status()).toMatchObject({ modelName: 'Model tiny-crop', ...times });
});
