import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { ImportIssue, RefusedFile } from '../../../src-shared/import-issue.ts';
import type { InputFile, PlannedSeries } from '../types.ts';
import { mapConcurrently } from './concurrency.ts';
import { withoutDuplicates } from './duplicates.ts';
import type { FrameRef, ImageHeader } from './header-types.ts';
import { planGroup } from './plan-series.ts';
import { scanFile } from './scan-file.ts';
import { splitSeries, type FrameGroup } from './group.ts';
import { compareNumbers, compareTexts } from './sort.ts';
import { note, warning } from './validate-geometry.ts';

export interface PlanOptions {
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

export interface DicomPlan {
  series: PlannedSeries[];
  refused: RefusedFile[];
}

const filesAtOnce = 16;

/**
 * Reads the headers of DICOM files and says which series they make. Every file ends up in a series,
 * or in `refused` with its reason (severity "note" where nothing is lost: index files, duplicates).
 * The result does not depend on the order of the files. Throws only when `signal` aborts.
 */
export async function planDicomFiles(
  files: InputFile[],
  options: PlanOptions = {},
): Promise<DicomPlan> {
  let done = 0;
  const scanned = await mapConcurrently(
    files,
    filesAtOnce,
    async (file) => {
      const result = await scanFile(file);
      options.onProgress?.(++done, files.length);
      return result;
    },
    options.signal,
  );

  const refused: RefusedFile[] = [];
  const headers: ImageHeader[] = [];
  const lost: ImageHeader[] = [];
  for (const file of scanned) {
    if (file.kind === 'image') headers.push(file.header);
    else {
      refused.push(file.refused);
      if (file.header) lost.push(file.header);
    }
  }
  headers.sort((a, b) => compareTexts(a.file.shownPath, b.file.shownPath));
  const unique = await withoutDuplicates(headers);
  refused.push(...unique.refused);
  options.signal?.throwIfAborted();

  const series = groupedBySeries(unique.headers).flatMap((members) =>
    planMembers(members, lost, unique.refused),
  );
  return {
    series: withUniqueUids(series),
    refused: refused.sort((a, b) => compareTexts(a.path, b.path)),
  };
}

/** Files of one series of one patient. Without a UID: what lies in one folder and says the same of itself. */
function seriesKey(header: ImageHeader): string {
  // Some systems write the name of one patient in two ways; the identifier decides.
  const owner = [header.patient.code || header.patient.name, header.study.uid];
  if (header.seriesUid !== '') return [...owner, header.seriesUid].join('\n');
  const likeness = [
    header.study.date,
    header.seriesNumber,
    header.seriesDescription,
    header.modality,
  ];
  return [...owner, '', dirname(header.file.shownPath), ...likeness].join('\n');
}

function byPatientAndDate(a: ImageHeader, b: ImageHeader): number {
  return (
    compareTexts(a.patient.code || a.patient.name, b.patient.code || b.patient.name) ||
    compareTexts(a.study.date ?? '', b.study.date ?? '') ||
    compareNumbers(a.seriesNumber, b.seriesNumber)
  );
}

function groupedBySeries(headers: ImageHeader[]): ImageHeader[][] {
  const groups = new Map<string, ImageHeader[]>();
  for (const header of headers) {
    const key = seriesKey(header);
    const group = groups.get(key);
    if (group) group.push(header);
    else groups.set(key, [header]);
  }
  return [...groups.entries()]
    .sort(([a, [x]], [b, [y]]) => byPatientAndDate(x!, y!) || compareTexts(a, b))
    .map(([, group]) => group);
}

function planMembers(
  members: ImageHeader[],
  lost: ImageHeader[],
  duplicates: RefusedFile[],
): PlannedSeries[] {
  const first = members[0]!;
  const key = seriesKey(first);
  const frames = members.flatMap((header): FrameRef[] =>
    header.frames.map((frame, frameIndex) => ({ header, frameIndex, frame })),
  );
  const issues: ImportIssue[] = [];
  const uid = first.seriesUid || standIn('series', members);
  if (first.seriesUid === '' || first.study.uid === '') issues.push(note('blank-uid', {}));
  const lostHere = lost.filter((header) => seriesKey(header) === key);
  if (lostHere.length > 0) {
    issues.push({
      ...warning('slices-refused', {
        count: lostHere.length,
        files: lostHere
          .map((h) => h.file.shownPath)
          .sort()
          .join(', '),
      }),
      notMeasurable: false,
    });
  }
  const ignored = duplicates.filter((entry) => entry.issue.params.series === uid).length;
  if (ignored > 0) issues.push(note('duplicate-instances-ignored', { count: ignored }));
  const groups = splitSeries(frames).sort(byImportance);
  const studyUid = first.study.uid || standIn('study', members);
  return groups.map((group, n) =>
    planGroup(group, { uid: n === 0 ? uid : `${uid}#${n + 1}`, studyUid, issues }),
  );
}

/** Pictures before localizers, larger groups first, then the order of acquisition. */
function byImportance(a: FrameGroup, b: FrameGroup): number {
  const [x, y] = [a.frames[0]!, b.frames[0]!];
  return (
    Number(x.header.localizer) - Number(y.header.localizer) ||
    b.frames.length - a.frames.length ||
    compareNumbers(x.header.seriesNumber, y.header.seriesNumber) ||
    0
  );
}

/** A stable identity for files without UIDs: the same files make the same one again. */
function standIn(kind: 'series' | 'study', members: ImageHeader[]): string {
  const { patient, study } = members[0]!;
  const told = [
    patient.code,
    patient.name,
    study.date,
    study.time,
    study.description,
    study.accessionNumber,
  ];
  const facts =
    kind === 'study' && told.some((fact) => fact)
      ? told
      : members.map((header) => header.digest ?? header.sopInstanceUid).sort(compareTexts);
  return `${kind}-${createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)}`;
}

/** Two patients' files may carry one series UID (careless anonymisation): numbers keep them apart. */
function withUniqueUids(series: PlannedSeries[]): PlannedSeries[] {
  const taken = new Set<string>();
  return series.map((planned) => {
    let { uid } = planned;
    for (let n = 2; taken.has(uid); n++) uid = `${planned.uid.replace(/#\d+$/, '')}#${n}`;
    taken.add(uid);
    return uid === planned.uid ? planned : { ...planned, uid };
  });
}
