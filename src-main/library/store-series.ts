import { asc, desc, eq } from 'drizzle-orm';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImportIssue } from '../../src-shared/import-issue.ts';
import type { DecodedVolume, PlannedSeries } from '../imaging/types.ts';
import {
  forEachConcurrently, hashFile, placeOriginal, stageOriginal, syncFolders, type StagedOriginal,
} from './content-store.ts'; // prettier-ignore
import { type Db, valueOf, writeTransaction } from './database.ts';
import type { Imaging } from './imaging.ts';
import { type LibraryFolder, originalFile, thumbnailFile, volumeFile } from './library-folder.ts';
import { noteLooseFiles, settleLooseFiles } from './loose-files.ts';
import { patientFor, refreshPatient, studyFor } from './patients.ts';
import { relativePaths } from './relative-paths.ts';
import { edits, segments, series, seriesFiles, seriesPlans, studies } from './schema/index.ts';
import { thumbnailPng } from './thumbnail.ts';
import { writeVolumeFile } from './volume-file.ts';

export interface StoreContext {
  db: Db;
  folder: LibraryFolder;
  imaging: Pick<Imaging, 'decode'>;
  importId: string;
  isSample: boolean;
  signal: AbortSignal;
}

export type StoredSeries =
  | { outcome: 'stored'; seriesId: string; patientId: string; replaced: string[] }
  | { outcome: 'already-present'; seriesId: string };

/** Originals are read and hashed a few at a time beside the decoding, which has its own process. */
const lanes = 4;

/**
 * Brings one planned series into the library: decodes it, keeps its originals, and makes it visible
 * in one transaction after every file of it is on the disk and in its place. What fails or is cut
 * off before leaves only staged and noted files, which are swept.
 */
export async function storeSeries(
  context: StoreContext,
  planned: PlannedSeries,
  onSlice: (done: number) => void,
  onStoring: () => void,
): Promise<StoredSeries> {
  const { folder, signal, importId } = context;
  const known = await knownAlready(context, planned);
  if (known) return { outcome: 'already-present', seriesId: known };

  const staging = join(folder.importStaging(importId), 'store');
  await mkdir(staging, { recursive: true });
  // One failing side stops the other: neither may go on after the staging folder is gone.
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const guarded = <T>(work: Promise<T>) =>
    work.catch((error: unknown) => {
      stop.abort(error);
      throw error;
    });
  const originals: StagedOriginal[] = new Array(planned.files.length);
  const [copied, decoded] = await Promise.allSettled([
    guarded(
      forEachConcurrently(planned.files, lanes, async (file, n) => {
        either.throwIfAborted();
        originals[n] = await stageOriginal(file.path, staging, either);
      }),
    ),
    guarded(stageVolume(context, planned, staging, either, onSlice)),
  ]);
  signal.throwIfAborted();
  const first = stop.signal.aborted ? stop.signal.reason : null;
  if (copied.status === 'rejected' || decoded.status === 'rejected') throw first;

  onStoring();
  const stagedVolume = decoded.value;
  const seriesId = crypto.randomUUID();
  const distinct = [...new Map(originals.map((file) => [file.sha256, file])).values()];
  writeTransaction(context.db, (tx) =>
    noteLooseFiles(tx, importId, [
      ...distinct.map((file) => originalFile(file.sha256)),
      volumeFile(seriesId),
      thumbnailFile(seriesId),
    ]),
  );
  await forEachConcurrently(distinct, lanes, (file) => placeOriginal(folder, file));
  await rename(stagedVolume.path, folder.volumePath(seriesId));
  await writeFile(folder.thumbnailPath(seriesId), stagedVolume.thumbnail);
  await syncFolders([
    ...distinct.map((file) => dirname(folder.originalPath(file.sha256))),
    folder.volumes,
    folder.thumbnails,
  ]);
  signal.throwIfAborted();
  const recorded = writeTransaction(context.db, (tx) =>
    record(tx, context, planned, { seriesId, originals, ...stagedVolume }),
  );
  for (const id of recorded.replaced) await rm(folder.thumbnailPath(id), { force: true });
  return { outcome: 'stored', seriesId, ...recorded };
}

interface StagedVolume {
  path: string;
  thumbnail: Buffer;
  bytes: number;
  crc32: number;
  /** The decoded volume without its voxels, which would else be held until the series is stored. */
  facts: Omit<DecodedVolume, 'voxels'>;
}

async function stageVolume(
  context: StoreContext,
  planned: PlannedSeries,
  staging: string,
  signal: AbortSignal,
  onSlice: (done: number) => void,
): Promise<StagedVolume> {
  const { voxels, ...facts } = valueOf(await context.imaging.decode(planned, { signal, onSlice }));
  const thumbnail = thumbnailPng({ voxels, ...facts }, planned.modality);
  const path = join(staging, 'volume.raw');
  return { path, thumbnail, facts, ...(await writeVolumeFile(path, voxels, signal)) };
}

/** The hashes of a stored series' originals. */
function storedHashes(tx: Db, seriesId: string): Set<string> {
  const rows = tx.select({ sha256: seriesFiles.sha256 }).from(seriesFiles).where(eq(seriesFiles.seriesId, seriesId)).all(); // prettier-ignore
  return new Set(rows.map((row) => row.sha256));
}

/** Every version of a series, the latest first. */
const versionsOf = (tx: Db, uid: string) =>
  tx.select({ id: series.id, version: series.version }).from(series).where(eq(series.uid, uid))
    .orderBy(desc(series.version)).all(); // prettier-ignore

/** The id of the stored series that has every one of the planned files already, if there is one. */
async function knownAlready(context: StoreContext, planned: PlannedSeries): Promise<string | null> {
  const versions = versionsOf(context.db, planned.uid);
  if (versions.length === 0) return null;
  const hashes: string[] = [];
  await forEachConcurrently(planned.files, lanes, async (file) => {
    hashes.push(await hashFile(file.path, context.signal));
  });
  return findCovering(context.db, versions, hashes);
}

function findCovering(tx: Db, versions: { id: string }[], hashes: string[]): string | null {
  const covering = versions.find(({ id }) => {
    const stored = storedHashes(tx, id);
    return hashes.every((hash) => stored.has(hash));
  });
  return covering?.id ?? null;
}

/** The one transaction that makes a series visible. */
function record(
  tx: Db,
  context: StoreContext,
  planned: PlannedSeries,
  stored: Omit<StagedVolume, 'path' | 'thumbnail'> & {
    seriesId: string;
    originals: StagedOriginal[];
  },
): { patientId: string; replaced: string[] } {
  const { seriesId, originals, facts } = stored;
  const now = new Date().toISOString();
  const hashes = new Set(originals.map((file) => file.sha256));
  const versions = versionsOf(tx, planned.uid);
  const issues = [...facts.issues];
  const replaced = versions.map(({ id }) => id).filter((id) => mayReplace(tx, id, hashes));
  const kept = versions.filter(({ id }) => !replaced.includes(id));
  if (replaced.length > 0) issues.push(note('replaced-by-more-complete', { before: fileCountOf(tx, replaced[0]!), now: originals.length })); // prettier-ignore
  if (kept.length > 0) issues.push(note('kept-beside-earlier', { versions: kept.length + 1 }));
  const affected = new Set<string>();
  for (const id of replaced) affected.add(removeSeriesRow(tx, id));

  const patientId = patientFor(tx, planned, context.isSample, now);
  affected.add(patientId);
  tx.insert(series)
    .values({
      id: seriesId,
      studyId: studyFor(tx, patientId, planned.study),
      uid: planned.uid,
      version: (kept[0]?.version ?? 0) + 1,
      modality: planned.modality,
      number: planned.number,
      description: planned.description,
      bodyPart: planned.bodyPart,
      frameOfReferenceUid: planned.frameOfReferenceUid,
      kind: facts.kind,
      geometry: facts.geometry,
      hasSpacing: facts.hasSpacing,
      measurable: facts.measurable,
      channels: facts.channels,
      dataType: facts.dataType,
      valueMin: facts.valueRange[0],
      valueMax: facts.valueRange[1],
      percentileLow: facts.percentileRange[0],
      percentileHigh: facts.percentileRange[1],
      windows: facts.windows,
      valueUnit: planned.valueUnit,
      issues,
      sourceFormat: planned.sourceFormat,
      fileCount: originals.length,
      originalBytes: originals.reduce((sum, file) => sum + file.bytes, 0),
      volumeBytes: stored.bytes,
      volumeCrc32: stored.crc32,
      importedAt: now,
    })
    .run();
  tx.insert(seriesPlans)
    .values({ seriesId, plan: { ...planned, files: [] } })
    .run();
  const relative = relativePaths(planned.files.map((file) => file.path));
  originals.forEach((file, position) => {
    tx.insert(seriesFiles)
      .values({
        seriesId,
        position,
        sha256: file.sha256,
        bytes: file.bytes,
        shownPath: planned.files[position]!.shownPath,
        relativePath: relative[position]!,
      })
      .run();
  });
  settleLooseFiles(tx, context.importId);
  for (const id of affected) refreshPatient(tx, id);
  return { patientId, replaced };
}

const note = (code: ImportIssue['code'], params: ImportIssue['params']): ImportIssue => ({
  code,
  severity: 'note',
  notMeasurable: false,
  params,
});

/** A stored series gives way to a more complete one only while nobody has worked on it. */
function mayReplace(tx: Db, seriesId: string, hashes: Set<string>): boolean {
  for (const hash of storedHashes(tx, seriesId)) if (!hashes.has(hash)) return false;
  const segment = tx
    .select({ id: segments.id })
    .from(segments)
    .where(eq(segments.seriesId, seriesId))
    .limit(1)
    .get();
  const edit = tx
    .select({ id: edits.id })
    .from(edits)
    .where(eq(edits.seriesId, seriesId))
    .limit(1)
    .get();
  return !segment && !edit;
}

const fileCountOf = (tx: Db, seriesId: string) =>
  tx.select({ count: series.fileCount }).from(series).where(eq(series.id, seriesId)).get()!.count;

/** Removes a series' row, notes its files as loose, and returns its patient. */
export function removeSeriesRow(tx: Db, seriesId: string): string {
  const { patientId } = tx
    .select({ patientId: studies.patientId })
    .from(series)
    .innerJoin(studies, eq(series.studyId, studies.id))
    .where(eq(series.id, seriesId))
    .get()!;
  const files = tx.selectDistinct({ sha256: seriesFiles.sha256 }).from(seriesFiles)
    .where(eq(seriesFiles.seriesId, seriesId)).orderBy(asc(seriesFiles.sha256)).all(); // prettier-ignore
  noteLooseFiles(tx, null, [
    ...files.map((file) => originalFile(file.sha256)),
    volumeFile(seriesId),
    thumbnailFile(seriesId),
  ]);
  tx.delete(series).where(eq(series.id, seriesId)).run();
  return patientId;
}
