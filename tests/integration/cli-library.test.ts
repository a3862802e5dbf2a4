import { mkdtempSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../src-main/cli/execute.ts';
import { decodeSeries } from '../../src-main/imaging/decode.ts';
import { planImport } from '../../src-main/imaging/plan-import.ts';
import { readNpz } from '../support/read-npz.ts';

const root = join(import.meta.dirname, '../..');
const phantoms = join(root, 'tests/fixtures/phantoms');
const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-cli-'));
const library = join(folder, 'library');

type Document = Record<string, unknown> & { error?: { code: string } };

/** One command on the library of this file, and its one document. */
async function json(...args: string[]): Promise<{ exitCode: number; document: Document }> {
  let stdout = '';
  const exitCode = await execute([...args, '--json', '--library', library], {
    stdout: { write: (content: string) => (stdout += content) },
    stderr: { write: () => true },
    signal: new AbortController().signal,
  });
  return { exitCode, document: JSON.parse(stdout) as Document };
}

interface Series {
  id: string;
  description: string;
}

/** 64 × 48, grey, with a bright disc of radius 10 round (30, 24). */
function discPicture(): Buffer {
  const [width, height] = [64, 48];
  const png = new PNG({ width, height, colorType: 0, inputColorType: 0, inputHasAlpha: false });
  png.data = Buffer.from(
    Array.from({ length: width * height }, (_, n) =>
      Math.hypot((n % width) + 0.5 - 30, Math.floor(n / width) + 0.5 - 24) < 10 ? 190 : 70,
    ),
  );
  return PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false });
}

let imported: { exitCode: number; document: Document };
let series: Series[];
const named = (description: string) => series.find((one) => one.description === description)!.id;

beforeAll(async () => {
  const input = join(folder, 'input');
  await mkdir(input);
  for (const name of ['local.mha', 'grey.png', 'truncated.png', 'time.nii.gz']) {
    await copyFile(join(phantoms, name), join(input, name));
  }
  await writeFile(join(input, 'disc.png'), discPicture());
  imported = await json('import', input);
  series = imported.document.accepted as Series[];
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the library on the command line', () => {
  it('imports what can be read, names the rest, and says so by the exit code', () => {
    expect(imported.exitCode).toBe(3);
    expect(imported.document).toMatchObject({ ok: false, state: 'done', filesRead: 5 });
    expect(series.map(({ description }) => description).sort()).toEqual([
      'disc.png',
      'grey.png',
      'local.mha',
      ...Array(3).fill('time.nii.gz'),
    ]);
    expect(imported.document.refused).toMatchObject([{ issue: { code: 'truncated-pixel-data' } }]);
  });

  it('knows files that it has', async () => {
    const again = await json('import', join(folder, 'input', 'local.mha'));
    expect(again).toMatchObject({
      exitCode: 0,
      document: { accepted: [], alreadyPresent: [{ description: 'local.mha' }] },
    });
  });

  it('lists patients with their series, and finds by words', async () => {
    const { document } = await json('list');
    const patients = document.patients as { name: string; studies: { series: Series[] }[] }[];
    expect(patients.map(({ name }) => name).sort()).toEqual(['disc', 'grey', 'local', 'time']);
    const found = await json('list', '--search', 'grey');
    expect((found.document.patients as unknown[]).length).toBe(1);
  });

  it('exports a series as it came', async () => {
    const out = join(folder, 'export.nii.gz');
    expect((await json('export', named('local.mha'), '--out', out)).exitCode).toBe(0);
    const read = async (path: string) => {
      const plan = await planImport([path], { tempDir: folder });
      const decoded = await decodeSeries(plan.series[0]!);
      return decoded.ok ? decoded.value : null;
    };
    const [exported, original] = [await read(out), await read(join(phantoms, 'local.mha'))];
    expect(exported!.voxels).toEqual(original!.voxels);
    expect(exported!.geometry.originMm[2]).toBeCloseTo(original!.geometry.originMm[2]!, 3);
  });

  it('segments a series, keeps the mask when asked, and reads its burden', async () => {
    const id = named('local.mha');
    const out = join(folder, 'mask.mha');
    const plain = await json('segment', id.slice(0, 8), '--box', '1,1,10,9@3', '--out', out);
    expect(plain.exitCode).toBe(0);
    expect((await json('burden', id)).document.segments).toEqual([]);
    const kept = await json(
      'segment',
      id,
      '--box',
      '1,1,10,9@3',
      '--box',
      '1,1,10,9@4',
      '--out',
      out,
      '--save',
      'Lesion A',
    );
    expect(kept.exitCode).toBe(0);
    const burden = await json('burden', id);
    expect(burden.document.segments).toMatchObject([
      { name: 'Lesion A', statistics: { voxelCount: kept.document.voxelCount } },
    ]);
    const { document } = await json('list', '--search', 'local');
    const [patient] = document.patients as { id: string }[];
    const table = await json('burden', patient!.id);
    expect(table.document.lesions).toMatchObject([{ name: 'Lesion A' }]);
    const masks = join(folder, 'labels.nrrd');
    const exported = await json('export', id, '--masks', '--out', masks);
    expect(exported.document.labels).toMatchObject([
      { label: 1, name: 'Lesion A', voxelCount: kept.document.voxelCount },
    ]);
    const compared = await json('compare', out, masks);
    expect(compared.document).toMatchObject({ mean: { dice: 1 } });
    expect(
      (await json('export', id, '--segment', 'Lesion B', '--out', masks)).document.error!.code,
    ).toBe('no-such-segment');
  }, 240_000);

  it('writes masks of a picture as a training set, (H, W, 3) with its labels', async () => {
    const id = named('disc.png');
    const mask = join(folder, 'disc-mask.png');
    const box = ['--box', '18,12,42,36'];
    const kept = await json('segment', id, ...box, '--out', mask, '--save', 'Lesion G');
    const out = join(folder, 'training-set');
    const set = await json('training-set', id, '--out', out, '--minimum-slice-pixels', '1', '--anatomy', 'Phantom'); // prettier-ignore
    expect(set).toMatchObject({ exitCode: 0, document: { files: 1, masks: 1, patients: 1 } });
    const { imgs, gts } = await readNpz(join(out, 'OT_Phantom_p0001s01.npz'));
    expect(imgs!.shape).toEqual([...gts!.shape, 3]);
    expect(gts!.values.filter((v) => v === 1)).toHaveLength(kept.document.voxelCount as number);
    const again = await json('training-set', '--out', out);
    expect(again).toMatchObject({ exitCode: 2, document: { error: { code: 'folder-not-empty' } } });
    expect((await json('training-set', '--out', 'x', '--anatomy', 'a_b')).exitCode).toBe(2);
    expect((await json('training-set', 'ffffffff', '--out', 'x')).exitCode).toBe(4);
  }, 240_000);

  it('says what it does not find', async () => {
    expect((await json('export', 'ffffffff', '--out', join(folder, 'x.mha'))).exitCode).toBe(4);
    expect((await json('burden', 'nobody')).exitCode).toBe(4);
  });
});
