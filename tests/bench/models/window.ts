import { mkdtempSync, rmSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { startHost } from '../../e2e/support/start-host.ts';
import { testBrowser } from '../../support/browser.ts';
import { writeFormulaModel } from '../../support/formula-model.ts';
import { connectToHost, type HostClient } from '../../support/host-client.ts';
import { thresholdWeights } from '../../support/threshold-weights.ts';
import { balls, writeCt } from '../ct-phantom.ts';
import { drawBox, visit } from '../page-measures.ts';
import { childrenOf, processorMs } from '../system.ts';
import { importFolder, openWindow } from '../workstation.ts';
import { quantile, type Row } from './figures.ts';
import { ms } from './networks.ts';

/*
 * MedSAM's network in the application's own window: an encoder run as the window waits for its mask, and boxes on
 * slices that are prepared. The weights give clear masks (`thresholdWeights`), whose shape says nothing of MedSAM's.
 */

/** As many as are prepared when the middle one is looked at; the first of the balls is in all of them. */
const SLICES = 5;
const [BALL] = balls;
const FIRST = BALL!.centre[2] - 2;
/** Between body and ball, of the brightest grey of a slice. */
const SHARE = 0.82;
const BOXES_PER_SLICE = 8;

async function firstEncoderMs({ api }: HostClient): Promise<number> {
  for (;;) {
    const { lastEncoderMs } = await api.models.engineStatus();
    if (lastEncoderMs !== null) return lastEncoderMs;
    await sleep(100);
  }
}

/** Nothing to do for two seconds. */
async function untilIdle({ api }: HostClient): Promise<void> {
  for (let idle = 0; idle < 20;) {
    const { state, queued } = await api.models.engineStatus();
    idle = state === 'ready' && queued === 0 ? idle + 1 : 0;
    await sleep(100);
  }
}

/** Opposite corners of a box `loose` pixels of the slice round the ball, in pixels of the page. */
async function corners(page: Page, loose = 2): Promise<[[number, number], [number, number]]> {
  const pane = (await page.getByTestId('pane-axial').boundingBox())!;
  const scale = Math.min(pane.width, pane.height) / 512;
  const corner = (side: 1 | -1): [number, number] => {
    const at = (axis: 0 | 1) => BALL!.centre[axis] + side * (BALL!.radiusPx + loose) - 256;
    return [pane.x + pane.width / 2 + at(0) * scale, pane.y + pane.height / 2 + at(1) * scale];
  };
  return [corner(-1), corner(1)];
}

async function drawAtOnce(page: Page): Promise<void> {
  const [from, to] = await corners(page);
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, { steps: 4 });
  await page.mouse.up();
}

/**
 * Pointer up to painted mask, ms, boxes spread over all slices; each is taken back before the next is drawn.
 * @throws Error when a mask is not that of the ball: an empty one would be painted sooner, one of everything later
 */
async function preparedBoxes(page: Page, { api }: HostClient, seriesId: string): Promise<number[]> {
  const times: number[] = [];
  const disc = Math.PI * BALL!.radiusPx ** 2;
  for (let slice = 0; slice < SLICES; slice += 1) {
    await visit(page, `/viewer/${seriesId}?axis=k&slice=${slice}`);
    await page.waitForTimeout(1500);
    for (let box = 0; box < BOXES_PER_SLICE; box += 1) {
      // No two are alike: the answer to the same box is still at hand.
      times.push(await drawBox(page, await corners(page, 3 + box), { steps: 4, pauseMs: 0 }));
      const state = await api.segmentation.state({ seriesId });
      const mask = state.ok ? state.value.masks[0] : undefined;
      if (!mask || mask.areaPx < disc / 4 || mask.areaPx > 3 * disc)
        throw new Error(`The mask is not that of the ball: ${JSON.stringify(mask)}`);
      await page.keyboard.press('Control+z');
      await page.getByTestId('box').waitFor({ state: 'detached' });
    }
  }
  return times;
}

export async function windowRows(say: (text: string) => void): Promise<Row[]> {
  const root = mkdtempSync(join(tmpdir(), 'medsam-workstation-bench-window-'));
  const library = join(root, 'library');
  const rows: Row[] = [];
  try {
    say('Writing a model of clear masks …');
    const change = thresholdWeights(SHARE);
    const { id } = await writeFormulaModel(join(library, 'models'), 'bench', 'sam-vit-b', {
      change,
    });
    const ct = join(root, 'ct');
    writeCt(ct, SLICES, FIRST);
    const host = await startHost(library);
    const client = await connectToHost(host.address);
    const { executablePath, args } = await testBrowser();
    const browser = await chromium.launch({ executablePath, args });
    const windows = childrenOf(process.pid).filter((pid) => pid !== host.process.pid);
    const windowMs = () => windows.reduce((sum, pid) => sum + processorMs(pid), 0);
    try {
      const { api } = client;
      const chosen = await api.models.setDefault({ modelId: id });
      if (!chosen.ok) throw new Error(chosen.error.code);
      // The first start makes the sample patient; that must not share the processor with what is measured.
      while ((await api.library.list({})).total === 0) await sleep(200);
      const seriesId = await importFolder(client, ct);
      const page = await openWindow(browser, await host.nextAddress());
      say('Opening …');
      await visit(page, `/viewer/${seriesId}?axis=k&slice=2`);
      await page.getByTestId('pane-axial').waitFor();
      await page.waitForTimeout(1500);
      await page.keyboard.press('b');
      say('A box on a slice that is not prepared …');
      await drawAtOnce(page);
      await page.waitForTimeout(1000);
      const [began, windowBefore] = [performance.now(), windowMs()];
      const encoderMs = await firstEncoderMs(client);
      const share = (windowMs() - windowBefore) / (performance.now() - began);
      rows.push(['Encoder run while the window waits for its mask', ms(encoderMs)]);
      if (platform() === 'linux')
        rows.push(['… cores that the window takes meanwhile', share.toFixed(2)]);
      say('Boxes on slices that are prepared …');
      await untilIdle(client);
      await page.keyboard.press('Control+z');
      const times = await preparedBoxes(page, client, seriesId);
      const spread = `p50 ${ms(quantile(times, 0.5))}, p95 ${ms(quantile(times, 0.95))}`;
      rows.push(['Box → painted mask, slice prepared', `${spread} (n = ${times.length})`]);
      client.close();
    } finally {
      await browser.close();
      host.process.kill('SIGTERM');
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return rows;
}
