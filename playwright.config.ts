import { defineConfig } from '@playwright/test';

/**
 * The window's tests. They run against the browser host; the `electron` project runs the same tests
 * in real Electron where its runtime is on the machine, and is reported as skipped elsewhere.
 */
export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '*.e2e.ts',
  timeout: 120_000,
  expect: { timeout: 20_000 },
  workers: 1,
  retries: 0,
  outputDir: 'test-results',
  reporter: [['list'], ['json', { outputFile: '.cache/test-reports/e2e.json' }]],
  projects: [
    { name: 'browser-host', use: { host: 'browser-host' } },
    { name: 'electron', use: { host: 'electron' } },
  ] as never,
});
