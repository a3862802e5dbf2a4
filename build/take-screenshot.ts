// Makes docs/images/viewer.png: the viewer with the demo's library. `node build/take-screenshot.ts`
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root, startHost } from '../tests/e2e/support/start-host.ts';
import { testBrowser } from '../tests/support/browser.ts';
import { connectToHost } from '../tests/support/host-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-picture-'));
const library = join(folder, 'library');
const images = join(root, 'docs/images');
mkdirSync(images, { recursive: true });

execFileSync(
  process.execPath,
  [join(root, 'out/main/demo.js'), '--library', library, '--report', join(folder, 'report')],
  { stdio: 'inherit' },
);
const host = await startHost(library);
const { executablePath, args } = await testBrowser();
const browser = await chromium.launch({ executablePath, args });
try {
  const { api, close } = await connectToHost(host.address);
  const [patient] = (await api.library.list({})).patients;
  const table = await api.burden.table({ patientId: patient!.id });
  if (!table.ok) throw new Error(table.error.code);
  // The largest lesion of the last time point, on the slice that shows it best.
  const cell = table.value.lesions
    .map(({ cells }) => cells.at(-1) ?? null)
    .filter((one) => one !== null)
    .reduce((a, b) => ((b.volumeMl ?? 0) > (a.volumeMl ?? 0) ? b : a));
  const page = await (
    await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
  ).newPage();
  await page.goto(await host.nextAddress());
  await page.getByTestId('library-search').waitFor();
  const { axis, sliceIndex } = cell.keySlice!;
  const origin = new URL(page.url()).origin;
  await page.goto(`${origin}/#/viewer/${cell.seriesId}?axis=${axis}&slice=${sliceIndex}`);
  await page.getByTestId('burden-table').waitFor();
  // Surfaces are made in the background, one after the other.
  await page.waitForTimeout(15_000);
  await page.screenshot({ path: join(images, 'viewer.png') });
  close();
} finally {
  await browser.close();
  host.process.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
