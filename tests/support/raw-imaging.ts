import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, ok } from '../../src-shared/result.ts';
import { intensityRange } from '../../src-main/imaging/intensity-range.ts';
import type { PlannedSeries } from '../../src-main/imaging/types.ts';
import type { Imaging } from '../../src-main/library/imaging.ts';

export interface RawSeries {
  uid: string;
  patient?: Partial<PlannedSeries['patient']>;
  study?: Partial<PlannedSeries['study']>;
  modality?: string;
  description?: string;
  sizePx?: number;
  slices: number;
  /** The first slice is this one, so that a part of a longer series can be made. */
  firstSlice?: number;
}

/**
 * Writes a series as a folder of raw int16 slices and a small header. With {@link rawImaging} it
 * stands for any format, where the library's own work is under test and not the reading of images.
 */
export function writeRawSeries(folder: string, spec: RawSeries): string {
  const { sizePx = 16, slices, firstSlice = 0 } = spec;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'series.json'), JSON.stringify({ ...spec, sizePx }));
  for (let n = firstSlice; n < firstSlice + slices; n++) {
    const pixels = Int16Array.from(
      { length: sizePx * sizePx },
      (_, p) => ((p * 7 + n * 131) % 2000) - 1000,
    );
    pixels[0] = [...spec.uid].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 30000, 7);
    writeFileSync(join(folder, `slice-${String(n).padStart(4, '0')}.raw`), pixels);
  }
  return folder;
}

/** Reads what {@link writeRawSeries} wrote. `sliceMs` slows decoding down, so that it can be cut off. */
export function rawImaging({ sliceMs = 0 } = {}): Imaging {
  return {
    plan: async (paths, { onProgress }) => {
      const folders = paths.flatMap(seriesFolders);
      onProgress?.({
        phase: 'reading-headers',
        filesDone: 0,
        filesTotal: folders.length,
        current: paths[0] ?? '',
      });
      const series = folders.map(plannedSeries);
      return {
        series,
        refused: [],
        filesRead: series.reduce((sum, s) => sum + s.files.length, 0),
      };
    },
    decode: async (planned, { signal, onSlice } = {}) => {
      const [ni, nj, nk] = planned.geometry!.sizeVx;
      const voxels = new Int16Array(ni * nj * nk);
      for (const [k, file] of planned.files.entries()) {
        signal?.throwIfAborted();
        if (sliceMs > 0) await sleep(sliceMs, undefined, { signal });
        const content = await readFile(file.path);
        if (content.length !== ni * nj * 2) {
          return fail('decode-failed', { file: file.shownPath, issue: 'truncated-pixel-data' });
        }
        voxels.set(
          new Int16Array(
            content.buffer.slice(content.byteOffset, content.byteOffset + content.length),
          ),
          k * ni * nj,
        );
        onSlice?.(k + 1);
      }
      const { kind, hasSpacing, measurable, windows, issues } = planned;
      return ok({
        kind, hasSpacing, measurable, windows, issues, voxels,
        geometry: planned.geometry!, dataType: 'int16' as const, channels: 1 as const,
        ...intensityRange(voxels),
      }); // prettier-ignore
    },
  };
}

function seriesFolders(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true });
  if (entries.some((entry) => entry.name === 'series.json')) return [path];
  return entries.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => seriesFolders(join(path, entry.name))); // prettier-ignore
}

function plannedSeries(folder: string): PlannedSeries {
  const spec = JSON.parse(readFileSync(join(folder, 'series.json'), 'utf8')) as RawSeries & {
    sizePx: number;
  };
  const files = readdirSync(folder).filter((name) => name.endsWith('.raw')).sort()
    .map((name) => ({ path: join(folder, name), shownPath: join(folder, name) })); // prettier-ignore
  return {
    sourceFormat: 'dicom',
    patient: { name: 'Doe^Jane', code: 'P-1', birthDate: '1960-02-03', sex: 'F', ...spec.patient },
    study: {
      uid: `${spec.uid}-study`,
      date: '2026-03-01',
      description: 'CT abdomen',
      accessionNumber: 'A1',
      ...spec.study,
    },
    uid: spec.uid,
    modality: spec.modality ?? 'CT',
    number: 2,
    description: spec.description ?? 'Portal venous',
    bodyPart: 'ABDOMEN',
    frameOfReferenceUid: null,
    kind: 'volume',
    slices: files.map((_, fileIndex) => ({ fileIndex, frame: 0 })),
    files,
    issues: [],
    geometry: {
      sizeVx: [spec.sizePx, spec.sizePx, files.length],
      spacingMm: [0.7, 0.7, 3],
      originMm: [-100, -100, 50],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    },
    hasSpacing: true,
    measurable: true,
    windows: [{ level: 40, width: 400 }],
    valueUnit: 'HU',
  };
}
