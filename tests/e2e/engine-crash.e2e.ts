import { enginePid } from './support/engine-process.ts';
import { expect, test } from './support/files.ts';
import { lesionBox } from './support/lesion-series.ts';
import { openLesionSeries } from './support/viewer-page.ts';
import type { Workstation } from './support/workstation.ts';

test.skip(process.platform === 'win32', 'Windows cannot halt a process in the middle of its work.');

/** Halts the engine, so that a box is certain to wait for its answer. */
async function haltEngine(workstation: Workstation): Promise<number> {
  await expect(workstation.page.locator('.bar .state')).toHaveText('Engine ready', { timeout: 60_000 });
  const pid = enginePid(workstation.process.pid!);
  if (pid === null) throw new Error('The host has no engine process.');
  process.kill(pid, 'SIGSTOP');
  return pid;
}

const { from, to } = lesionBox.axial;

test('the mask arrives although the engine dies while it makes it', async ({ workstation }) => {
  const viewer = await openLesionSeries(workstation.page);
  const engine = await haltEngine(workstation);
  await viewer.drag('axial', from, to);
  await expect(viewer.pane('axial').locator('[data-testid=box].pending.waits')).toHaveCount(1);
  process.kill(engine, 'SIGKILL');

  await viewer.hasAnswered('axial', 1);
  await expect.poll(() => viewer.volumeMl()).toBeGreaterThan(0);
  await expect(workstation.page.locator('.bar')).toContainText('Engine restarted 1×');
  expect(enginePid(workstation.process.pid!)).not.toBe(engine);
});

test('what was stored is there after a kill of the whole workstation', async ({ workstation }) => {
  let viewer = await openLesionSeries(workstation.page);
  await viewer.drag('axial', from, to);
  await viewer.hasAnswered('axial', 1);
  const volumeMl = await viewer.volumeMl();
  await workstation.kill();
  await expect(workstation.page.getByRole('alert')).toContainText('The connection to the workstation is lost');

  viewer = await openLesionSeries(await workstation.restart());
  await viewer.hasAnswered('axial', 1);
  await expect.poll(() => viewer.volumeMl()).toBe(volumeMl);
});

test('a box that had no answer yet is answered after a kill of the whole workstation', async ({ workstation }) => {
  let viewer = await openLesionSeries(workstation.page);
  const engine = await haltEngine(workstation);
  await viewer.drag('axial', from, to);
  await expect(viewer.pane('axial').locator('[data-testid=box].pending')).toHaveCount(1);
  // Only what is stored can be taken back.
  await expect.poll(() => viewer.undoStep()).toBe('Add box, Lesion 1, slice 13');
  await workstation.kill();
  process.kill(engine, 'SIGKILL');

  viewer = await openLesionSeries(await workstation.restart());
  await viewer.hasAnswered('axial', 1);
  await expect.poll(() => viewer.volumeMl()).toBeGreaterThan(0);
});
