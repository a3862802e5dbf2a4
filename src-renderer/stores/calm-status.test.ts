import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EngineStatus } from '../../src-shared/contract/models.ts';
import { calmStatus } from './calm-status.ts';

const ready: EngineStatus = {
  state: 'ready',
  modelId: 'a',
  modelName: 'A',
  provider: 'cpu',
  probes: [],
  queued: 0,
  restarts: 0,
  lastEncoderMs: null,
  lastDecoderMs: null,
};
const states = (shown: EngineStatus[]) => shown.map(({ state }) => state);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('shows nothing of a box that is answered soon but its time, a little later', () => {
  const shown: EngineStatus[] = [];
  const tell = calmStatus((status) => shown.push(status));
  tell(ready);
  tell({ ...ready, state: 'busy' });
  vi.advanceTimersByTime(100);
  tell({ ...ready, lastDecoderMs: 35 });
  expect(shown).toEqual([ready]);
  vi.advanceTimersByTime(400);
  expect(shown).toEqual([ready, { ...ready, lastDecoderMs: 35 }]);
});

it('shows that the engine works when it goes on doing so, also while its state changes without rest', () => {
  const shown: EngineStatus[] = [];
  const tell = calmStatus((status) => shown.push(status));
  tell(ready);
  for (let n = 0; n < 20; n++) {
    tell({ ...ready, state: n % 2 ? 'ready' : 'busy', queued: n });
    vi.advanceTimersByTime(100);
  }
  expect(shown.length).toBeGreaterThanOrEqual(5);
  expect(shown.length).toBeLessThanOrEqual(7);
});

it('shows at once what lasts: a failure, a restart, another model', () => {
  const shown: EngineStatus[] = [];
  const tell = calmStatus((status) => shown.push(status));
  tell(ready);
  tell({ ...ready, state: 'busy' });
  tell({ ...ready, state: 'failed' });
  tell({ ...ready, state: 'restarting', restarts: 1 });
  tell({ ...ready, restarts: 1, modelId: 'b', modelName: 'B' });
  expect(states(shown)).toEqual(['ready', 'failed', 'restarting', 'ready']);
  vi.advanceTimersByTime(1000);
  expect(shown).toHaveLength(4);
});
