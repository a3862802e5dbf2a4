import { join } from 'node:path';
import { expect, test } from './support/files.ts';
import { writeLesionSeries } from './support/lesion-series.ts';
import { LibraryPage } from './support/library-page.ts';

test('patients are found by the words of a search and sorted by a column', async ({ workstation, folder }) => {
  const { page } = workstation;
  const library = new LibraryPage(page);
  writeLesionSeries(join(folder, 'a'), { name: 'Adler^Anna', code: 'X-9', description: 'Liver portal venous', date: '20220301', number: 11 });
  writeLesionSeries(join(folder, 'b'), { name: 'Zimmer^Zoe', code: 'A-1', description: 'Thorax', date: '20250607', number: 12 });
  await library.importFolder(folder);
  await library.finishImport(/2 series imported/);
  await expect(library.patients).toHaveCount(4);

  const search = page.getByTestId('library-search');
  await page.keyboard.press('/');
  await expect(search).toBeFocused();
  for (const [words, found] of [
    ['zim', 'Zimmer, Zoe'],
    ['x-9', 'Adler, Anna'],
    ['portal liver', 'Adler, Anna'],
    ['2025-06', 'Zimmer, Zoe'],
  ] as const) {
    await search.fill(words);
    await expect(library.patients, words).toHaveCount(1);
    await expect(library.patients).toContainText(found);
  }
  await search.fill('nobody at all');
  await expect(page.getByText('Nothing in the library matches this search.')).toBeVisible();
  await search.fill('');
  await expect(library.patients).toHaveCount(4);

  const names = () => library.patients.locator('b').allInnerTexts();
  await page.getByRole('button', { name: 'Patient', exact: true }).click();
  const sorted = (await names()).toSorted((a, b) => a.localeCompare(b));
  await expect.poll(names).toEqual(sorted);
  await page.getByRole('button', { name: 'Patient', exact: true }).click();
  await expect.poll(names).toEqual(sorted.toReversed());
  await page.getByRole('button', { name: 'Patient ID' }).click();
  await expect(library.patients.first()).toContainText('A-1');
});

test('removing asks first, says what goes, and removes', async ({ workstation }) => {
  const { page } = workstation;
  const library = new LibraryPage(page);
  const phantom = library.patient('Phantom');
  const ask = () => phantom.getByTitle('Remove from the library …').click();
  const dialog = page.getByRole('dialog', { name: 'Remove Phantom, Ball?' });

  await ask();
  await expect(dialog).toContainText('1 series');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(phantom).toBeVisible();

  await ask();
  await page.getByTestId('confirm-remove').click();
  await expect(phantom).toHaveCount(0);
  await expect(page.getByTestId('notice')).toContainText('are free again');
  await workstation.restart();
  await expect(new LibraryPage(workstation.page).patients).toHaveCount(1);
});

test('the sample patient can be removed and comes back only when asked for', async ({ workstation }) => {
  const removeFirst = async () => {
    const library = new LibraryPage(workstation.page);
    const count = await library.patients.count();
    await library.patients.first().getByTitle('Remove from the library …').click();
    await workstation.page.getByTestId('confirm-remove').click();
    await expect(library.patients).toHaveCount(count - 1);
  };
  await expect(new LibraryPage(workstation.page).patients).toHaveCount(2);
  await removeFirst();
  await removeFirst();

  const page = await workstation.restart();
  await expect(page.getByText('The library is empty')).toBeVisible();
  await expect(page.locator('.bar .state')).toHaveText('Engine ready', { timeout: 60_000 });
  await expect(page.getByText('The library is empty')).toBeVisible();
  await page.getByRole('button', { name: 'Add the sample patient' }).click();
  await expect(new LibraryPage(page).patients.filter({ hasText: 'Sample' })).toBeVisible({ timeout: 90_000 });
});

test('studies fold, and a right click offers what can be done with a row', async ({ workstation }) => {
  const { page } = workstation;
  const library = new LibraryPage(page);
  const menu = page.getByTestId('row-menu');
  await library.unfold('Phantom');
  const ball = library.series.filter({ hasText: 'Ball' });
  await expect(ball).toBeVisible();
  await page.getByRole('button', { name: 'Hide series' }).click();
  await expect(ball).toHaveCount(0);
  await expect(page.getByTestId('study-row')).toContainText('1 series');

  await page.getByTestId('study-row').click({ button: 'right' });
  await menu.getByText('Show series').click();
  await expect(ball).toBeVisible();

  await ball.click({ button: 'right' });
  await expect(menu.getByRole('menuitem')).toHaveText(['Open', 'Tumour burden of the patient', 'Remove from the library …']);
  await page.keyboard.press('Escape');
  await expect(menu).toHaveCount(0);

  await library.patient('Phantom').click({ button: 'right' });
  await menu.getByText('Remove from the library').click();
  await expect(page.getByRole('dialog', { name: 'Remove Phantom, Ball?' })).toBeVisible();
  await page.keyboard.press('Escape');

  await ball.click({ button: 'right' });
  await menu.getByText('Open').click();
  await expect(page.getByTestId('pane-axial')).toBeVisible({ timeout: 60_000 });
});

test('the list is used with the keyboard alone', async ({ workstation }) => {
  const { page } = workstation;
  const library = new LibraryPage(page);
  await library.patient('Phantom').click();
  await page.keyboard.press('ArrowRight');
  await expect(library.series.filter({ hasText: 'Ball' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(library.series.filter({ hasText: 'Ball' })).toHaveClass(/selected/);
  await page.keyboard.press('Delete');
  await expect(page.getByRole('dialog', { name: 'Remove Ball?' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('grid').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('pane-axial')).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press('?');
  await expect(page.getByTestId('shortcut-sheet')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('shortcut-sheet')).toBeHidden();
});
