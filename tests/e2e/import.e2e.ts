import { copyFileSync, createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yazl from 'yazl';
import { expect, test } from './support/files.ts';
import { writeLesionSeries } from './support/lesion-series.ts';
import { LibraryPage } from './support/library-page.ts';
import { root } from './support/start-host.ts';

const fixture = (name: string) => join(root, 'tests/fixtures/phantoms', name);

test('refused files are named with their reasons, the rest is imported', async ({ workstation, folder }) => {
  const library = new LibraryPage(workstation.page);
  writeLesionSeries(join(folder, 'CT'), { name: 'Study^Good', code: 'G-1', description: 'Whole', number: 2 });
  const [cut] = writeLesionSeries(join(folder, 'cut'), { number: 3 });
  const whole = readFileSync(cut!);
  const mixed = join(folder, 'CT');
  writeFileSync(join(mixed, 'cut-off.dcm'), whole.subarray(0, whole.length / 2));
  writeFileSync(join(mixed, 'report.txt'), 'No metastases.\n');
  writeFileSync(join(mixed, 'empty.dcm'), '');
  copyFileSync(fixture('truncated.nii.gz'), join(mixed, 'brain.nii.gz'));
  copyFileSync(fixture('grey.jpg'), join(mixed, 'photo.dcm'));

  await library.importFolder(mixed);
  // A JPEG under another name is read for what it is.
  await expect(library.summary).toContainText('2 series imported, 0 already in the library, 4 files refused', {
    timeout: 60_000,
  });
  const reasons = {
    'cut-off.dcm': /cut off|damaged/,
    'report.txt': /no image|not read/,
    'empty.dcm': /empty/,
    'brain.nii.gz': /cut off|damaged/,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const row = library.refused.filter({ hasText: name });
    await expect(row, name).toHaveText(reason);
    // Named below the chosen folder, not where the browser host had put it down.
    await expect(row.locator('.path')).toHaveText(`CT/${name}`);
  }
  await expect(workstation.page.getByTestId('summary-close')).toBeFocused();
  await workstation.page.keyboard.press('Enter');
  await expect(library.summary).toBeHidden();
  await library.unfold('Study, Good');
});

test('importing again stores nothing twice and says so', async ({ workstation, folder }) => {
  const library = new LibraryPage(workstation.page);
  writeLesionSeries(folder, { name: 'Twice', number: 4 });
  await library.importFolder(folder);
  await library.finishImport(/1 series imported, 0 already in the library, 0 files refused/);
  const patients = await library.patients.count();
  await library.importFolder(folder);
  await library.finishImport(/0 series imported, 1 already in the library, 0 files refused/);
  await expect(library.patients).toHaveCount(patients);
});

test('a zip archive is imported like a folder', async ({ workstation, folder }) => {
  const library = new LibraryPage(workstation.page);
  const zip = new yazl.ZipFile();
  const files = writeLesionSeries(join(folder, 'files'), { name: 'Zipped', number: 5 });
  for (const file of files) zip.addFile(file, `disc/series/${basename(file)}`);
  zip.addBuffer(Buffer.from('Read me'), 'disc/README.txt');
  zip.end();
  const archive = join(folder, 'study.zip');
  await pipeline(zip.outputStream, createWriteStream(archive));

  await library.importFiles([archive]);
  await expect(library.summary).toContainText('1 series imported', { timeout: 60_000 });
  await expect(library.refused).toHaveCount(1);
  await expect(library.refused).toContainText('README.txt');
  await library.closeSummary();
  await library.unfold('Zipped');
  await expect(library.series.filter({ hasText: '128 × 96 × 24' }).first()).toBeVisible();
});

test('an import goes on while the window is loaded anew, and its result is shown then', async ({ workstation, folder }) => {
  const { page } = workstation;
  const library = new LibraryPage(page);
  for (let n = 0; n < 8; n++) writeLesionSeries(join(folder, String(n)), { name: 'Reloaded', number: 20 + n });
  await library.importFolder(folder);
  await expect(page.getByTestId('import-progress')).toContainText(/Reading headers|Reading images|Storing/, { timeout: 60_000 });
  await page.reload();
  await library.finishImport(/8 series imported, 0 already in the library, 0 files refused/);
  await expect(library.patient('Reloaded')).toBeVisible();
  await page.reload();
  await expect(library.patients).not.toHaveCount(0);
  await expect(library.summary).toHaveCount(0);
});

test('a cancelled import leaves nothing behind', async ({ workstation, folder, host }) => {
  test.skip(host === 'electron', 'Electron imports from the disk and hands no files over.');
  const { page } = workstation;
  const library = new LibraryPage(page);
  await expect(library.patients).not.toHaveCount(0);
  const patients = await library.patients.count();
  mkdirSync(folder, { recursive: true });
  writeLesionSeries(folder, { name: 'Cancelled', number: 6 });

  // Half of the files arrive, the others are held back, so that there is time to cancel.
  let handedOver = 0;
  await page.route('**/upload/**', (route) => {
    if (handedOver++ < 12) return route.continue();
  });
  await library.importFolder(folder);
  await expect(page.getByTestId('import-progress')).toContainText(/Reading files: \d+ of 24/);
  await page.getByTestId('import-cancel').click();
  await expect(page.getByTestId('import-progress')).toBeHidden();
  await expect(library.patients).toHaveCount(patients);

  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await library.importFolder(folder);
  await library.finishImport(/1 series imported, 0 already in the library, 0 files refused; 24 files read/);
});
