import { randomUUID } from 'node:crypto';
import { and, eq, max } from 'drizzle-orm';
import type { BoxRequest, BoxTarget } from '../../src-shared/contract/segmentation.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { Db } from '../library/database.ts';
import { lesions, segments, sliceMasks, type SegmentFields } from '../library/schema/index.ts';
import { recordEdit } from './edit-log.ts';
import { freshAppearance, insertLesion, segmentsOfLesion } from './lesions.ts';
import { liveMask, liveSegment, type SegmentRow } from './records.ts';
import type { NameLanguage } from './names.ts';
import { findSeries, type SeriesContext } from './series-context.ts';

/** What an edit in a transaction gives back: its value and the series whose watchers are to be told. */
export type Edited<T> = Result<{ value: T; touched: string[] }>;

const slice = (mask: { axis: string; sliceIndex: number }) => ({
  slice: mask.sliceIndex + 1,
  axis: mask.axis,
});

/** What a new segment is to be; what is not said is made up. */
export interface SegmentWishes {
  series: SeriesContext;
  name?: string | undefined;
  colour?: string | undefined;
  lesionId?: string | undefined;
  nameLanguage?: NameLanguage | undefined;
}

export function addSegment(tx: Db, input: SegmentWishes & { reader: string }): Edited<SegmentRow> {
  const made = insertSegment(tx, input);
  if (!made.ok) return made;
  const row = made.value;
  const touched = recordEdit(tx, {
    seriesId: row.seriesId,
    label: { code: 'add-segment', params: { segment: row.name } },
    reader: input.reader,
    change: { segmentsAdded: [row.id] },
  });
  return ok({ value: row, touched });
}

/** A new segment's row; its edit is still to be recorded. */
function insertSegment(tx: Db, input: SegmentWishes): Result<SegmentRow> {
  const { series } = input;
  const fresh = freshAppearance(tx, series.patientId, input.nameLanguage);
  const wished = { name: input.name?.trim() || fresh.name, colour: input.colour ?? fresh.colour };
  const lesion = input.lesionId
    ? freeLesion(tx, series, input.lesionId)
    : ok(insertLesion(tx, { patientId: series.patientId, ...wished }));
  if (!lesion.ok) return lesion;
  const last = tx.select({ position: max(segments.position) }).from(segments).where(eq(segments.seriesId, series.id)).get(); // prettier-ignore
  const row: SegmentRow = {
    id: randomUUID(),
    seriesId: series.id,
    lesionId: lesion.value.id,
    name: input.name?.trim() || lesion.value.name,
    colour: input.colour ?? lesion.value.colour,
    position: (last?.position ?? -1) + 1,
    live: true,
    createdAt: new Date().toISOString(),
  };
  tx.insert(segments).values(row).run();
  return ok(row);
}

/** A lesion of the same patient that the series does not show yet: one lesion, one segment per series. */
function freeLesion(
  tx: Db,
  series: SeriesContext,
  lesionId: string,
): Result<typeof lesions.$inferSelect> {
  const lesion = tx
    .select()
    .from(lesions)
    .where(and(eq(lesions.id, lesionId), eq(lesions.patientId, series.patientId)))
    .get();
  if (!lesion) return fail('not-found', { what: 'lesion', id: lesionId });
  if (segmentsOfLesion(tx, lesionId).some((segment) => segment.seriesId === series.id)) {
    return fail(
      'invalid-request',
      {},
      `Series ${series.id} already has a segment of lesion ${lesion.name}.`,
    );
  }
  return ok(lesion);
}

export function updateSegment(
  tx: Db,
  input: { segmentId: string; name?: string; colour?: string; reader: string },
): Edited<SegmentRow> {
  const found = liveSegment(tx, input.segmentId);
  if (!found.ok) return found;
  const segment = found.value;
  const wanted: Partial<SegmentFields> = {
    ...(input.name?.trim() ? { name: input.name.trim() } : {}),
    ...(input.colour ? { colour: input.colour } : {}),
  };
  const updated = segmentsOfLesion(tx, segment.lesionId).flatMap((one) => {
    const to = Object.fromEntries(
      Object.entries(wanted).filter(([field, value]) => one[field as 'name' | 'colour'] !== value),
    ) as Partial<SegmentFields>;
    const fields = Object.keys(to) as ('name' | 'colour')[];
    const from = Object.fromEntries(fields.map((field) => [field, one[field]]));
    return fields.length > 0 ? [{ id: one.id, from, to }] : [];
  });
  if (updated.length === 0) return ok({ value: segment, touched: [] });
  const renamed = wanted.name !== undefined && wanted.name !== segment.name;
  const touched = recordEdit(tx, {
    seriesId: segment.seriesId,
    label: renamed
      ? { code: 'rename-segment', params: { from: segment.name, segment: wanted.name! } }
      : { code: 'recolour-segment', params: { segment: segment.name } },
    reader: input.reader,
    change: { segmentsUpdated: updated },
  });
  return ok({ value: { ...segment, ...wanted }, touched });
}

export function removeSegment(tx: Db, input: { segmentId: string; reader: string }): Edited<null> {
  const found = liveSegment(tx, input.segmentId);
  if (!found.ok) return found;
  const { id, seriesId, name } = found.value;
  const touched = recordEdit(tx, {
    seriesId,
    label: { code: 'remove-segment', params: { segment: name } },
    reader: input.reader,
    change: { segmentsRemoved: [id] },
  });
  return ok({ value: null, touched });
}

export function linkLesion(
  tx: Db,
  input: {
    segmentId: string;
    lesionId: string | null;
    nameLanguage: NameLanguage | undefined;
    reader: string;
  },
): Edited<{ lesionId: string }> {
  const found = liveSegment(tx, input.segmentId);
  if (!found.ok) return found;
  const segment = found.value;
  const series = findSeries(tx, segment.seriesId);
  if (!series.ok) return series;
  const alone = segmentsOfLesion(tx, segment.lesionId).length === 1;
  if (input.lesionId === segment.lesionId || (input.lesionId === null && alone)) {
    return ok({ value: { lesionId: segment.lesionId }, touched: [] });
  }
  const { patientId } = series.value;
  const lesion =
    input.lesionId === null
      ? ok(insertLesion(tx, { patientId, ...freshAppearance(tx, patientId, input.nameLanguage) }))
      : freeLesion(tx, series.value, input.lesionId);
  if (!lesion.ok) return lesion;
  // The segment is called and coloured as its lesion, so that pictures and tables agree.
  const fieldsOf = (one: { name: string; colour: string }, lesionId: string): SegmentFields => ({
    name: one.name,
    colour: one.colour,
    lesionId,
  });
  const touched = recordEdit(tx, {
    seriesId: segment.seriesId,
    label: { code: 'link-lesion', params: { segment: segment.name, lesion: lesion.value.name } },
    reader: input.reader,
    change: {
      segmentsUpdated: [
        {
          id: segment.id,
          from: fieldsOf(segment, segment.lesionId),
          to: fieldsOf(lesion.value, lesion.value.id),
        },
      ],
    },
  });
  return ok({ value: { lesionId: lesion.value.id }, touched });
}

/** The segment that a box goes into and the record it takes the place of, if any. */
function boxTarget(
  tx: Db,
  series: SeriesContext,
  target: BoxTarget,
): Result<{ segment: SegmentRow; added: boolean; replaces: string | null }> {
  if ('newSegment' in target) {
    const made = insertSegment(tx, { series, ...target.newSegment });
    return made.ok ? ok({ segment: made.value, added: true, replaces: null }) : made;
  }
  const found = liveSegment(tx, target.segmentId);
  if (!found.ok) return found;
  const segment = found.value;
  if (segment.seriesId !== series.id) {
    return fail('invalid-request', {}, `Segment ${segment.id} is not one of series ${series.id}.`);
  }
  if (target.replaces) {
    const replaced = liveMask(tx, target.replaces);
    if (!replaced.ok) return replaced;
    if (replaced.value.segment.id !== segment.id) {
      return fail('invalid-request', {}, `Box ${target.replaces} belongs to another segment.`);
    }
  }
  return ok({ segment, added: false, replaces: target.replaces ?? null });
}

/**
 * Stores a checked box as a pending record, in the same step with the segment that is made for it, or
 * with the retirement of the record that it replaces.
 */
export function addBox(
  tx: Db,
  input: Pick<BoxRequest, 'axis' | 'sliceIndex' | 'boxPx' | 'modelWindow'> & {
    series: SeriesContext;
    target: BoxTarget;
    modelId: string;
    reader: string;
  },
): Edited<{ maskId: string; segmentId: string }> {
  const target = boxTarget(tx, input.series, input.target);
  if (!target.ok) return target;
  const { segment, added, replaces } = target.value;
  const maskId = randomUUID();
  const { axis, sliceIndex, boxPx, modelId, modelWindow } = input;
  tx.insert(sliceMasks)
    .values({
      id: maskId,
      segmentId: segment.id,
      axis,
      sliceIndex,
      boxPx,
      request: { modelId, modelWindow },
      state: 'pending',
      createdAt: new Date().toISOString(),
    })
    .run();
  const touched = recordEdit(tx, {
    seriesId: input.series.id,
    label: {
      code: replaces ? 'move-box' : 'add-box',
      params: { segment: segment.name, ...slice(input) },
    },
    reader: input.reader,
    change: {
      masksAdded: [maskId],
      masksRemoved: replaces ? [replaces] : [],
      segmentsAdded: added ? [segment.id] : [],
    },
  });
  return ok({ value: { maskId, segmentId: segment.id }, touched });
}

export function removeBox(tx: Db, input: { maskId: string; reader: string }): Edited<null> {
  const found = liveMask(tx, input.maskId);
  if (!found.ok) return found;
  const { mask, segment } = found.value;
  const touched = recordEdit(tx, {
    seriesId: segment.seriesId,
    label: { code: 'remove-box', params: { segment: segment.name, ...slice(mask) } },
    reader: input.reader,
    change: { masksRemoved: [mask.id] },
  });
  return ok({ value: null, touched });
}
