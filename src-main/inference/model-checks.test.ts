import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { greySlice, inferenceOn, temporaryFolder } from '../../tests/support/inference.ts';
import { writeTinyCropSpecialist, writeTinyPromptable } from '../../tests/support/tiny-models.ts';
import { createModelRegistry } from '../models/registry.ts';
import { createCheckRecords } from './check-records.ts';

const registryOn = (root: string) =>
  createModelRegistry({ folders: [root], chosenDefault: () => null });
const resolved = (root: string, id: string) => {
  const model = registryOn(root).resolve(id);
  if (!model.ok) throw new Error(model.error.detail);
  return model.value;
};

describe('verifying a model', () => {
  it('says on which providers its numbers are right, how fast it is, and keeps that', async () => {
    const [root, cacheDir] = [temporaryFolder(), temporaryFolder()];
    writeTinyCropSpecialist(root);
    const service = inferenceOn(root, { cacheDir });
    const answer = await service.verifyModel('tiny-crop');
    expect(answer).toMatchObject({
      ok: true,
      value: {
        verified: true,
        providers: [{ provider: 'cpu', passed: true, detail: '', encoderMs: null }],
      },
    });
    const { sha256 } = resolved(root, 'tiny-crop');
    const [kept] = service.checksOf(sha256);
    expect(kept).toMatchObject({ provider: 'cpu', passed: true });
    expect(kept!.decoderMs).toBeGreaterThan(0);
    expect(kept!.loadMs).toBeGreaterThan(0);
    expect(inferenceOn(root, { cacheDir }).checksOf(sha256)).toEqual([kept]);
    expect(service.checksOf('0'.repeat(64))).toEqual([]);
  });

  it('names the numbers that are off', async () => {
    const root = temporaryFolder();
    const manifest = writeTinyCropSpecialist(root);
    manifest.verification.expected.logits[0]!.value += 1;
    writeFileSync(join(root, 'tiny-crop', 'model.json'), JSON.stringify(manifest));
    const answer = await inferenceOn(root).verifyModel('tiny-crop');
    expect(answer).toMatchObject({
      ok: true,
      value: {
        verified: false,
        providers: [
          { passed: false, detail: expect.stringMatching(/^largest difference of a logit 1\.00/) },
        ],
      },
    });
  });
});

describe('trying a model', () => {
  const slice = greySlice(64, 64, (x) => (x < 32 ? 40 : 200));
  const boxPx = [16, 16, 48, 48] as [number, number, number, number];

  it('gives its numbers without it being installed, and its times', async () => {
    const root = temporaryFolder();
    writeTinyPromptable(root);
    const service = inferenceOn(temporaryFolder());
    const trial = await service.tryModel({
      model: resolved(root, 'tiny-promptable'),
      provider: 'cpu',
      slice,
      boxPx,
    });
    if (!trial.ok) throw new Error(trial.error.detail);
    // The right half of the box, which is bright, but for a pixel where interpolation rounds a corner.
    expect(trial.value.areaPx).toBeGreaterThanOrEqual(16 * 32 - 4);
    expect(trial.value.areaPx).toBeLessThanOrEqual(16 * 32);
    expect(trial.value.logits).toHaveLength(256);
    expect(trial.value.encoderMs).toBeGreaterThan(0);
  });

  it('ends when it is cancelled', async () => {
    const root = temporaryFolder();
    writeTinyPromptable(root, { work: 400 });
    const abort = new AbortController();
    const trial = inferenceOn(root).tryModel(
      { model: resolved(root, 'tiny-promptable'), provider: 'cpu', slice, boxPx },
      abort.signal,
    );
    setTimeout(() => abort.abort(), 500);
    expect(await trial).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });
});

describe('records of checks', () => {
  const check = {
    provider: 'cpu' as const,
    passed: true,
    detail: '',
    checkedAt: '2026-01-01T00:00:00.000Z',
    loadMs: 1,
    encoderMs: null,
    decoderMs: 2,
  };

  it('hold only for the runtime and drivers that they were made with', () => {
    const path = join(temporaryFolder(), 'model-checks.json');
    createCheckRecords(path, () => 'old driver').keep('a', [check]);
    expect(createCheckRecords(path, () => 'old driver').of('a')).toEqual([check]);
    expect(createCheckRecords(path, () => 'new driver').of('a')).toEqual([]);
  });

  it('that are damaged are none', () => {
    const path = join(temporaryFolder(), 'model-checks.json');
    writeFileSync(path, '{ "a": ');
    const records = createCheckRecords(path, () => 'x');
    expect(records.of('a')).toEqual([]);
    records.keep('b', [check]);
    expect(records.of('b')).toEqual([check]);
  });
});
