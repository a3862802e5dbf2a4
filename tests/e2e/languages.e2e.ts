import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './support/files.ts';
import { root } from './support/start-host.ts';
import { lesionBox, lesionExtentMm } from './support/lesion-series.ts';
import { ViewerPage } from './support/viewer-page.ts';

type Texts = Map<string, string>;

/** All texts of a language by key (`viewer.tools.box`), from the files that the window is built with. */
function texts(language: string): Texts {
  const all: Texts = new Map();
  const collect = (value: unknown, key: string): void => {
    if (typeof value === 'string') all.set(key, value);
    else for (const [name, part] of Object.entries(value as object)) collect(part, `${key}.${name}`);
  };
  for (const folder of ['src-renderer/locales', 'src-shared/messages']) {
    for (const file of readdirSync(join(root, folder, language))) {
      // The command line speaks English only.
      if (file === 'command-line.json') continue;
      const content = readFileSync(join(root, folder, language, file), 'utf8');
      collect(JSON.parse(content), file.replace('.json', ''));
    }
  }
  return all;
}

const english = texts('en');
const chinese = texts('zh-CN');
const areas = [...new Set([...english.keys()].map((key) => key.split('.')[0]))];

/** Everything that can be read on the page: texts, and what is said on hovering or to a screen reader. */
function readable(page: Page): Promise<string> {
  return page.evaluate(() => {
    const attributes = ['title', 'aria-label', 'placeholder'];
    const said = [...document.querySelectorAll('*')].flatMap((element) =>
      attributes.map((name) => element.getAttribute(name) ?? ''),
    );
    const options = [...document.querySelectorAll('option')].map((option) => option.textContent);
    // What a model's manifest says (licence, origin) is quoted as it is.
    const quoted = [...document.querySelectorAll<HTMLElement>('[data-testid=model-card] dd')];
    const body = quoted.reduce((text, { innerText }) => text.replace(innerText, ''), document.body.innerText);
    return [body, ...said, ...options].filter(Boolean).join('\n');
  });
}

/** Walks through all pages; calls `look` on each. */
async function everyPage(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  for (const name of ['library', 'burden', 'models', 'settings']) {
    await page.locator(`nav a[href="#/${name}"]`).click();
    await expect(page.locator('h1')).toBeVisible();
    // What is asked of main (sizes, models, the log) has arrived when nothing changes any more.
    await expect.poll(() => stable(page)).toBe(true);
    await look(name);
  }
}

const settingsLink = (page: Page) => page.locator('nav a[href="#/settings"]');

async function stable(page: Page): Promise<boolean> {
  const before = await readable(page);
  await page.waitForTimeout(300);
  return before === (await readable(page));
}

test('both languages have the same texts', () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
});

test('the window changes to Chinese at once, everywhere, and stays so after a restart', async ({ workstation }) => {
  let { page } = workstation;
  const rawKey = new RegExp(`\\b(${areas.join('|')})\\.[a-z][A-Za-z0-9-]*\\.[A-Za-z]`);
  const noRawKeys = async () => expect(await readable(page)).not.toMatch(rawKey);

  await everyPage(page, noRawKeys);
  await settingsLink(page).click();
  await page.getByTestId('language').selectOption('zh-CN');
  await expect(settingsLink(page)).toHaveText(chinese.get('shell.pages.settings')!);
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');

  page = await workstation.restart();
  await expect(settingsLink(page)).toHaveText(chinese.get('shell.pages.settings')!);

  // Sentences that differ between the languages: none of the English ones may be left.
  const sentences = [...english]
    .filter(([key, text]) => text !== chinese.get(key) && /^[A-Z][^{|@]{9,}$/.test(text) && text.includes(' '))
    .map(([, text]) => text);
  const noEnglish = async (name: string) => {
    await noRawKeys();
    const shown = await readable(page);
    expect(sentences.filter((text) => shown.includes(text)), name).toEqual([]);
  };
  await everyPage(page, noEnglish);

  await page.locator('nav a[href="#/library"]').click();
  const unfold = chinese.get('library.unfold')!;
  await page.getByTestId('patient-row').filter({ hasText: 'Phantom' }).getByRole('button', { name: unfold }).click();
  await page.getByTestId('series-row').filter({ hasText: 'Ball' }).dblclick();
  const viewer = new ViewerPage(page, lesionExtentMm);
  await viewer.isOpen();
  await viewer.drag('axial', lesionBox.axial.from, lesionBox.axial.to);
  await viewer.hasAnswered('axial', 1);
  await noEnglish('viewer');
  await page.keyboard.press('?');
  await expect(page.getByTestId('shortcut-sheet')).toBeVisible();
  await noEnglish('shortcut sheet');
});
