import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from './support/files.ts';
import { lesionBox, lesionExtentMm, writeLesionSeries } from './support/lesion-series.ts';
import { LibraryPage } from './support/library-page.ts';
import { root } from './support/start-host.ts';
import { ViewerPage } from './support/viewer-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'workstation-offline-'));
const record = join(folder, 'connections.txt');
const recorder = {
  NODE_OPTIONS: `--import=${pathToFileURL(join(root, 'tests/support/record-connections.mjs'))}`,
  RECORD_CONNECTIONS: record,
};
const recorded = () => (existsSync(record) ? readFileSync(record, 'utf8') : '');

test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the recorder sees and refuses every way out', () => {
  const script = `
    import net from 'node:net'; import dgram from 'node:dgram'; import dns from 'node:dns';
    const quiet = () => undefined;
    const attempts = [
      () => net.connect(9, '192.0.2.1').on('error', quiet),
      () => dgram.createSocket('udp4').send('x', 9, '192.0.2.2', quiet),
      () => dns.lookup('one.invalid', quiet),
      () => dns.promises.resolve4('two.invalid'),
      () => fetch('http://192.0.2.3/'),
      () => net.connect(9, '127.0.0.1').on('error', quiet),
    ];
    for (const attempt of attempts) {
      try { await attempt(); } catch {}
    }
    process.exit();
  `;
  const own = join(folder, 'recorder.txt');
  execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...recorder, RECORD_CONNECTIONS: own },
  });
  const lines = readFileSync(own, 'utf8');
  for (const name of ['net 192.0.2.1', 'dgram 192.0.2.2', 'dns.lookup one.invalid', 'dns.resolve4 two.invalid', 'net 192.0.2.3']) {
    expect(lines).toContain(name);
  }
  expect(lines).not.toContain('127.0.0.1');
});

test.describe('nothing leaves the machine', () => {
  test.use({ environment: recorder, library: 'new' });

  test('through import, viewing, segmentation and every page', async ({ workstation, folder: files }) => {
    const { page } = workstation;
    const library = new LibraryPage(page);
    writeLesionSeries(files);
    await library.importFolder(files);
    await library.finishImport(/1 series imported/);
    await library.unfold('Phantom');
    await library.openSeries('Ball');
    const viewer = new ViewerPage(page, lesionExtentMm);
    await viewer.isOpen();
    await viewer.drag('axial', lesionBox.axial.from, lesionBox.axial.to);
    await viewer.hasAnswered('axial', 1);
    for (const name of ['Burden', 'Models', 'Settings', 'Library']) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    }
    // The page's own requests are checked after every test; these are those of main and its children.
    expect(recorded()).toBe('');
  });
});
