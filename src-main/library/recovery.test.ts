import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { filesIn } from '../../tests/support/library-files.ts';
import { rawImaging, writeRawSeries } from '../../tests/support/raw-imaging.ts';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import { openLibrary, type OpenLibrary } from './index.ts';
import { imports, looseFiles, series, seriesFiles, studies } from './schema/index.ts';

const child = fileURLToPath(new URL('../../tests/support/import-process.ts', import.meta.url));

/** Runs an import in a process of its own and kills it `afterMs` after a line of progress for which `when` holds. */
async function killedImport(
  root: string,
  source: string,
  when: (line: string) => boolean,
  afterMs = 0,
) {
  const running = spawn(process.execPath, [child, root, source, '3'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => running.once('exit', resolve));
  for await (const line of createInterface({ input: running.stdout })) {
    if (!when(line)) continue;
    if (afterMs > 0) await sleep(afterMs);
    running.kill('SIGKILL');
    break;
  }
  await exited;
}

/** What must hold of every library at rest: the records and the files are the same set, and whole. */
function expectConsistent({ db, folder }: OpenLibrary): void {
  const referenced = new Set(
    db
      .select({ sha256: seriesFiles.sha256 })
      .from(seriesFiles)
      .all()
      .map((row) => row.sha256),
  );
  expect(
    filesIn(folder.root, 'originals')
      .map((path) => path.split('/').at(-1))
      .sort(),
  ).toEqual([...referenced].sort());
  const rows = db.select().from(series).all();
  expect(filesIn(folder.root, 'volumes').sort()).toEqual(
    rows.map((row) => `volumes/${row.id}.raw`).sort(),
  );
  expect(filesIn(folder.root, 'thumbnails').sort()).toEqual(
    rows.map((row) => `thumbnails/${row.id}.png`).sort(),
  );
  for (const row of rows) {
    expect(statSync(folder.volumePath(row.id)).size).toBe(row.volumeBytes);
    const files = db
      .select()
      .from(seriesFiles)
      .all()
      .filter((file) => file.seriesId === row.id);
    expect(files).toHaveLength(row.fileCount);
    for (const file of files)
      expect(statSync(folder.originalPath(file.sha256)).size).toBe(file.bytes);
  }
  expect(
    new Set(
      db
        .select()
        .from(studies)
        .all()
        .map((s) => s.id),
    ),
  ).toEqual(new Set(rows.map((r) => r.studyId)));
  expect(db.select().from(looseFiles).all()).toEqual([]);
  expect(readdirSync(folder.staging)).toEqual([]);
}

test.each([
  ['while the second series is decoded', (line: string) => /^decoding 1 4\d/.test(line), 0],
  ['when the second series begins to be stored', (line: string) => line.startsWith('storing 1'), 0],
  ['a moment into storing', (line: string) => line.startsWith('storing 1'), 4],
  ['somewhat later in storing', (line: string) => line.startsWith('storing 1'), 12],
])(
  'an import killed %s leaves whole series only, and can be done again',
  async (_when, when, afterMs) => {
    const folder = temporaryFolder();
    const root = join(folder, 'library');
    writeRawSeries(join(folder, 'in', 'a'), { uid: '1', slices: 30, firstSlice: 100 });
    writeRawSeries(join(folder, 'in', 'b'), { uid: '2', slices: 40 });
    await killedImport(root, join(folder, 'in'), when, afterMs);

    const library = openLibrary({ root, imagingPool: rawImaging() });
    try {
      expectConsistent(library);
      const stored = library.db
        .select()
        .from(series)
        .all()
        .map((row) => row.uid);
      // The later kills may find the second series just made visible.
      expect(stored.slice(0, 1)).toEqual(['1']);
      expect(library.imports.history(1)).toMatchObject([
        { state: 'failed', error: { code: 'import-interrupted' }, accepted: [{ fileCount: 30 }] },
      ]);
      const again = library.imports.startPaths([join(folder, 'in')]);
      const summary = await library.imports.finished(again.ok ? again.value.importId : '');
      expect(summary).toMatchObject({ state: 'done' });
      expect(summary.accepted.length + summary.alreadyPresent.length).toBe(2);
      expect(library.db.select().from(series).all()).toHaveLength(2);
      expectConsistent(library);
    } finally {
      await library.close();
    }
  },
);

test('an import of another living process is left alone', async () => {
  const folder = temporaryFolder();
  const root = join(folder, 'library');
  const source = writeRawSeries(join(folder, 'in'), { uid: '1', slices: 150 });
  const running = spawn(process.execPath, [child, root, source, '3'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => running.once('exit', resolve));
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  while (!/^decoding 0 [1-9]/.test((await lines.next()).value as string));
  const library = openLibrary({ root, imagingPool: rawImaging() });
  expect(readdirSync(library.folder.staging)).toHaveLength(1);
  for (;;) if ((await lines.next()).done) break;
  await exited;
  expect(library.imports.history(1)).toMatchObject([
    { state: 'done', accepted: [{ fileCount: 150 }] },
  ]);
  expectConsistent(library);
  await library.close();
});

test('the window hears of what the command line imports and deletes in the same library', async () => {
  const folder = temporaryFolder();
  const root = join(folder, 'library');
  const source = writeRawSeries(join(folder, 'in'), { uid: '1', slices: 2 });
  const window = openLibrary({ root, imagingPool: rawImaging(), watchEveryMs: 10 });
  const commandLine = openLibrary({ root, imagingPool: rawImaging() });
  const events = window.library.changes();
  const started = commandLine.imports.startPaths([source]);
  const summary = await commandLine.imports.finished(started.ok ? started.value.importId : '');
  expect((await events.next()).value).toEqual({ kind: 'changed', patientIds: [] });
  expect(window.library.open(summary.accepted[0]!.id).ok).toBe(true);
  commandLine.library.remove('series', summary.accepted[0]!.id);
  expect((await events.next()).value).toEqual({ kind: 'changed', patientIds: [] });
  await commandLine.close();
  await window.close();
});

test('what a silent import and an unfinished deletion left is swept; files that are needed stay', async () => {
  const folder = temporaryFolder();
  const root = join(folder, 'library');
  const source = writeRawSeries(join(folder, 'in'), { uid: '1', slices: 2 });
  const first = openLibrary({ root, imagingPool: rawImaging() });
  const started = first.imports.startPaths([source]);
  await first.imports.finished(started.ok ? started.value.importId : '');
  const needed = first.db.select().from(seriesFiles).all()[0]!.sha256;
  const left = first.folder.originalPath('ab'.repeat(32));
  mkdirSync(dirname(left), { recursive: true });
  writeFileSync(left, 'left');
  const silent = crypto.randomUUID();
  // This very process is alive, but the import has not been heard of for long: its number was given away.
  const longAgo = new Date(Date.now() - 3_600_000).toISOString();
  first.db
    .insert(imports)
    .values({
      id: silent,
      state: 'running',
      startedAt: longAgo,
      heartbeatAt: longAgo,
      processId: process.pid,
    })
    .run();
  mkdirSync(join(first.folder.importStaging(silent), 'store'), { recursive: true });
  first.db.insert(looseFiles).values([
    { path: `originals/ab/${'ab'.repeat(32)}`, importId: silent },
    { path: `originals/${needed.slice(0, 2)}/${needed}`, importId: null },
  ]).run(); // prettier-ignore
  await first.close();
  const second = openLibrary({ root, imagingPool: rawImaging() });
  expectConsistent(second);
  await second.close();
});
