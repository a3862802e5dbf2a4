// Draws build/icon.png, from which the packager derives the icons of each system, from the icon of the page.
//
//   node build/with-node24.mjs build/make-icon.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { testBrowser } from '../tests/support/browser.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sizePx = 1024;
const svg = readFileSync(join(root, 'src-renderer/public/icon.svg'), 'utf8');

const { executablePath, args } = await testBrowser();
const browser = await chromium.launch({ executablePath, args });
const page = await browser.newPage({ viewport: { width: sizePx, height: sizePx } });
await page.setContent(
  `<style>body { margin: 0 } svg { display: block; width: ${sizePx}px }</style>${svg}`,
);
writeFileSync(join(root, 'build/icon.png'), await page.screenshot({ omitBackground: true }));
await browser.close();
