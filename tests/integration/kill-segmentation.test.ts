import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import type { SliceMask } from '../../src-shared/contract/segmentation.ts';
import { openDatabase } from '../../src-main/library/database.ts';
import { createSegmentationService } from '../../src-main/segmentation/service.ts';
import { ballGeometry, ballVoxels } from '../support/segmentation-fixture.ts';
import { memoryVolumes, temporaryFolder } from '../support/test-library.ts';
import { ThresholdInference, thresholdModels } from '../support/threshold-inference.ts';

interface Acknowledged {
  mask: SliceMask;
  replaced: string | null;
}

/** Starts the writer, kills it outright after so many acknowledged boxes, and returns those. */
async function writeAndKill(folder: string, boxes: number): Promise<Acknowledged[]> {
  const script = join(import.meta.dirname, '../support/segmentation-writer.ts');
  const writer = spawn(process.execPath, [script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => writer.once('exit', resolve));
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    // A line cut off by the kill was not acknowledged in full.
    if (line.endsWith('}')) acknowledged.push(JSON.parse(line) as Acknowledged);
    if (acknowledged.length === boxes) writer.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}

test.each([1, 7, 40])(
  'after a kill following %i boxes everything acknowledged is there',
  async (boxes) => {
    const folder = temporaryFolder();
    try {
      const acknowledged = await writeAndKill(folder.path, boxes);
      expect(acknowledged.length).toBeGreaterThanOrEqual(boxes);
      const database = openDatabase(folder.path);
      expect(database.sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(database.sqlite.pragma('foreign_key_check')).toEqual([]);
      const service = createSegmentationService({
        database,
        volumes: memoryVolumes({ ball: { geometry: ballGeometry, voxels: ballVoxels } }),
        inference: new ThresholdInference(),
        models: thresholdModels,
        settings: { get: () => ({ reader: '' }) },
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
        appVersion: '0.1.0',
      });
      await service.resumed;
      const state = await service.state('ball');
      if (!state.ok) throw new Error(state.error.code);
      const masks = new Map(state.value.masks.map((mask) => [mask.id, mask]));
      const replaced = new Set(acknowledged.map((one) => one.replaced));
      for (const { mask } of acknowledged) {
        if (replaced.has(mask.id)) continue;
        // The last acknowledged box may have been replaced by one that was stored but not acknowledged.
        if (masks.has(mask.id)) expect(masks.get(mask.id)).toEqual(mask);
        else expect(mask).toEqual(acknowledged.at(-1)!.mask);
        expect(service.maskBytes(mask.id)?.length).toBe(mask.sizePx[0] * mask.sizePx[1]);
      }
      // Nothing half done: every box that was stored has its mask now, and every one its edit.
      expect(state.value.masks.every((mask) => mask.state === 'done')).toBe(true);
      let steps = 0;
      while (service.undo('ball').ok) steps++;
      expect(await service.state('ball')).toMatchObject({
        ok: true,
        value: { segments: [], masks: [] },
      });
      expect(steps - 1 - acknowledged.length).toBeGreaterThanOrEqual(0);
      expect(steps - 1 - acknowledged.length).toBeLessThanOrEqual(1);
      await service.close();
      database.close();
    } finally {
      folder.remove();
    }
  },
);
