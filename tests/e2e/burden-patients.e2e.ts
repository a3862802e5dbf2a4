import { openDatabase } from '../../src-main/library/database.ts';
import { addManySeries } from '../support/many-series.ts';
import { expect, test } from './support/workstation.ts';

test('any of many patients can be found and chosen for the burden table', async ({ workstation }) => {
  const { page, libraryDir } = workstation;
  const { db, close } = openDatabase(libraryDir);
  addManySeries(db, { patients: 250, seriesPerPatient: 2 });
  close();
  await page.locator('nav a[href="#/burden"]').click();
  const patient = page.getByTestId('burden-patient');
  await expect(page.getByText('200 of 252 listed: type to narrow')).toBeVisible();
  // Far beyond what is listed.
  await page.getByTestId('burden-search').fill('number0249');
  await expect(page.getByText('type to narrow')).toHaveCount(0);
  await expect(patient.getByRole('option', { name: 'Patient, Number0249' })).toHaveCount(1);
  await patient.selectOption({ label: (await patient.getByRole('option', { name: 'Number0249' }).innerText()) });
  await expect(page.getByText('This patient has no segments yet')).toBeVisible();
  // The one on show stays listed, whatever is typed.
  await page.getByTestId('burden-search').fill('nobody of this name');
  await expect(page.getByText('No patient fits')).toBeVisible();
  await expect(patient.locator('option:checked')).toContainText('Number0249');
});
