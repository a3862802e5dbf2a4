import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { startHost } from '../../e2e/support/start-host.ts';
import { testBrowser } from '../../support/browser.ts';
import { connectToHost, type HostClient } from '../../support/host-client.ts';
import { writeCt } from '../ct-phantom.ts';
import { visit } from '../page-measures.ts';
import { childrenOf, processorMs } from '../system.ts';
import { importFolder, openWindow } from '../workstation.ts';
import type { Row } from './figures.ts';
import { ms } from './networks.ts';

/*
 * An encoder run as the application's own window waits for its mask. Boxes on prepared slices are not measured here:
 * with weights by formula masks are noise, and to paint and measure noise takes longer than any mask of a lesion.
 */

/** Few, so that they are there soon. */
const SLICES = 5;

/** All files of a model, without their bytes. */
function linkModel(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) linkSync(join(from, name), join(to, name));
}

async function firstEncoderMs({ api }: HostClient): Promise<number> {
  for (;;) {
    const { lastEncoderMs } = await api.models.engineStatus();
    if (lastEncoderMs !== null) return lastEncoderMs;
    await sleep(100);
  }
}

async function drawSquare(page: Page): Promise<void> {
  const pane = (await page.getByTestId('pane-axial').boundingBox())!;
  const [x, y] = [pane.x + pane.width / 2, pane.y + pane.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 40, y + 40, { steps: 4 });
  await page.mouse.up();
}

export async function windowRows(
  { folder }: { folder: string },
  say: (text: string) => void,
): Promise<Row[]> {
  // Beside the model, so that its files can be linked.
  const root = mkdtempSync(join(dirname(folder), 'window-'));
  const library = join(root, 'library');
  const rows: Row[] = [];
  try {
    linkModel(folder, join(library, 'models', 'bench'));
    const ct = join(root, 'ct');
    writeCt(ct, SLICES);
    const host = await startHost(library);
    const client = await connectToHost(host.address);
    const { executablePath, args } = await testBrowser();
    const browser = await chromium.launch({ executablePath, args });
    const windows = childrenOf(process.pid).filter((pid) => pid !== host.process.pid);
    const windowMs = () => windows.reduce((sum, pid) => sum + processorMs(pid), 0);
    try {
      const { api } = client;
      const model = (await api.models.list()).find(({ id }) => id === basename(folder));
      if (!model) throw new Error('The library does not list the model.');
      const chosen = await api.models.setDefault({ modelId: model.id });
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
      await drawSquare(page);
      await page.waitForTimeout(1000);
      const [began, windowBefore] = [performance.now(), windowMs()];
      const encoderMs = await firstEncoderMs(client);
      const share = (windowMs() - windowBefore) / (performance.now() - began);
      rows.push(['Encoder run while the window waits for its mask', ms(encoderMs)]);
      if (platform() === 'linux')
        rows.push(['… cores that the window takes meanwhile', share.toFixed(2)]);
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
