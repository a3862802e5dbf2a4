import { asc, eq } from 'drizzle-orm';
import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { inSliceAxes, type SliceAxis } from '../../src-shared/geometry/planes.ts';
import type { DataType } from '../../src-shared/contract/series.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import type { Voxels } from '../imaging/types.ts';
import type { Imaging } from './imaging.ts';
import { type Db, LibraryError, valueOf } from './database.ts';
import type { LibraryFolder } from './library-folder.ts';
import { series, seriesFiles, seriesPlans } from './schema/index.ts';
import { hasSeries } from './series-records.ts';
import {
  asVoxels,
  bytesPerValue,
  hasSize,
  readBytes,
  readInto,
  writeVolumeFile,
} from './volume-file.ts';

/** The stored voxels of one series: x-fastest, RGB interleaved. */
export interface LibraryVolume {
  seriesId: string;
  geometry: VolumeGeometry;
  dataType: DataType;
  channels: 1 | 3;
  voxels: Voxels;
}

/** All methods throw {@link LibraryError}: `not-found`, `file-unreadable`, `decode-failed`, `disk-full`. */
export interface VolumeStore {
  /** The whole volume; kept in memory while there is room. Not to be written to. */
  readVolume(seriesId: string): Promise<LibraryVolume>;
  /** The voxels of one slice, row by row (see `inSliceAxes`), channels interleaved. A copy. */
  readSlice(seriesId: string, axis: SliceAxis, index: number): Promise<Voxels>;
  /** Path of the raw voxels, for streaming; decoded again from the originals when it is missing. */
  volumeFilePath(seriesId: string): Promise<string>;
  /** Forgets volumes held in memory (their series were removed). */
  forget(seriesIds: readonly string[]): void;
  /** Bytes of volumes held in memory. */
  heldBytes(): number;
}

interface StoredVolume {
  id: string;
  geometry: VolumeGeometry;
  dataType: DataType;
  channels: 1 | 3;
  volumeBytes: number;
  volumeCrc32: number;
}

/** 1.5 GB, or a quarter of the memory of a smaller machine. */
export const defaultVolumeMemoryBytes = () => Math.min(1.5 * 1024 ** 3, totalmem() / 4);

export function createVolumeStore(options: {
  db: Db;
  folder: LibraryFolder;
  imaging: Pick<Imaging, 'decode'>;
  memoryBytes?: number;
}): VolumeStore {
  const { db, folder, imaging } = options;
  const memoryBytes = options.memoryBytes ?? defaultVolumeMemoryBytes();
  /** In order of use, the latest last. */
  const held = new Map<string, LibraryVolume>();
  const loading = new Map<string, Promise<LibraryVolume>>();
  const decoding = new Map<string, Promise<void>>();

  const record = (seriesId: string): StoredVolume => {
    const row = db
      .select({
        id: series.id,
        geometry: series.geometry,
        dataType: series.dataType,
        channels: series.channels,
        volumeBytes: series.volumeBytes,
        volumeCrc32: series.volumeCrc32,
      })
      .from(series)
      .where(eq(series.id, seriesId))
      .get();
    if (!row) throw new LibraryError('not-found', { what: 'series', id: seriesId });
    return row;
  };

  const once = <T>(
    running: Map<string, Promise<T>>,
    id: string,
    work: () => Promise<T>,
  ): Promise<T> => {
    const present = running.get(id);
    if (present) return present;
    const started = work().finally(() => running.delete(id));
    running.set(id, started);
    return started;
  };

  const ensureFile = async (stored: StoredVolume): Promise<string> => {
    const path = folder.volumePath(stored.id);
    // A file of another size is what is left of a damaged disk: it is made again, too.
    if (await hasSize(path, stored.volumeBytes)) return path;
    await once(decoding, stored.id, () => decodeAgain(db, folder, imaging, stored));
    return path;
  };

  const keep = (volume: LibraryVolume) => {
    held.delete(volume.seriesId);
    held.set(volume.seriesId, volume);
    let bytes = heldBytes();
    for (const [id, oldest] of held) {
      if (bytes <= memoryBytes) return;
      held.delete(id);
      bytes -= oldest.voxels.byteLength;
    }
  };
  const heldBytes = () => [...held.values()].reduce((sum, v) => sum + v.voxels.byteLength, 0);

  const load = (stored: StoredVolume): Promise<LibraryVolume> =>
    once(loading, stored.id, async () => {
      const path = await ensureFile(stored);
      const voxels = asVoxels(stored.dataType, await readBytes(path, 0, stored.volumeBytes));
      const { id: seriesId, geometry, dataType, channels } = stored;
      const volume = { seriesId, geometry, dataType, channels, voxels };
      if (voxels.byteLength <= memoryBytes && hasSeries(db, seriesId)) keep(volume);
      return volume;
    });

  const recall = (seriesId: string): LibraryVolume | undefined => {
    const volume = held.get(seriesId);
    if (volume) keep(volume);
    return volume;
  };

  return {
    readVolume: async (seriesId) => recall(seriesId) ?? load(record(seriesId)),
    readSlice: async (seriesId, axis, index) => {
      const present = recall(seriesId);
      if (present) return sliceOf(present, axis, index);
      const stored = record(seriesId);
      checkIndex(stored.geometry, axis, index);
      if (axis === 'k') return readAxialSlice(await ensureFile(stored), stored, index);
      if (stored.volumeBytes > memoryBytes) {
        return readCrossSlice(await ensureFile(stored), stored, axis, index);
      }
      return sliceOf(await load(stored), axis, index);
    },
    volumeFilePath: async (seriesId) => ensureFile(record(seriesId)),
    forget: (seriesIds) => seriesIds.forEach((id) => held.delete(id)),
    heldBytes,
  };
}

/** Copies one slice out of a volume in memory. */
export function sliceOf(
  volume: Pick<LibraryVolume, 'geometry' | 'channels' | 'voxels' | 'dataType'>,
  axis: SliceAxis,
  index: number,
): Voxels {
  const { geometry, channels, voxels } = volume;
  checkIndex(geometry, axis, index);
  const [ni, nj, nk] = geometry.sizeVx;
  const row = ni * channels;
  const plane = row * nj;
  if (axis === 'k') return voxels.slice(index * plane, (index + 1) * plane);
  const [x, y] = inSliceAxes(axis).map((a) => geometry.sizeVx[a]) as [number, number];
  const out = asVoxels(
    volume.dataType,
    new ArrayBuffer(x * y * channels * voxels.BYTES_PER_ELEMENT),
  );
  if (axis === 'j') {
    for (let k = 0; k < nk; k++) {
      const start = k * plane + index * row;
      out.set(voxels.subarray(start, start + row), k * row);
    }
    return out;
  }
  let target = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      const source = k * plane + j * row + index * channels;
      for (let c = 0; c < channels; c++) out[target++] = voxels[source + c]!;
    }
  }
  return out;
}

function checkIndex(geometry: VolumeGeometry, axis: SliceAxis, index: number): void {
  const count = geometry.sizeVx[axis === 'i' ? 0 : axis === 'j' ? 1 : 2];
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new LibraryError('not-found', { what: 'slice', id: `${axis}${index}` });
  }
}

async function readAxialSlice(path: string, stored: StoredVolume, k: number): Promise<Voxels> {
  const [ni, nj] = stored.geometry.sizeVx;
  const bytes = ni * nj * stored.channels * bytesPerValue[stored.dataType];
  return asVoxels(stored.dataType, await readBytes(path, k * bytes, bytes));
}

/** A slice across i or j of a volume that is larger than the memory set aside: plane by plane from the file. */
async function readCrossSlice(
  path: string,
  stored: StoredVolume,
  axis: 'i' | 'j',
  index: number,
): Promise<Voxels> {
  const [ni, nj, nk] = stored.geometry.sizeVx;
  const valueBytes = bytesPerValue[stored.dataType];
  const planeBytes = ni * nj * stored.channels * valueBytes;
  const plane = asVoxels(stored.dataType, new ArrayBuffer(planeBytes));
  const one = {
    ...stored,
    geometry: { ...stored.geometry, sizeVx: [ni, nj, 1] as [number, number, number] },
    voxels: plane,
  };
  const rowLength = (axis === 'j' ? ni : nj) * stored.channels;
  const out = asVoxels(stored.dataType, new ArrayBuffer(rowLength * nk * valueBytes));
  const handle = await open(path, 'r');
  try {
    for (let k = 0; k < nk; k++) {
      await readInto(handle, new Uint8Array(plane.buffer), k * planeBytes);
      out.set(sliceOf(one, axis, index), k * rowLength);
    }
  } finally {
    await handle.close();
  }
  return out;
}

/** Decodes a series from its originals and puts the volume back, if it is voxel for voxel the one that was there. */
async function decodeAgain(
  db: Db,
  folder: LibraryFolder,
  imaging: Pick<Imaging, 'decode'>,
  stored: StoredVolume,
): Promise<void> {
  const place = join(folder.staging, `decode-${process.pid}-${crypto.randomUUID()}`);
  try {
    const files = db.select().from(seriesFiles).where(eq(seriesFiles.seriesId, stored.id)).orderBy(asc(seriesFiles.position)).all(); // prettier-ignore
    await mkdir(place, { recursive: true });
    const inputs = [];
    for (const file of files) {
      // Formats are told apart by name and their files refer to each other by it.
      const path = join(place, 'originals', ...file.relativePath.replaceAll(':', '_').split('/'));
      await mkdir(dirname(path), { recursive: true });
      const original = folder.originalPath(file.sha256);
      if (!(await hasSize(original, file.bytes))) {
        throw new LibraryError(
          'file-unreadable',
          { path: file.shownPath },
          `original ${file.sha256} is missing or damaged`,
        );
      }
      await link(original, path).catch(() => copyFile(original, path));
      inputs.push({ path, shownPath: file.shownPath });
    }
    const { plan } = db
      .select()
      .from(seriesPlans)
      .where(eq(seriesPlans.seriesId, stored.id))
      .get()!;
    const volume = valueOf(await imaging.decode({ ...plan, files: inputs }));
    const temporary = join(place, 'volume.raw');
    const written = await writeVolumeFile(temporary, volume.voxels);
    if (written.bytes !== stored.volumeBytes || written.crc32 !== stored.volumeCrc32) {
      throw new LibraryError(
        'decode-failed',
        { path: files[0]?.shownPath ?? '' },
        'decoding again gave other voxels',
      );
    }
    await rename(temporary, folder.volumePath(stored.id));
    // The series may have been removed, with its files, while this one was made.
    if (hasSeries(db, stored.id)) return;
    await rm(folder.volumePath(stored.id), { force: true });
    throw new LibraryError('not-found', { what: 'series', id: stored.id });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
