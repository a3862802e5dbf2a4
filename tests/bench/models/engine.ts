import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { createInferenceService } from '../../../src-main/inference/service.ts';
import type { InferenceController, SliceImage } from '../../../src-main/inference/types.ts';
import { createModelRegistry } from '../../../src-main/models/registry.ts';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { Result } from '../../../src-shared/result.ts';
import { median, quantile, type Row } from './figures.ts';

/*
 * The engine as the application runs it: slice and box in, mask out, with the queue, the cache and the messages between
 * processes. What the window does before and after is not in these figures.
 */

const SIDE = 512;
const CACHED_BOXES = 40;

/** A slice of 16-bit values by formula; none is like another. */
function slice(number: number): SliceImage {
  const data = Int16Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    return Math.round(200 * Math.sin((x + 7 * number) / 23) * Math.cos(y / 31) + ((x * y) % 50));
  });
  return {
    data,
    widthPx: SIDE,
    heightPx: SIDE,
    channels: 1,
    intensityRange: [-160, 240],
    zeroStaysZero: false,
    flip: { x: false, y: false },
    contentKey: `bench ${number}`,
    seriesId: null,
    isHounsfield: false,
  };
}

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};
const ms = (time: number) => `${time.toFixed(0)} ms`;

export async function engineRows(
  { folder, rounds }: { folder: string; rounds: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const modelId = folder.slice(dirname(folder).length + 1);
  const cacheDir = mkdtempSync(join(tmpdir(), 'medsam-workstation-bench-cache-'));
  const start = () =>
    createInferenceService({
      models: createModelRegistry({ folders: [dirname(folder)], chosenDefault: () => null }),
      settings: { provider: 'cpu', embeddingCacheBytes: 1024 ** 3 },
      cacheDir,
      log: { info: () => undefined, warn: ({ ...details }) => say(JSON.stringify(details)) },
    });
  const box = (at: number): BoxPx => [100 + at, 120, 240 + at, 280];
  let number = 0;
  const fresh = () => slice((number += 1));
  const timed = async (service: InferenceController, job: { slice: SliceImage; at: number }) => {
    const began = performance.now();
    const ask = { modelId, slice: job.slice, boxPx: box(job.at) };
    const mask = value(await service.segmentBox(ask, {}));
    return { ms: performance.now() - began, cached: mask.embeddingCached };
  };
  const rows: Row[] = [];
  let service = start();
  try {
    say('Loading the model in the engine …');
    const began = performance.now();
    await service.warmUp(modelId);
    if (service.status().error) throw new Error(JSON.stringify(service.status().error));
    rows.push(['Engine: start, check of hashes, load', ms(performance.now() - began)]);

    say('Uncached slices, idle and while others are encoded …');
    const [idle, busy]: [number[], number[]] = [[], []];
    await timed(service, { slice: fresh(), at: 0 });
    const known = fresh();
    for (let round = 0; round < rounds; round += 1) {
      idle.push((await timed(service, { slice: fresh(), at: 0 })).ms);
      service.prefetch(modelId, Array.from({ length: 4 }, fresh));
      // In the middle of a piece, at another place each round.
      await new Promise((resolve) => setTimeout(resolve, 1000 + 370 * round));
      busy.push((await timed(service, { slice: fresh(), at: 0 })).ms);
      service.prefetch(modelId, [known]);
      while (service.status().queued > 0 || service.status().state !== 'ready')
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    rows.push([
      'Uncached slice, box → mask, while others are encoded, to idle',
      `${(median(busy) / median(idle)).toFixed(2)} ×  (${ms(median(busy))} to ${ms(median(idle))}; n = ${rounds})`,
    ]);

    say('Cached slices …');
    await service.close();
    service = start();
    const again = performance.now();
    await service.warmUp(modelId);
    rows.push(['… and once more', ms(performance.now() - again)]);
    const restarted = await timed(service, { slice: known, at: 0 });
    rows.push([
      'First box after a restart on a cached slice',
      `${ms(restarted.ms)}${restarted.cached ? '' : ' (NOT cached)'}`,
    ]);
    const times: number[] = [];
    for (let at = 1; at <= CACHED_BOXES; at += 1)
      times.push((await timed(service, { slice: known, at })).ms);
    rows.push([
      'Cached slice, box → mask',
      `p50 ${ms(quantile(times, 0.5))}, p95 ${ms(quantile(times, 0.95))} (n = ${CACHED_BOXES})`,
    ]);
  } finally {
    await service.close();
    rmSync(cacheDir, { recursive: true, force: true });
  }
  return rows;
}
