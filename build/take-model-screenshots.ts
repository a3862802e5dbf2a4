// Makes docs/images/added-model.png and added-model-box.png: the checkpoint of a network like MedSAM's, filled with
// weights by formula (the published ones are not ours to give), added and asked. `node build/take-model-screenshots.ts`
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { architectures } from '../src-main/models/graphs/architectures.ts';
import { expectedTensors } from '../src-main/models/graphs/tensors.ts';
import { root, startHost } from '../tests/e2e/support/start-host.ts';
import { testBrowser } from '../tests/support/browser.ts';
import { connectToHost } from '../tests/support/host-client.ts';
import { writeFormulaCheckpoint } from '../tests/support/formula-checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-picture-'));
const images = join(root, 'docs/images');
mkdirSync(images, { recursive: true });
const checkpoint = join(folder, 'formula-medsam_vit_b.pth');
writeFormulaCheckpoint(checkpoint, expectedTensors(architectures['sam-vit-b']));

const host = await startHost(join(folder, 'library'));
const { api, close } = await connectToHost(host.address);
const { executablePath, args } = await testBrowser();
const browser = await chromium.launch({ executablePath, args });
try {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(300_000);
  await page.goto(await host.nextAddress());
  await page.locator('nav a[href="#/models"]').click();
  await page.getByTestId('model-files-input').setInputFiles(checkpoint);
  await page.getByTestId('model-name').fill('MedSAM ViT-B network, formula weights');
  await page.getByTestId('model-add-confirm').click();
  await page.getByTestId('model-added').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Make default' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.screenshot({ path: join(images, 'added-model.png') });

  const [patient] = (await api.library.list({})).patients;
  const opened = await api.library.patient({ patientId: patient!.id });
  if (!opened.ok) throw new Error(opened.error.code);
  const seriesId = opened.value.studies[0]!.series[0]!.id;
  await page.goto(`${new URL(page.url()).origin}/#/viewer/${seriesId}`);
  const pane = page.getByTestId('pane-axial');
  await pane.waitFor();
  await page.waitForTimeout(5000);
  const { x, y, width, height } = (await pane.boundingBox())!;
  await page.keyboard.press('b');
  await page.mouse.move(x + width * 0.4, y + height * 0.4);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.55, y + height * 0.55, { steps: 4 });
  await page.mouse.up();
  await pane.locator('[data-testid=box].done').first().waitFor();
  await page.waitForTimeout(2000);
  await page.screenshot({ path: join(images, 'added-model-box.png') });
  close();
} finally {
  await browser.close();
  host.process.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
