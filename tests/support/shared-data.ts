import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The folder of real images and DICOM beside the checkout; null in a lone clone. */
export const sharedData: string | null =
  [process.env.MEDSAM_WORKSTATION_TEST_DATA, join(root, '..', 'shared', 'data')].find(
    (path): path is string => !!path && existsSync(join(path, 'README.md')),
  ) ?? null;

/** Title suffix that tells in the test report why real-data tests were skipped. */
export const realData = sharedData
  ? 'with real data'
  : 'with real data (SKIPPED: no shared/data folder beside the checkout)';
