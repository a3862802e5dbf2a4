import { describe, expect, it } from 'vitest';
import {
  greySlice,
  inferenceOn,
  maskExtent,
  temporaryFolder,
  watchedEngines,
} from '../../tests/support/inference.ts';
import { writeTinyCropSpecialist } from '../../tests/support/tiny-models.ts';
import type { Result } from '../../src-shared/result.ts';
import type { BoxMask } from './types.ts';

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};
const codeOf = (result: Result<unknown>) => (result.ok ? 'ok' : result.error.code);
const halves = greySlice(64, 64, (x) => (x >= 32 ? 200 : 20));

describe('an engine that ends under its work', () => {
  const box: [number, number, number, number] = [24, 20, 40, 36];
  const job = { modelId: 'tiny-crop', slice: halves, boxPx: box };

  async function withKills(kills: number) {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    let left = kills;
    const spawnEngine = watchedEngines((type, engine) => {
      if (type !== 'segment' || left === 0) return;
      left -= 1;
      engine.kill();
    });
    const service = inferenceOn(root, { spawnEngine });
    const states: string[] = [];
    service.onStatus(({ state }) => states.push(state));
    const answers: Result<BoxMask>[] = await Promise.all([
      service.segmentBox(job, {}),
      service.segmentBox(job, {}),
    ]);
    return { answers, service, states };
  }

  it('is started again, and the box is answered as if nothing had been', async () => {
    const { answers, service, states } = await withKills(1);
    expect(answers.map((answer) => maskExtent(value(answer)).edgesPx)).toEqual([
      [32, 20, 40, 36],
      [32, 20, 40, 36],
    ]);
    expect(service.status()).toMatchObject({ restarts: 1, state: 'ready' });
    expect(states).toContain('restarting');
  });

  it('costs the box that ended it twice, and nothing else', async () => {
    const { answers, service } = await withKills(2);
    expect(answers.map(codeOf)).toEqual(['engine-crashed', 'ok']);
    expect(service.status()).toMatchObject({ restarts: 2, state: 'ready' });
  });

  it('is ended and started again when it hangs', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const answer = await inferenceOn(root, { watchdogMs: 1 }).segmentBox(job, {});
    expect(answer).toMatchObject({
      ok: false,
      error: { code: 'engine-crashed', detail: expect.stringContaining('no answer') },
    });
  });

  it('says so when it cannot be started, and works when it can', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    let broken = true;
    const good = watchedEngines(() => undefined);
    const service = inferenceOn(root, {
      spawnEngine: () => {
        if (broken) throw new Error('no such file');
        return good();
      },
    });
    expect(await service.segmentBox(job, {})).toMatchObject({
      error: { code: 'engine-unavailable', detail: expect.stringContaining('no such file') },
    });
    expect(service.status().state).toBe('failed');
    broken = false;
    expect(codeOf(await service.segmentBox(job, {}))).toBe('ok');
    expect(service.status().error).toBeUndefined();
  });
});

describe('an engine that never comes up', () => {
  it('does not hold up the end of the application', async () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    let killed = 0;
    const service = inferenceOn(root, {
      settings: { provider: 'webgpu', embeddingCacheBytes: 1024 ** 2 },
      spawnEngine: () => {
        const listeners: ((how: string) => void)[] = [];
        return {
          send: () => undefined,
          onMessage: () => undefined,
          onExit: (listener) => listeners.push(listener),
          kill() {
            killed += 1;
            for (const listener of listeners) listener('ended by SIGKILL');
          },
        };
      },
    });
    const box: [number, number, number, number] = [24, 20, 40, 36];
    const answer = service.segmentBox({ modelId: 'tiny-crop', slice: halves, boxPx: box }, {});
    const probes = service.probeProviders();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const start = performance.now();
    await service.close();
    // It had half a minute to come up.
    expect(performance.now() - start).toBeLessThan(5000);
    expect(codeOf(await answer)).toBe('cancelled');
    expect(await probes).toEqual([]);
    expect(killed).toBe(2);
  });
});
