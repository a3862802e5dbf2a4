import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { startHost } from '../../e2e/support/start-host.ts';
import { testBrowser } from '../../support/browser.ts';
import { connectToHost, type HostClient } from '../../support/host-client.ts';
import { writeCt } from '../ct-phantom.ts';
import { beginSegment, drawBox, visit } from '../page-measures.ts';
import { childrenOf, processorMs } from '../system.ts';
import { quantile, type Row } from './figures.ts';
import { ms } from './networks.ts';

/*
 * The model in the application's own window: pointer up to painted mask. The weights are made by formula, so the masks
 * mean nothing; what they cost is the same.
 */

/** Few, so that all are prepared soon. */
const SLICES = 4;
const BOXES = 40;
const SLOWLY = { steps: 20, pauseMs: 25 };

/** All files of a model, without their bytes. */
function linkModel(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) linkSync(join(from, name), join(to, name));
}

async function settled({ api }: HostClient): Promise<number> {
  for (;;) {
    const { state, queued, lastEncoderMs } = await api.models.engineStatus();
    if (state === 'ready' && queued === 0) return lastEncoderMs ?? NaN;
    await sleep(200);
  }
}

async function imported({ api }: HostClient, folder: string): Promise<string> {
  const started = await api.imports.startPaths({ paths: [folder] });
  if (!started.ok) throw new Error(started.error.code);
  let seriesId = '';
  for await (const event of await api.imports.progress(started.value))
    seriesId = event.summary?.accepted[0]?.id ?? seriesId;
  return seriesId;
}

/** A small box at each number, apart from all others, since a pointer on a box moves it. */
async function boxAt(page: Page, number: number): Promise<[[number, number], [number, number]]> {
  const pane = (await page.getByTestId('pane-axial').boundingBox())!;
  const side = Math.min(pane.width, pane.height);
  const x = pane.x + pane.width / 2 + side * 0.1 * ((number % 7) - 3.5);
  const y = pane.y + pane.height / 2 + side * 0.1 * (Math.floor(number / 7) - 3);
  return [
    [x, y],
    [x + side * 0.06, y + side * 0.06],
  ];
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
      const seriesId = await imported(client, ct);
      const page = await (
        await browser.newContext({ viewport: { width: 1280, height: 800 } })
      ).newPage();
      await page.goto(await host.nextAddress());
      await page.getByTestId('library-search').waitFor();
      say('Opening …');
      await visit(page, `/viewer/${seriesId}?axis=k&slice=2`);
      await page.getByTestId('pane-axial').waitFor();
      await page.waitForTimeout(1500);
      await page.keyboard.press('b');
      say('A box on a slice that is not prepared …');
      const began = performance.now();
      const windowBefore = windowMs();
      const first = await drawBox(page, await boxAt(page, 0), { steps: 4, pauseMs: 0 });
      const share = (windowMs() - windowBefore) / (performance.now() - began);
      rows.push(['In the window: a box on a slice not prepared', ms(first)]);
      if (platform() === 'linux')
        rows.push(['… cores that the window took meanwhile', share.toFixed(2)]);
      say('Waiting until all slices are prepared …');
      rows.push(['… encoder run of a prepared slice', ms(await settled(client))]);
      say('Boxes on a prepared slice …');
      const times: number[] = [];
      for (let number = 1; number <= BOXES; number += 1) {
        await beginSegment(page);
        await page.waitForTimeout(700);
        times.push(await drawBox(page, await boxAt(page, number), SLOWLY));
      }
      rows.push([
        'In the window: prepared slice, pointer up → painted mask',
        `p50 ${ms(quantile(times, 0.5))}, p95 ${ms(quantile(times, 0.95))} (n = ${BOXES})`,
      ]);
      const { lastDecoderMs } = await api.models.engineStatus();
      rows.push(['… of which the decoder of the last one', ms(lastDecoderMs ?? NaN)]);
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
