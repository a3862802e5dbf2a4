import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readNpz } from '../support/read-npz.ts';
import { lesionBox } from './support/lesion-series.ts';
import { openLesionSeries } from './support/viewer-page.ts';
import { expect, test } from './support/workstation.ts';

test('masks drawn in the viewer are written as a training set from the library', async ({ workstation }) => {
  const { page, libraryDir } = workstation;
  const viewer = await openLesionSeries(page);
  await viewer.drag('axial', lesionBox.axial.from, lesionBox.axial.to);
  await viewer.hasAnswered('axial', 1);
  const voxels = await viewer.voxels();
  await page.getByRole('link', { name: 'Library' }).click();
  await page.getByTestId('training-set').click();
  await expect(page.getByTestId('training-overview')).toHaveText('Masks: 1 · segments: 1 · series: 1 · patients: 1');

  await page.getByTestId('training-folder').fill(libraryDir);
  await page.getByTestId('training-write').click();
  await expect(page.getByTestId('training-problem')).toContainText('inside the library’s own folder');
  const folder = `${libraryDir}-set`;
  try {
    await page.getByTestId('training-folder').fill(folder);
    // One box is no object of 1000 voxels.
    await page.getByTestId('minimum-voxels').fill('0');
    await page.getByTestId('training-write').click();
    await expect(page.getByTestId('training-done')).toContainText(/Files: 1 .* slices: 1 · series: 1 · patients: 1/);
    const [npz] = readdirSync(folder).filter((name) => name.endsWith('.npz'));
    const { gts } = await readNpz(join(folder, npz!));
    expect(gts!.values.filter((label) => label === 1)).toHaveLength(voxels);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await expect(page.getByRole('dialog')).toHaveCount(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
