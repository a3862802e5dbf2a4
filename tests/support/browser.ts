import { existsSync } from 'node:fs';
import { findBrowser } from '../../src-main/browser-host/find-browser.ts';

export interface TestBrowser {
  executablePath: string;
  args: string[];
  headlessOnly: boolean;
}

/** As on a PC without a graphics card, whatever the machine has: WebGL2 in software; and no traffic of the browser's own. */
const common = [
  '--disable-gpu',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/**
 * The installed browser if there is one, else the one that comes with the dev dependencies (Linux).
 * MEDSAM_WORKSTATION_TEST_BROWSER=packaged takes the latter in any case.
 */
export async function testBrowser(): Promise<TestBrowser> {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const installed =
    process.env.MEDSAM_WORKSTATION_TEST_BROWSER === 'packaged' ? null : findBrowser();
  if (installed) {
    return { executablePath: installed, args: [...common, ...asRoot], headlessOnly: false };
  }
  // The package brings the shared libraries that a bare machine lacks only when it believes to run
  // on a bare cloud image, and reads this at import.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x';
  const { default: chromium } = await import('@sparticuz/chromium');
  const executablePath = await chromium.executablePath();
  if (!existsSync(executablePath)) {
    throw new Error('No browser for the window’s tests: install Chromium, Chrome or Edge.');
  }
  return {
    executablePath,
    args: [...common, '--no-sandbox', '--no-zygote', '--headless=shell'],
    headlessOnly: true,
  };
}
