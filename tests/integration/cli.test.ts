import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { execute } from '../../src-main/cli/execute.ts';
import { decodeSeries } from '../../src-main/imaging/decode.ts';
import { planImport } from '../../src-main/imaging/plan-import.ts';
import { writeImage } from '../../src-main/interchange/write-image.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');
const phantoms = join(root, 'tests/fixtures/phantoms');

interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** The real process, as a person would start it. */
function spawned(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'src-main/cli/main.ts'), ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('close', (code) => resolve({ exitCode: code ?? -1, stdout, stderr }));
  });
}

/** The same without the seconds that a process takes to start. */
async function cli(...args: string[]): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const exitCode = await execute(args, {
    stdout: { write: (content: string) => (stdout += content) },
    stderr: { write: (content: string | Uint8Array) => ((stderr += String(content)), true) },
    signal: new AbortController().signal,
  });
  return { exitCode, stdout, stderr };
}

type Document = Record<string, unknown>;

const parsed = ({ exitCode, stdout }: Ended) => ({
  exitCode,
  document: JSON.parse(stdout) as Document,
});
const json = async (...args: string[]) => parsed(await cli(...args, '--json'));

const volumeGeometry: VolumeGeometry = {
  sizeVx: [64, 48, 6],
  spacingMm: [0.8, 0.9, 3],
  originMm: [-20, 30, 100],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
const flatGeometry: VolumeGeometry = {
  sizeVx: [64, 48, 1],
  spacingMm: [1, 1, 1],
  originMm: [0, 0, 0],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

/** A bright disc of radius 10 round (30, 24) in every slice, on a dark ground. */
function discs(slices: number, inside: number, outside: number, shiftX = 0): Uint8Array {
  return Uint8Array.from({ length: 64 * 48 * slices }, (_, n) => {
    const [x, y] = [n % 64, Math.floor(n / 64) % 48];
    return Math.hypot(x - 30 - shiftX, y - 24) < 10 ? inside : outside;
  });
}

const write = async (path: string, geometry: VolumeGeometry, voxels: Uint8Array) => {
  expect((await writeImage(path, { geometry, channels: 1, voxels })).ok).toBe(true);
  return path;
};

async function read(path: string) {
  const plan = await planImport([path], { tempDir: temporaryFolder() });
  const decoded = await decodeSeries(plan.series[0]!);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value;
}

describe('segment', () => {
  it('writes the mask of a box in a picture, without a library', async () => {
    const folder = temporaryFolder();
    const image = await write(join(folder, 'disc.png'), flatGeometry, discs(1, 200, 40));
    const out = join(folder, 'mask.png');
    const library = join(folder, 'library');
    const { exitCode, document } = parsed(
      await spawned(
        'segment',
        image,
        '--box',
        '20,14,41,35',
        '--out',
        out,
        '--library',
        library,
        '--json',
      ),
    );
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({
      ok: true,
      sizeVx: [64, 48, 1],
      boxes: [{ boxPx: [20, 14, 41, 35], slice: 0 }],
    });
    const mask = PNG.sync.read(await readFile(out));
    expect([mask.width, mask.height]).toEqual([64, 48]);
    const values = new Set(mask.data.filter((_, n) => n % 4 === 0));
    expect([...values].sort((a, b) => a - b)).toEqual([0, 255]);
    const truth = await write(join(folder, 'truth.png'), flatGeometry, discs(1, 255, 0));
    const compared = parsed(await spawned('compare', truth, out, '--json'));
    expect(compared.document).toMatchObject({ unit: 'px', dimensions: 2 });
    expect((compared.document.mean as { dice: number }).dice).toBeGreaterThan(0.85);
    expect(existsSync(library)).toBe(false);
  });

  it('writes boxes on slices of a volume as a volume in the same place', async () => {
    const folder = temporaryFolder();
    const image = await write(join(folder, 'discs.nii.gz'), volumeGeometry, discs(6, 200, 40));
    const out = join(folder, 'mask.nrrd');
    const boxes = ['20,14,41,35@2', '20,14,41,35@4', '19,13,42,36@2'];
    const typed = boxes.flatMap((box) => ['--box', box]);
    const { exitCode, document } = await json('segment', image, ...typed, '--out', out);
    expect(exitCode).toBe(0);
    // In the order in which they were given, though the two on one slice are answered together.
    const answers = document.boxes as { boxPx: number[]; slice: number }[];
    expect(answers.map(({ boxPx, slice }) => `${boxPx.join(',')}@${slice}`)).toEqual(boxes);
    const mask = await read(out);
    expect(mask.geometry.spacingMm[2]).toBeCloseTo(3, 6);
    expect(mask.geometry.originMm[0]).toBeCloseTo(-20, 4);
    const inside = (k: number) =>
      (mask.voxels as Uint8Array)
        .slice(k * 64 * 48, (k + 1) * 64 * 48)
        .reduce((sum, value) => sum + value, 0);
    expect([0, 1, 3, 5].map(inside)).toEqual([0, 0, 0, 0]);
    expect(inside(2)).toBeGreaterThan(200);
    expect(inside(4)).toBeGreaterThan(200);
  });

  it.each([
    [['--box', '1,2,3', '--out', 'a.png'], 2, 'wrong-box'],
    [['--box', '100,100,120,120', '--out', 'a.png'], 2, 'box-outside-image'],
    [['--box', '5,5,6,20', '--out', 'a.png'], 2, 'box-too-small'],
    [['--box', '5,5,20,20@3', '--out', 'a.png'], 2, 'slice-outside'],
    [['--box', '5,5,20,20', '--out', 'a.jpg'], 2, 'wrong-out'],
    [['--box', '5,5,20,20', '--out', 'no/folder/a.png'], 6, 'file-not-written'],
    [['--box', '5,5,20,20', '--out', 'a.png', '--model', 'other'], 5, 'no-such-model'],
    [['--out', 'a.png'], 2, 'box-or-batch'],
  ])('refuses %j with exit code %i', async (args, expected, code) => {
    const folder = temporaryFolder();
    const inFolder = args.map((arg) => (/\.(png|jpg)$/.test(arg) ? join(folder, arg) : arg));
    const { exitCode, document } = await json('segment', join(phantoms, 'grey16.png'), ...inFolder);
    expect([exitCode, (document.error as { code: string }).code]).toEqual([expected, code]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('asks for a slice of a volume and for the right kind of file', async () => {
    const out = join(temporaryFolder(), 'a');
    const volume = join(phantoms, 'local.mha');
    expect(
      (await cli('segment', volume, '--box', '1,1,9,9', '--out', `${out}.nii.gz`)).stderr,
    ).toMatch(/needs a slice.*@0 … 1,1,9,9@7/);
    expect(
      (await cli('segment', volume, '--box', '1,1,9,9@2', '--out', `${out}.png`)).stderr,
    ).toMatch(/one slice only/);
    const nothing = await cli(
      'segment',
      join(phantoms, 'truncated.mha'),
      '--box',
      '1,1,9,9@2',
      '--out',
      `${out}.mha`,
    );
    expect(nothing).toMatchObject({
      exitCode: 3,
      stdout: '',
      stderr: expect.stringMatching(/cut off/),
    });
    const missing = await cli(
      'segment',
      'no-such-thing',
      '--box',
      '1,1,9,9',
      '--out',
      `${out}.mha`,
      '--library',
      out,
    );
    expect(missing.exitCode).toBe(4);
  });
});

describe('segment --batch', () => {
  it('does every good row, reports the bad ones, and joins boxes of one file', async () => {
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    await write(at('disc.png'), flatGeometry, discs(1, 200, 40));
    await write(at('discs.mha'), volumeGeometry, discs(6, 200, 40));
    const rows = [
      ['disc.png', '', '20,14,41,35', 'one.png'],
      ['discs.mha', '1', '20,14,41,35', 'volume.nii.gz'],
      ['disc.png', '0', '2,2,12,12', 'one.png'],
      ['gone.png', '', '2,2,12,12', 'gone-mask.png'],
      ['disc.png', '', 'x,2,12,12', 'bad.png'],
      ['disc.png', '', '200,2,220,12', 'bad.png'],
      ['discs.mha', '3', '20,14,41,35', 'volume.nii.gz'],
      ['disc.png', '', '20,14,41,35', 'volume.nii.gz'],
    ].map(([image, slice, box, out]) => `${at(image!)},${slice},${box},${at(out!)}`);
    await writeFile(
      at('jobs.csv'),
      `\ufeffimage,slice,x0,y0,x1,y1,out\r\n${rows.join('\r\n')}\r\n`,
    );
    const { exitCode, document } = parsed(
      await spawned('segment', '--batch', at('jobs.csv'), '--json'),
    );
    expect(exitCode).toBe(3);
    const results = document.rows as { row: number; ok: boolean; error?: { code: string } }[];
    expect(results.map(({ row, ok, error }) => [row, ok ? 'ok' : error!.code])).toEqual([
      [1, 'ok'],
      [2, 'ok'],
      [3, 'ok'],
      [4, 'no-such-file'],
      [5, 'bad-row'],
      [6, 'box-outside-image'],
      [7, 'ok'],
      [8, 'batch-row-other-image'],
    ]);
    expect(readdirSync(folder).sort()).toEqual([
      'disc.png',
      'discs.mha',
      'jobs.csv',
      'one.png',
      'volume.nii.gz',
    ]);
    const volume = await read(at('volume.nii.gz'));
    const inside = (k: number) =>
      volume.voxels.slice(k * 3072, (k + 1) * 3072).some((v) => v !== 0);
    expect([0, 1, 2, 3, 4, 5].map(inside)).toEqual([false, true, false, true, false, false]);
  });

  it.each([
    ['a,b\n1,2\n', /lacks the column/],
    ['image,slice,x0,y0,x1,y1,out\n', /no rows/],
  ])('refuses a file that is no batch', async (content, sentence) => {
    const path = join(temporaryFolder(), 'jobs.csv');
    await writeFile(path, content);
    expect(await cli('segment', '--batch', path)).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(sentence),
    });
  });
});

describe('compare', () => {
  const folderOf = async (shiftPx: number) => {
    const folder = temporaryFolder();
    const grid = { ...volumeGeometry, spacingMm: [1, 1, 1] as [number, number, number] };
    return {
      folder,
      grid,
      reference: await write(join(folder, 'reference.nii.gz'), grid, discs(6, 1, 0)),
      shifted: await write(join(folder, 'shifted.mha'), grid, discs(6, 1, 0, shiftPx)),
    };
  };

  it('gives DSC and NSD of masks in different formats', async () => {
    const { reference, shifted } = await folderOf(3);
    const same = await json('compare', reference, reference);
    expect(same.document).toMatchObject({
      ok: true,
      unit: 'mm',
      labels: [{ label: null, dice: 1, normalisedSurfaceDice: 1 }],
    });
    const { document } = await json('compare', reference, shifted, '--tolerance', '1');
    const [one] = document.labels as {
      dice: number;
      normalisedSurfaceDice: number;
      referenceVoxels: number;
    }[];
    // Two discs of radius 10 whose centres are 3 apart.
    const [r, d] = [10, 3];
    const lens = 2 * r * r * Math.acos(d / (2 * r)) - (d / 2) * Math.sqrt(4 * r * r - d * d);
    expect(one!.dice).toBeCloseTo(lens / (Math.PI * r * r), 1);
    expect(one!.normalisedSurfaceDice).toBeLessThan(1);
    const wide = await json('compare', reference, shifted, '--tolerance', '3');
    expect(
      (wide.document.labels as { normalisedSurfaceDice: number }[])[0]!.normalisedSurfaceDice,
    ).toBe(1);
  });

  it('compares label by label where there are several', async () => {
    const { folder, grid, reference } = await folderOf(0);
    const two = discs(6, 1, 0).map((v, n) => (v && n >= 3 * 3072 ? 2 : v));
    const labels = await write(join(folder, 'labels.nrrd'), grid, two);
    const { document } = await json('compare', labels, reference);
    expect(document.labels).toMatchObject([
      { label: 1, dice: expect.closeTo(2 / 3, 6) },
      { label: 2, dice: 0 },
    ]);
  });

  it('does not compare what does not lie in one place', async () => {
    const { folder, grid, reference } = await folderOf(0);
    const moved = await write(
      join(folder, 'moved.nii.gz'),
      { ...grid, originMm: [-20, 30, 103] },
      discs(6, 1, 0),
    );
    const small = await write(
      join(folder, 'small.nii.gz'),
      { ...grid, sizeVx: [64, 48, 5] },
      discs(5, 1, 0),
    );
    const flat = await write(join(folder, 'flat.png'), flatGeometry, discs(1, 255, 0));
    const codes = async (a: string, b: string) => {
      const { exitCode, document } = await json('compare', a, b);
      return [exitCode, (document.error as { code: string }).code];
    };
    expect(await codes(reference, moved)).toEqual([3, 'masks-differ-in-place']);
    expect(await codes(reference, small)).toEqual([3, 'masks-differ-in-size']);
    expect(await codes(reference, flat)).toEqual([3, 'masks-differ-in-size']);
    expect(await codes(flat, join(phantoms, 'rgb.png'))).toEqual([3, 'mask-is-colour']);
    expect(await codes(join(phantoms, 'grey.png'), flat)).toEqual([3, 'mask-many-labels']);
    expect(await codes(reference, join(folder, 'gone.nii'))).toEqual([4, 'no-such-file']);
  });
});

describe('models', () => {
  it('lists and verifies the embedded model', async () => {
    const library = temporaryFolder();
    const listed = await json('models', 'list', '--library', library);
    const models = listed.document.models as { id: string; isDefault: boolean }[];
    const embedded = models.find(({ isDefault }) => isDefault)!;
    const verified = await json('models', 'verify', embedded.id, '--library', library);
    expect(verified).toMatchObject({
      exitCode: 0,
      document: { ok: true, models: [{ modelId: embedded.id, verified: true }] },
    });
    expect((await json('models', 'verify', 'other', '--library', library)).exitCode).toBe(5);
  });
});

describe('wrong use', () => {
  it.each([['segment'], ['compare', 'a'], ['nonsense'], ['list', '--what']])(
    'ends %j with code 2 and one document',
    async (...args) => {
      const { exitCode, document } = await json(...args);
      expect([exitCode, document.ok, document.exitCode]).toEqual([2, false, 2]);
    },
  );

  it('shows help on standard output', async () => {
    const help = await spawned('--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/Exit codes: 0 done/);
  });
});
