import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from './workstation.ts';

export { expect } from './workstation.ts';

/** The workstation, and a folder of the test's own for the files that it makes. */
export const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'workstation-files-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
});
