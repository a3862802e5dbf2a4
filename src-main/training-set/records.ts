import { asc, eq, inArray, sql } from 'drizzle-orm';
import type { TrainingSelection } from '../../src-shared/contract/training-set.ts';
import { defaultModelWindow, type ModelWindow } from '../../src-shared/window.ts';
import type { Db } from '../library/database.ts';
import { patients, series, studies } from '../library/schema/index.ts';
import { placedMasks } from '../segmentation/measures.ts';
import { liveMasks, liveSegments, type MaskRow } from '../segmentation/records.ts';
import { seriesColumns } from '../segmentation/series-context.ts';
import type { CaseInput } from './case.ts';
import type { CaseReport, LeftOutReason } from './report.ts';

export type SelectedSeries = ReturnType<typeof selectedSeries>[number];

/** The series of a selection, the sample patient's only where they are named. */
export function selectedSeries(db: Db, selection: TrainingSelection) {
  const chosen =
    selection.kind === 'library'
      ? eq(patients.isSample, false)
      : selection.kind === 'patients'
        ? isIn(patients.id, selection.patientIds)
        : isIn(series.id, selection.seriesIds);
  return db
    .select({ ...seriesColumns, bodyPart: series.bodyPart })
    .from(series)
    .innerJoin(studies, eq(studies.id, series.studyId))
    .innerJoin(patients, eq(patients.id, studies.patientId))
    .where(chosen)
    .orderBy(asc(studies.patientId), asc(series.importedAt), asc(series.id))
    .all();
}

/** One variable however many ids there are: SQLite takes 32 766 at most. */
const isIn = (column: typeof patients.id | typeof series.id, ids: string[]) =>
  inArray(column, sql`(select value from json_each(${JSON.stringify(ids)}))`);

export interface SeriesMasks {
  masks: MaskRow[];
  /** Place of each live segment in the list, from 1. */
  placeOf: Map<string, number>;
}

export function masksOfSeries(db: Db, seriesId: string): SeriesMasks {
  const segments = liveSegments(db, seriesId);
  return {
    masks: liveMasks(db, seriesId),
    placeOf: new Map(segments.map(({ id }, n) => [id, n + 1])),
  };
}

/** What of a series goes into the set, and why the rest of its masks does not. */
export function caseInput(
  db: Db,
  row: SelectedSeries,
  { masks, placeOf }: SeriesMasks,
  wishes: Pick<CaseInput, 'names' | 'anatomy' | 'limits'> & {
    reader: string | undefined;
    modelWindow: ModelWindow | undefined;
  },
): CaseInput {
  const { valueMin, valueMax, percentileLow, percentileHigh, ...facts } = row;
  const used: MaskRow[] = [];
  const leftOut: CaseReport['leftOut'] = [];
  for (const mask of masks) {
    const reason = reasonToLeaveOut(mask, wishes.reader);
    const { axis, sliceIndex } = mask;
    if (reason === null) used.push(mask);
    else leftOut.push({ segment: placeOf.get(mask.segmentId)!, axis, sliceIndex, reason });
  }
  const ids = new Map<string, string[]>();
  for (const { id, segmentId } of used) ids.set(segmentId, [...(ids.get(segmentId) ?? []), id]);
  const windows = windowsByUse(used);
  const { names, anatomy, limits } = wishes;
  return {
    series: {
      ...facts,
      measurable: facts.measurable,
      valueRange: [valueMin, valueMax],
      percentileRange: [percentileLow, percentileHigh],
    },
    names,
    anatomy,
    limits,
    modelWindow:
      wishes.modelWindow ??
      windows[0] ??
      defaultModelWindow({ ...row, valueRange: [valueMin, valueMax] }),
    severalWindows: wishes.modelWindow === undefined && windows.length > 1,
    segments: [...placeOf].flatMap(([segmentId, segment]) => {
      const own = ids.get(segmentId);
      return own ? [{ segment, masks: () => placedMasks(db, own) }] : [];
    }),
    leftOut,
  };
}

function reasonToLeaveOut(mask: MaskRow, reader: string | undefined): LeftOutReason | null {
  if (mask.state !== 'done') return mask.state;
  if (reader !== undefined && mask.provenance?.reader !== reader) return 'other-reader';
  return mask.areaPx === 0 ? 'empty' : null;
}

/** The model windows that masks were made with, the most frequent first; of equal ones the earliest. */
function windowsByUse(masks: MaskRow[]): ModelWindow[] {
  const uses = new Map<string, number>();
  for (const { request } of masks) {
    const key = JSON.stringify(request.modelWindow);
    uses.set(key, (uses.get(key) ?? 0) + 1);
  }
  return [...uses].toSorted(([, a], [, b]) => b - a).map(([key]) => JSON.parse(key) as ModelWindow);
}
