import type { BurdenCell, BurdenTable } from '../contract/burden.ts';

export interface BurdenStudy {
  studyId: string;
  /** YYYY-MM-DD; null when the files give none. */
  date: string | null;
  description: string;
  /** Time of the first import of a series of the study; orders studies that dates do not. */
  importedAt: string;
}

/** One segment's measurement; there may be several of one lesion and study, in different series. */
export interface BurdenMeasurement {
  studyId: string;
  seriesId: string;
  /** Time of the series' import. */
  importedAt: string;
  segmentId: string;
  lesion: { id: string; name: string; colour: string };
  voxelCount: number;
  /** Null when the series must not be measured. */
  volumeMl: number | null;
  /** False while boxes of the segment have no mask. */
  complete: boolean;
  /** Whether the model is not sure of a mask of the segment. */
  doubtful: boolean;
  keySlice: BurdenCell['keySlice'];
}

/**
 * Lesions × time points of one patient. A time point is a study that has a measurement. Where
 * several series of a study show one lesion, the series imported first counts.
 *
 * Undated studies come last, and nothing is compared with or called new in them: their place in
 * time is not known.
 */
export function burdenTable(
  patientId: string,
  studies: BurdenStudy[],
  measurements: BurdenMeasurement[],
): BurdenTable {
  const measured = new Set(measurements.map(({ studyId }) => studyId));
  const timepoints = studies.filter(({ studyId }) => measured.has(studyId)).toSorted(inTime);
  const lesions = lesionsInOrder(timepoints, measurements).map((lesion) => {
    const cells = timepoints.map(({ studyId }) =>
      cellOf(measurements.filter((one) => one.lesion.id === lesion.id && one.studyId === studyId)),
    );
    const firstSeen = cells.findIndex((cell) => cell !== null);
    return {
      lesionId: lesion.id,
      name: lesion.name,
      colour: lesion.colour,
      cells: cells.map(
        (cell, n) => cell && { ...cell, changePercent: changeOfCell(timepoints, cells, n) },
      ),
      isNew: firstSeen > 0 && timepoints[firstSeen]!.date !== null,
    };
  });
  const totals = timepoints.map((_, n) => total(lesions.flatMap(({ cells }) => cells[n] ?? [])));
  return {
    patientId,
    timepoints: timepoints.map(({ studyId, date, description }, n) => {
      const { totalMl, lesionCount } = totals[n]!;
      const before = date !== null && n > 0 ? totals[n - 1]!.totalMl : null;
      const changeMl = totalMl !== null && before !== null ? totalMl - before : null;
      return {
        studyId,
        date,
        description,
        totalMl,
        lesionCount,
        changeMl,
        changePercent: percent(totalMl, before),
      };
    }),
    lesions,
  };
}

function inTime(a: BurdenStudy, b: BurdenStudy): number {
  if ((a.date === null) !== (b.date === null)) return a.date === null ? 1 : -1;
  return (
    compare(a.date ?? '', b.date ?? '') ||
    compare(a.importedAt, b.importedAt) ||
    compare(a.studyId, b.studyId)
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Lesions by the time point they are first seen at, then by name ("Lesion 2" before "Lesion 10"). */
function lesionsInOrder(timepoints: BurdenStudy[], measurements: BurdenMeasurement[]) {
  const place = new Map(timepoints.map(({ studyId }, n) => [studyId, n]));
  const first = new Map<string, { lesion: BurdenMeasurement['lesion']; at: number }>();
  for (const { lesion, studyId } of measurements) {
    const at = place.get(studyId);
    if (at === undefined) continue;
    const known = first.get(lesion.id);
    if (!known || at < known.at) first.set(lesion.id, { lesion, at });
  }
  const byName = new Intl.Collator('en', { numeric: true });
  return [...first.values()]
    .toSorted(
      (a, b) =>
        a.at - b.at ||
        byName.compare(a.lesion.name, b.lesion.name) ||
        compare(a.lesion.id, b.lesion.id),
    )
    .map(({ lesion }) => lesion);
}

type Cell = Omit<BurdenCell, 'changePercent'>;

function cellOf(measurements: BurdenMeasurement[]): Cell | null {
  const [counted] = measurements.toSorted(
    (a, b) => compare(a.importedAt, b.importedAt) || compare(a.seriesId, b.seriesId),
  );
  if (!counted) return null;
  const { seriesId, segmentId, volumeMl, voxelCount, keySlice } = counted;
  return {
    seriesId,
    segmentId,
    volumeMl,
    voxelCount,
    keySlice,
    caution: cautionOf(counted, measurements.length),
  };
}

/** The gravest of what is to be said about a number. */
function cautionOf(counted: BurdenMeasurement, measurements: number): BurdenCell['caution'] {
  if (counted.volumeMl === null) return 'not-measurable';
  if (!counted.complete) return 'pending-masks';
  if (counted.doubtful) return 'low-confidence';
  if (measurements > 1) return 'measured-twice';
  return counted.voxelCount === 0 ? 'empty' : null;
}

/** Against the previous time point that has the lesion. */
function changeOfCell(timepoints: BurdenStudy[], cells: (Cell | null)[], n: number): number | null {
  if (timepoints[n]!.date === null) return null;
  const before = cells.slice(0, n).findLast((cell) => cell !== null);
  return percent(cells[n]?.volumeMl ?? null, before?.volumeMl ?? null);
}

function percent(now: number | null, before: number | null): number | null {
  return now === null || before === null || before === 0 ? null : ((now - before) / before) * 100;
}

function total(cells: { volumeMl: number | null }[]): {
  totalMl: number | null;
  lesionCount: number;
} {
  const totalMl = cells.reduce<number | null>(
    (sum, { volumeMl }) => (sum === null || volumeMl === null ? null : sum + volumeMl),
    0,
  );
  return { totalMl, lesionCount: cells.length };
}
