import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, platform, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { startHost } from '../e2e/support/start-host.ts';
import { testBrowser } from '../support/browser.ts';
import { connectToHost } from '../support/host-client.ts';
import { balls, slices, writeCt } from './ct-phantom.ts';
import { quantile } from './models/figures.ts';
import { beginSegment, drawBox, measures, nextMeasure, visit } from './page-measures.ts';
import { childrenOf, peakMegabytes } from './system.ts';
import { importFolder, openWindow } from './workstation.ts';

/**
 * `npm run bench`: how fast the workstation is on this machine, through its real window (the models by themselves:
 * `npm run bench -- models`, models/main.ts). The volume is made by code, so that anyone can repeat it. Times are those
 * a person waits; a measure ends when the result is painted.
 */
const say = (text: string) => process.stderr.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-bench-'));
const rows: [string, string][] = [];

const ms = (value: number) => `${value.toFixed(0)} ms`;
const spread = (values: number[]) =>
  `p50 ${ms(quantile(values, 0.5))}, p95 ${ms(quantile(values, 0.95))} (n = ${values.length})`;

async function openViews(page: Page, seriesId: string, repeats: number): Promise<void> {
  const first: number[] = [];
  const all: number[] = [];
  for (let n = 0; n < repeats; n++) {
    await visit(page, '/library');
    await page.getByTestId('library-search').waitFor();
    all.push(
      await nextMeasure(page, 'open-to-all-views', () => visit(page, `/viewer/${seriesId}`)),
    );
    first.push((await measures(page, 'open-to-first-slice')).at(-1)!);
  }
  rows.push(['Open from the library → first slice', spread(first)]);
  rows.push(['Open from the library → all views', spread(all)]);
}

async function scroll(page: Page): Promise<void> {
  const pane = (await page.getByTestId('pane-axial').boundingBox())!;
  await page.mouse.move(pane.x + pane.width / 2, pane.y + pane.height / 2);
  const times: number[] = [];
  for (let n = 0; n < 60; n++) {
    times.push(await nextMeasure(page, 'scroll', () => page.mouse.wheel(0, n < 30 ? 100 : -100)));
  }
  rows.push(['Scroll, per slice', spread(times)]);
}

const drags = [
  { name: 'Box → mask, pointer up to painted', steps: 4, pauseMs: 0 },
  { name: '… of a box drawn in half a second', steps: 20, pauseMs: 25 },
];

/** A box round each ball, each kind of drag on a slice of its own; none of them looked at by the model before. */
async function boxes(page: Page, seriesId: string): Promise<void> {
  await page.keyboard.press('b');
  for (const [offset, { name, ...drag }] of drags.entries()) {
    const times: number[] = [];
    for (const { centre, radiusPx } of balls) {
      await visit(page, `/viewer/${seriesId}?axis=k&slice=${centre[2] + offset}`);
      await page.waitForTimeout(400);
      const pane = (await page.getByTestId('pane-axial').boundingBox())!;
      const scale = Math.min(pane.width, pane.height) / 512;
      const corner = (side: 1 | -1): [number, number] => {
        const reach = side * (radiusPx + 2);
        return [
          pane.x + pane.width / 2 + (centre[0] + reach - 256) * scale,
          pane.y + pane.height / 2 + (centre[1] + reach - 256) * scale,
        ];
      };
      times.push(await drawBox(page, [corner(-1), corner(1)], drag));
      await beginSegment(page);
    }
    rows.push([name, spread(times)]);
  }
}

async function main(): Promise<void> {
  say(`Writing a CT of ${slices} slices of 512 × 512 …`);
  const ct = join(folder, 'ct');
  writeCt(ct);

  const host = await startHost(join(folder, 'library'));
  const { executablePath, args } = await testBrowser();
  const browser = await chromium.launch({ executablePath, args });
  try {
    const client = await connectToHost(host.address);
    // The first start makes the sample patient; that must not share the processor with what is measured.
    while ((await client.api.library.list({})).total === 0) await sleep(200);
    say('Importing …');
    const importing = performance.now();
    const seriesId = await importFolder(client, ct);
    rows.push([`Import of ${slices} slices 512²`, ms(performance.now() - importing)]);

    const page = await openWindow(browser, await host.nextAddress());
    say('Opening …');
    await openViews(page, seriesId, 5);
    say('Scrolling …');
    await scroll(page);
    say('Drawing boxes …');
    await boxes(page, seriesId);
    const state = await client.api.segmentation.state({ seriesId });
    const answered = state.ok
      ? state.value.masks.filter((mask) => mask.state === 'done').length
      : 0;
    rows.push(['Boxes answered', `${answered} of ${drags.length * balls.length}`]);
    if (platform() === 'linux') {
      const pid = host.process.pid!;
      rows.push(['Peak memory, main', `${peakMegabytes(pid).toFixed(0)} MB`]);
      const engine = childrenOf(pid).map(peakMegabytes);
      rows.push(['Peak memory, engine', `${Math.max(...engine).toFixed(0)} MB`]);
    }
    client.close();
  } finally {
    await browser.close();
    host.process.kill('SIGTERM');
  }

  const cpu = cpus()[0]!.model.trim();
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  process.stdout.write(
    `\n${cpus().length} × ${cpu}, ${memory} GiB, ${platform()} ${arch()}, software WebGL\n\n`,
  );
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
}

const { benchModels } = process.argv[2] === 'models' ? await import('./models/main.ts') : {};

(benchModels ?? main)()
  .catch((error: unknown) => {
    say(String(error));
    process.exitCode = 1;
  })
  .finally(() => rmSync(folder, { recursive: true, force: true }));
