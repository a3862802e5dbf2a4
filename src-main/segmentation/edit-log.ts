import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm';
import type { EditLabel } from '../../src-shared/contract/segmentation.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { Db } from '../library/database.ts';
import {
  edits,
  segments,
  seriesRevisions,
  sliceMasks,
  type EditDiff,
  type SegmentFields,
} from '../library/schema/index.ts';
import { refreshLesions } from './lesions.ts';

/** What an edit does; parts left out are empty. */
export interface Change {
  masksAdded?: string[];
  masksRemoved?: string[];
  segmentsAdded?: string[];
  segmentsRemoved?: string[];
  segmentsUpdated?: EditDiff['segments']['updated'];
}

/**
 * Carries out an edit and appends it to the log, in the caller's transaction. Rows that it adds must
 * be there. What was undone before can no longer be redone. Returns the ids of all series touched.
 */
export function recordEdit(
  tx: Db,
  edit: { seriesId: string; label: EditLabel; reader: string; change: Change },
): string[] {
  const { seriesId, label, reader, change } = edit;
  const diff: EditDiff = {
    masks: { added: change.masksAdded ?? [], removed: change.masksRemoved ?? [] },
    segments: {
      added: change.segmentsAdded ?? [],
      removed: change.segmentsRemoved ?? [],
      updated: change.segmentsUpdated ?? [],
    },
  };
  tx.update(edits)
    .set({ state: 'abandoned' })
    .where(and(eq(edits.seriesId, seriesId), eq(edits.state, 'undone')))
    .run();
  tx.insert(edits)
    .values({ seriesId, label, diff, state: 'done', reader, createdAt: new Date().toISOString() })
    .run();
  return apply(tx, seriesId, diff, 'forward');
}

/** The edit that undo or redo would take next. */
function nextEdit(db: Db, seriesId: string, direction: 'undo' | 'redo') {
  const [state, order] =
    direction === 'undo' ? (['done', desc] as const) : (['undone', asc] as const);
  return db
    .select()
    .from(edits)
    .where(and(eq(edits.seriesId, seriesId), eq(edits.state, state)))
    .orderBy(order(edits.id))
    .limit(1)
    .get();
}

export function nextLabel(db: Db, seriesId: string, direction: 'undo' | 'redo'): EditLabel | null {
  return nextEdit(db, seriesId, direction)?.label ?? null;
}

/** Takes back the latest edit of a series, or carries out again the one taken back last. */
export function stepEdit(
  tx: Db,
  seriesId: string,
  direction: 'undo' | 'redo',
): Result<{ label: EditLabel; touched: string[] }> {
  const edit = nextEdit(tx, seriesId, direction);
  if (!edit) return fail(direction === 'undo' ? 'nothing-to-undo' : 'nothing-to-redo');
  tx.update(edits)
    .set({ state: direction === 'undo' ? 'undone' : 'done' })
    .where(eq(edits.id, edit.id))
    .run();
  const touched = apply(tx, seriesId, edit.diff, direction === 'undo' ? 'back' : 'forward');
  return ok({ label: edit.label, touched });
}

function apply(tx: Db, seriesId: string, diff: EditDiff, way: 'forward' | 'back'): string[] {
  const forward = way === 'forward';
  switchMasks(tx, diff.masks.added, forward);
  switchMasks(tx, diff.masks.removed, !forward);
  switchSegments(tx, diff.segments.added, forward);
  switchSegments(tx, diff.segments.removed, !forward);
  const lesionIds = lesionsOf(tx, diff);
  for (const { id, from, to } of diff.segments.updated) {
    updateSegment(tx, id, forward ? from : to, forward ? to : from);
  }
  refreshLesions(tx, [...lesionIds, ...lesionsOf(tx, diff)]);
  const touched = new Set([
    seriesId,
    ...seriesOf(
      tx,
      diff.segments.updated.map(({ id }) => id),
    ),
  ]);
  for (const id of touched) bumpRevision(tx, id);
  return [...touched];
}

function switchMasks(tx: Db, ids: string[], live: boolean): void {
  if (ids.length > 0) tx.update(sliceMasks).set({ live }).where(inArray(sliceMasks.id, ids)).run();
}

function switchSegments(tx: Db, ids: string[], live: boolean): void {
  if (ids.length > 0) tx.update(segments).set({ live }).where(inArray(segments.id, ids)).run();
}

/**
 * Sets fields that still have the value they are changed from. A rename reaches segments of other
 * series (of the same lesion), and those may have been changed there in the meantime.
 */
function updateSegment(
  tx: Db,
  id: string,
  expected: Partial<SegmentFields>,
  wanted: Partial<SegmentFields>,
): void {
  const row = tx.select().from(segments).where(eq(segments.id, id)).get();
  if (!row) return;
  const fields = Object.keys(wanted) as (keyof SegmentFields)[];
  const changed = fields.filter((field) => row[field] === expected[field]);
  if (changed.length === 0) return;
  const values = Object.fromEntries(changed.map((field) => [field, wanted[field]]));
  tx.update(segments).set(values).where(eq(segments.id, id)).run();
}

function lesionsOf(tx: Db, diff: EditDiff): string[] {
  const { added, removed, updated } = diff.segments;
  const ids = [...added, ...removed, ...updated.map(({ id }) => id)];
  if (ids.length === 0) return [];
  const rows = tx
    .select({ id: segments.lesionId })
    .from(segments)
    .where(inArray(segments.id, ids))
    .all();
  return rows.map((row) => row.id);
}

function seriesOf(tx: Db, segmentIds: string[]): string[] {
  if (segmentIds.length === 0) return [];
  return tx
    .selectDistinct({ id: segments.seriesId })
    .from(segments)
    .where(inArray(segments.id, segmentIds))
    .all()
    .map((row) => row.id);
}

export function bumpRevision(tx: Db, seriesId: string): void {
  tx.insert(seriesRevisions)
    .values({ seriesId, revision: 1 })
    .onConflictDoUpdate({
      target: seriesRevisions.seriesId,
      set: { revision: sql`${seriesRevisions.revision} + 1` },
    })
    .run();
}

/** 0 for a series that nothing was done to yet. */
export function revisionOf(db: Db, seriesId: string): number {
  const row = db.select().from(seriesRevisions).where(eq(seriesRevisions.seriesId, seriesId)).get();
  return row?.revision ?? 0;
}
