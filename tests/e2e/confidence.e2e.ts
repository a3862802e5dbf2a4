import { join } from 'node:path';
import { writeTinyCropSpecialist } from '../support/tiny-models.ts';
import { expect, test } from './support/workstation.ts';
import { lesionBox } from './support/lesion-series.ts';
import { openLesionSeries } from './support/viewer-page.ts';

test('a mask that the model is not sure of is marked, and its uncertain border can be shown', async ({ workstation }) => {
  // They expect a DSC as large as the part of the crop that the box covers, and differ in what they call low.
  for (const [id, lowBelow] of [['sure', 0.01], ['unsure', 0.9]] as const) {
    const expectedDsc = { name: 'expected_dsc', lowBelow };
    writeTinyCropSpecialist(join(workstation.libraryDir, 'models'), id, { expectedDsc });
  }
  const page = await workstation.restart();
  const viewer = await openLesionSeries(page);
  const { from, to } = lesionBox.axial;
  await page.getByTestId('model').selectOption('sure');
  await viewer.drag('axial', from, to);
  await viewer.hasAnswered('axial', 1);
  await expect(page.getByTestId('doubtful')).toHaveCount(0);

  await page.getByTestId('model').selectOption('unsure');
  await page.keyboard.press('n');
  await viewer.drag('axial', [from[0] + 0.3, from[1]], [to[0] + 0.3, to[1]]);
  await viewer.hasAnswered('axial', 2);
  await expect(viewer.pane('axial').getByTestId('doubt')).toHaveText(/Uncertain: expected DSC 0\.\d\d/);
  await expect(page.getByTestId('doubtful')).toHaveAttribute('title', /not sure of 1 of 1 masks/);
  await expect(page.getByTestId('burden-table').getByTitle(/not sure of a mask/)).toBeVisible();

  const pink = () =>
    viewer.pane('axial').evaluate((pane) => {
      const canvas = pane.querySelector<HTMLCanvasElement>(':scope > canvas:last-of-type')!;
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let n = 0; n < data.length; n += 4) {
        if (data[n]! > 200 && data[n + 1]! < 120 && data[n + 2]! > 150) count++;
      }
      return count;
    });
  expect(await pink()).toBe(0);
  await page.getByTestId('uncertain-borders').check();
  await expect.poll(pink).toBeGreaterThan(20);
  await page.getByTestId('uncertain-borders').uncheck();
  await expect.poll(pink).toBe(0);
});
