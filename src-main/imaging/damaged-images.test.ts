import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSeries } from './decode.ts';
import { planImport } from './plan-import.ts';

const phantoms = join(import.meta.dirname, '../../tests/fixtures/phantoms');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'damaged-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Each file is in one series or refused; what decodes has as many voxels as its geometry says. */
async function importOf(name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  const plan = await planImport([path], { tempDir: folder });
  expect(plan.series.length > 0 ? 1 : plan.refused.length).toBe(1);
  const decoded = plan.series[0] ? await decodeSeries(plan.series[0]) : null;
  if (!decoded?.ok) return;
  const { sizeVx } = decoded.value.geometry;
  expect(decoded.value.voxels).toHaveLength(
    sizeVx[0] * sizeVx[1] * sizeVx[2] * decoded.value.channels,
  );
}

// Pictures cost a run of WebAssembly each.
const files: [name: string, runs: number][] = [
  ['oblique-sform.nii', 60],
  ['nifti2.nii.gz', 40],
  ['lps.nrrd', 60],
  ['rgb.nrrd', 40],
  ['local.mha', 60],
  ['compressed.mha', 40],
  ['grey.png', 8],
  ['grey.jpg', 8],
  ['pages.tif', 12],
  ['rgb.bmp', 12],
];

describe('damaged files', () => {
  it.each(files)('%s with bytes changed never stops an import', async (name, numRuns) => {
    const whole = await readFile(join(phantoms, name));
    const changes = fc.array(fc.tuple(fc.nat(Math.min(600, whole.length - 1)), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (places) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of places) bytes[at] = value;
        await importOf(name, bytes);
      }),
      { numRuns },
    );
  });

  it.each(files)('%s cut off anywhere is refused', async (name, numRuns) => {
    const whole = await readFile(join(phantoms, name));
    // The last bytes of some formats are padding or a trailer that is not needed.
    const cut = fc.integer({ min: 1, max: whole.length - 16 });
    await fc.assert(
      fc.asyncProperty(cut, async (length) => {
        const path = join(folder, name);
        await writeFile(path, whole.subarray(0, length));
        const plan = await planImport([path], { tempDir: folder });
        expect(plan.series).toEqual([]);
        expect(plan.refused).toHaveLength(1);
      }),
      { numRuns },
    );
  });
});
