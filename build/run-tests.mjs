// npm test: units and services (vitest), then the window (Playwright); ends with the sum over both.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Not Playwright's own output folder, which it empties when it starts.
const results = join(root, '.cache/test-reports');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

function run(script, args) {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  return status === 0;
}

/** A report that is missing means that its runner did not even start: that is a failure. */
function report(file) {
  try {
    return JSON.parse(readFileSync(join(results, file), 'utf8'));
  } catch {
    return null;
  }
}

const unitsPassed = run('node_modules/vitest/vitest.mjs', [
  'run',
  '--reporter=default',
  '--reporter=json',
  '--outputFile.json=.cache/test-reports/units.json',
]);
const windowPassed = run('node_modules/@playwright/test/cli.js', ['test']);

const units = report('units.json');
const window = report('e2e.json');
const passed = (units?.numPassedTests ?? 0) + (window?.stats.expected ?? 0);
let failed = (units?.numFailedTests ?? 0) + (window?.stats.unexpected ?? 0) + (window?.stats.flaky ?? 0);
const skipped =
  (units?.numPendingTests ?? 0) + (units?.numTodoTests ?? 0) + (window?.stats.skipped ?? 0);

// A runner that fell over without counting a failed test (a broken import, say) must not look green.
if ((!unitsPassed || !windowPassed || !units || !window) && failed === 0) failed = 1;

process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exit(failed === 0 ? 0 : 1);
