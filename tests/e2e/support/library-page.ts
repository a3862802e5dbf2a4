import { expect, type Locator, type Page } from '@playwright/test';

/** What a person does on the library page. */
export class LibraryPage {
  readonly summary: Locator;
  readonly refused: Locator;
  readonly patients: Locator;
  readonly series: Locator;
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    this.summary = page.getByTestId('import-summary');
    this.refused = page.getByTestId('refused-row');
    this.patients = page.getByTestId('patient-row');
    this.series = page.getByTestId('series-row');
  }

  /** Chooses a folder with the window's own button. */
  async importFolder(folder: string): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.page.getByTestId('import-folder').click();
    await (await chooser).setFiles(folder);
  }

  async importFiles(files: string[]): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.page.getByTestId('import-files').click();
    await (await chooser).setFiles(files);
  }

  /** Reads the summary of the import that was just started, and closes it. */
  async finishImport(counts: RegExp): Promise<void> {
    await expect(this.summary).toContainText(counts, { timeout: 60_000 });
    await this.closeSummary();
  }

  async closeSummary(): Promise<void> {
    await this.page.getByTestId('summary-close').click();
    await expect(this.summary).toBeHidden();
  }

  patient(name: string): Locator {
    return this.patients.filter({ hasText: name });
  }

  /** Shows a patient's series. A lone patient unfolds by itself, which may happen in between. */
  async unfold(name: string): Promise<void> {
    const patient = this.patient(name);
    await expect(patient).toBeVisible({ timeout: 60_000 });
    await expect(async () => {
      const fold = patient.getByRole('button', { name: 'Show studies' });
      if (await fold.isVisible()) await fold.click({ timeout: 2000 });
      await expect(patient.getByRole('button', { name: 'Hide studies' })).toBeVisible({ timeout: 2000 });
    }).toPass();
  }

  /** Opens the first series whose row has this text. */
  async openSeries(text: string): Promise<void> {
    await this.series.filter({ hasText: text }).first().dblclick();
  }
}
