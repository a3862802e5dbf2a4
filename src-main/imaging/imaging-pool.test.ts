import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryFile } from '../entry-file.ts';
import { createImagingPool, type ImagingPool } from './imaging-pool.ts';
import type { PlannedSeries } from './types.ts';

const phantoms = join(import.meta.dirname, '../../tests/fixtures/phantoms');
let tempDir: string;
let pool: ImagingPool;
beforeAll(async () => {
  tempDir = await mkdtemp(join(tmpdir(), 'pool-'));
  pool = createImagingPool();
});
afterAll(async () => {
  await pool.close();
  await rm(tempDir, { recursive: true });
});

async function planOne(name: string): Promise<PlannedSeries> {
  const plan = await pool.plan([join(phantoms, name)], { tempDir });
  return plan.series[0]!;
}

describe('imaging pool', () => {
  it('plans and decodes in a worker', async () => {
    const decoded = await pool.decode(await planOne('local.mha'));
    expect(decoded.ok && decoded.value.voxels.constructor).toBe(Int16Array);
    expect(decoded.ok && decoded.value.valueRange).toEqual([0, 205]);
  });

  it('tells of a series that cannot be decoded and goes on with the next', async () => {
    const planned = await planOne('rgb.png');
    const path = join(tempDir, 'gone.png');
    await writeFile(path, 'no picture any more');
    const bad = { ...planned, files: [{ path, shownPath: 'gone.png' }] };
    const [first, second] = await Promise.all([pool.decode(bad), pool.decode(planned)]);
    expect(first).toMatchObject({
      ok: false,
      error: { code: 'decode-failed', params: { path: 'gone.png' } },
    });
    expect(second.ok).toBe(true);
  });

  it('survives a worker that dies', async () => {
    const planned = await planOne('local.mha');
    const workerFile = join(tempDir, 'mortal-worker.mjs');
    await writeFile(
      workerFile,
      `import { parentPort } from 'node:worker_threads';
       await import(${JSON.stringify(pathToFileURL(entryFile('imaging-worker')).href)});
       parentPort.on('message', (request) => request.planned.description === 'mortal' && process.exit(9));`,
    );
    const own = createImagingPool({ size: 1, workerFile });
    const [dead, alive] = await Promise.all([
      own.decode({ ...planned, description: 'mortal' }),
      own.decode(planned),
    ]);
    expect(dead).toMatchObject({
      ok: false,
      error: { code: 'decode-failed', params: { issue: 'decode-failed' } },
    });
    expect(alive.ok).toBe(true);
    await own.close();
  });

  it('cancels by signal, before and during the work', async () => {
    const planned = await planOne('local.mha');
    await expect(pool.decode(planned, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
    const controller = new AbortController();
    const running = pool.plan([phantoms], { tempDir, signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toThrow(/abort/);
    expect((await pool.decode(planned)).ok).toBe(true);
  });

  it('runs more jobs than workers, each with its own answer', async () => {
    const names = ['local.mha', 'grey.png', 'lps.nrrd', 'rgb.png', 'slope.nii.gz'];
    const planned = await Promise.all(names.map(planOne));
    const sizes = (await Promise.all(planned.map((series) => pool.decode(series)))).map(
      (result) => result.ok && result.value.voxels.length,
    );
    expect(sizes).toEqual([960, 187, 960, 561, 960]);
  });

  it('ends all jobs when closed, and takes no more', async () => {
    const own = createImagingPool({ size: 1 });
    const plan = () =>
      own.plan([phantoms], { tempDir }).then(
        () => 'planned',
        (error) => error.name,
      );
    const [running, waiting] = [plan(), plan()];
    await own.close();
    expect(await Promise.all([running, waiting, plan()])).toEqual(Array(3).fill('AbortError'));
  });
});
