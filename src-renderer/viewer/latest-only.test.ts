import { expect, it } from 'vitest';
import { latestOnly } from './latest-only.ts';

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

it('has one task in flight and runs once more for all calls made meanwhile', async () => {
  let state = 0;
  let running = 0;
  let most = 0;
  const seen: number[] = [];
  const run = latestOnly(async () => {
    most = Math.max(most, ++running);
    const now = state;
    await soon();
    seen.push(now);
    running--;
  });
  const calls = [];
  for (state = 1; state <= 5; state++) calls.push(run());
  state = 5;
  await Promise.all(calls);
  expect(seen).toEqual([1, 5]);
  await run();
  expect(most).toBe(1);
});

it('goes on after a failure, which only its own callers see', async () => {
  let fails = true;
  const run = latestOnly(async () => {
    await soon();
    if (fails) throw new Error('no');
  });
  const first = run();
  const second = run();
  await expect(first).rejects.toThrow('no');
  fails = false;
  await expect(second).resolves.toBeUndefined();
});
