import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { architectures } from '../../src-main/models/graphs/architectures.ts';
import { expectedTensors } from '../../src-main/models/graphs/tensors.ts';
import { writeFormulaCheckpoint } from '../support/formula-checkpoint.ts';
import { expect, test } from './support/files.ts';
import { lesionBox, lesionExtentMm, writeLesionSeries } from './support/lesion-series.ts';
import { LibraryPage } from './support/library-page.ts';
import { root } from './support/start-host.ts';
import { ViewerPage } from './support/viewer-page.ts';

const checkpoint = (name: string) => join(root, 'tests/fixtures/checkpoints', name);

async function openModels(page: Page): Promise<void> {
  await page.locator('nav a[href="#/models"]').click();
  await expect(page.getByTestId('model-card').first()).toBeVisible();
}

const dialog = (page: Page) => page.getByTestId('add-model');

test('a checkpoint that is chosen becomes a verified model, answers a box, and can be removed', async ({
  workstation,
  folder,
}) => {
  test.setTimeout(300_000);
  const { page } = workstation;
  const path = join(folder, 'lite_medsam.pth');
  writeFormulaCheckpoint(path, expectedTensors(architectures['lite-medsam']));
  await openModels(page);
  await page.getByTestId('model-files-input').setInputFiles(path);
  await expect(dialog(page)).toContainText('LiteMedSAM', { timeout: 60_000 });
  await expect(dialog(page)).toContainText('lite_medsam.pth');
  await page.getByTestId('model-name').fill('Formula weights');
  await page.getByTestId('model-add-confirm').click();
  await expect(page.getByTestId('model-added')).toHaveText(
    'Formula weights was added and can be used.',
    {
      timeout: 120_000,
    },
  );
  await expect(dialog(page).getByTestId('provider-checks')).toContainText('Verified on CPU');
  await page.getByRole('dialog').getByRole('button', { name: 'Make default' }).click();
  const card = page.getByTestId('model-card').filter({ hasText: 'Formula weights' });
  await expect(card).toContainText('Default');
  await expect(page.locator('footer.bar')).toContainText('Formula weights');
  await expect(card.getByTestId('provider-checks')).toContainText(/encoder .* · decoder .* · load/);

  const series = join(folder, 'CT');
  writeLesionSeries(series, { name: 'Added^Model', number: 7 });
  await page.locator('nav a[href="#/library"]').click();
  const library = new LibraryPage(page);
  await library.importFolder(series);
  await library.finishImport(/1 series imported/);
  await library.unfold('Added, Model');
  await library.openSeries('128 × 96 × 24');
  const viewer = new ViewerPage(page, lesionExtentMm);
  await viewer.isOpen();
  await page.keyboard.press('b');
  await viewer.drag('axial', lesionBox.axial.from, lesionBox.axial.to);
  await viewer.hasAnswered('axial', 1);
  await expect(page.locator('footer.bar')).toContainText('Formula weights');

  await openModels(page);
  await card.getByTestId('model-remove').click();
  await page.getByTestId('model-remove-confirm').click();
  await expect(card).toHaveCount(0);
});

test('a file that is no model is refused in words, wherever it is dropped', async ({
  workstation,
  folder,
}) => {
  const { page } = workstation;
  const jpeg = join(folder, 'medsam_vit_b.pth');
  copyFileSync(join(root, 'tests/fixtures/phantoms/grey.jpg'), jpeg);
  const drop = async (name: string, bytes: Buffer) => {
    const transfer = await page.evaluateHandle(
      ([fileName, content]) => {
        const data = new DataTransfer();
        const binary = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
        data.items.add(new File([binary], fileName));
        return data;
      },
      [name, bytes.toString('base64')] as const,
    );
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  };
  // On the library's page: a drop counts for what it is, not for where.
  await drop('medsam_vit_b.pth', readFileSync(jpeg));
  const refused = page.getByTestId('model-refused');
  await expect(refused).toContainText('This is a file of the format JPEG');
  await page.getByTestId('model-add-close').click();
  await expect(refused).toBeHidden();
  await drop('hostile.pth', readFileSync(checkpoint('hostile.pth')));
  await expect(refused).toContainText('The checkpoint wants to run or build “posix.system”');
  await page.getByTestId('model-add-close').click();
  await openModels(page);
  await expect(page.getByTestId('model-card')).toHaveCount(1);
});
