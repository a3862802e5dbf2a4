import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createApp, type App } from '../../src-main/app.ts';
import { openEmbeddingStore } from '../../src-main/inference/engine/embedding-store.ts';
import { temporaryFolder } from '../support/inference.ts';
import { rawImaging, writeRawSeries } from '../support/raw-imaging.ts';
import { openLibrary } from '../../src-main/library/index.ts';
import { writeTinyPromptable } from '../support/tiny-models.ts';

const cacheOf = (libraryDir: string) => join(libraryDir, 'embeddings');

function keptSeries(libraryDir: string): string[] {
  const store = openEmbeddingStore(cacheOf(libraryDir), Infinity);
  const ids = store.seriesIds()!;
  store.close();
  return ids.toSorted();
}

/** Files below the library in which some bytes lie. */
function filesWith(libraryDir: string, bytes: Buffer | string): string[] {
  return readdirSync(libraryDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(bytes));
}

/** A library with two patients of one slice each, and a promptable model. */
async function twoPatients() {
  const folder = temporaryFolder();
  const libraryDir = join(folder, 'library');
  writeTinyPromptable(join(libraryDir, 'models'));
  const library = openLibrary({ root: libraryDir, imagingPool: rawImaging() });
  for (const [uid, name] of [['1', 'Removed^Rita'], ['2', 'Stays^Stan']] as const)
    writeRawSeries(join(folder, 'in', uid), { uid, slices: 1, firstSlice: Number(uid) * 10, patient: { name, code: uid }, study: { uid } }); // prettier-ignore
  const started = library.imports.startPaths([join(folder, 'in')]);
  const { accepted } = await library.imports.finished(started.ok ? started.value.importId : '');
  await library.close();
  return { libraryDir, accepted };
}

async function boxOn(app: App, seriesId: string) {
  const made = await app.segmentation.segment({
    modelId: 'tiny-promptable',
    seriesId,
    newSegment: {},
    axis: 'k',
    sliceIndex: 0,
    boxPx: [2, 2, 14, 14],
    modelWindow: { kind: 'identity' },
  });
  if (!made.ok) throw new Error(`${made.error.code} ${made.error.detail}`);
}

async function appOn(libraryDir: string): Promise<App> {
  const app = await createApp({ libraryDir, host: 'cli' });
  let closed: Promise<void> | null = null;
  const close = () => (closed ??= app.close());
  onTestFinished(close);
  return { ...app, close };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test.each(['up', 'not running'])(
  'a removed patient leaves nothing in the library folder, with the engine %s',
  async (engine) => {
    const { libraryDir, accepted } = await twoPatients();
    const [removed, stays] = accepted as [(typeof accepted)[0], (typeof accepted)[0]];
    let app = await appOn(libraryDir);
    for (const { id } of accepted) await boxOn(app, id);
    await app.library.thumbnail(removed.id);
    expect(keptSeries(libraryDir)).toEqual([removed.id, stays.id].toSorted());
    if (engine === 'not running') {
      await app.close();
      app = await appOn(libraryDir);
    }
    const traces = ['Removed^Rita', removed.id];
    expect(traces.map((trace) => filesWith(libraryDir, trace).length > 0)).toEqual([true, true]);
    // What an update of the library's schema kept.
    writeFileSync(join(libraryDir, 'library-version-1.sqlite'), 'Removed^Rita');

    expect(app.library.remove('patient', removed.patientId).ok).toBe(true);
    await until(() => keptSeries(libraryDir).length === 1);
    expect(keptSeries(libraryDir)).toEqual([stays.id]);
    await app.close();
    expect(filesWith(libraryDir, 'Removed^Rita')).toEqual([]);
    // The cache knows the bare identifier, so that nothing is kept under it again; the log names it as removed.
    expect(
      filesWith(libraryDir, removed.id).filter((path) => !/embeddings|logs/.test(path)),
    ).toEqual([]);
    for (const folder of ['volumes', 'thumbnails'])
      expect(readdirSync(join(libraryDir, folder))).toEqual([expect.stringContaining(stays.id)]);
    expect(readdirSync(join(libraryDir, 'staging'))).toEqual([]);
  },
);

test('what a process did not come to erase is erased at the next start', async () => {
  const { libraryDir, accepted } = await twoPatients();
  const store = openEmbeddingStore(cacheOf(libraryDir), 1e9);
  const embedding = Float16Array.from({ length: 500_000 }, (_, at) => Math.sin(at) * 9);
  store.write('key', embedding, crypto.randomUUID());
  store.write('other', embedding.slice(0, 9), accepted[0]!.id);
  store.close();
  const bytes = Buffer.from(embedding.buffer).subarray(400_000, 400_064);
  expect(filesWith(libraryDir, bytes)).toHaveLength(1);
  await appOn(libraryDir);
  await until(() => filesWith(libraryDir, bytes).length === 0);
  expect(keptSeries(libraryDir)).toEqual([accepted[0]!.id]);
});
