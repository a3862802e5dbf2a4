import type { Browser, Page } from 'playwright-core';
import type { HostClient } from '../support/host-client.ts';

/* A workstation that is measured: a study in it, and its window. */

/** Imports a folder of one series and gives the series' identifier. */
export async function importFolder({ api }: HostClient, folder: string): Promise<string> {
  const started = await api.imports.startPaths({ paths: [folder] });
  if (!started.ok) throw new Error(started.error.code);
  let seriesId = '';
  for await (const event of await api.imports.progress(started.value))
    seriesId = event.summary?.accepted[0]?.id ?? seriesId;
  return seriesId;
}

/** The window as on a small screen, when its library page is there. */
export async function openWindow(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(address);
  await page.getByTestId('library-search').waitFor();
  return page;
}
