import { randomUUID } from 'node:crypto';
import type { BoxRequest, Segment } from '../../src-shared/contract/segmentation.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import { writeTransaction, type Db } from '../library/database.ts';
import { boxJob, Previews, slicesAround, type BoxAsk } from './box-asks.ts';
import { nextLabel, revisionOf, stepEdit } from './edit-log.ts';
import { MaskJobs } from './mask-jobs.ts';
import { SegmentMeasures, storedBorderBytes, storedMaskBytes } from './measures.ts';
import {
  findMask,
  findSegment,
  liveMasks,
  liveSegments,
  masksOfSegment,
  toSliceMask,
} from './records.ts';
import type { MaskRow, SegmentRow } from './records.ts';
import { Recent } from '../recent.ts';
import { Revisions } from './revisions.ts';
import * as segmentEdits from './segment-edits.ts';
import type { Edited } from './segment-edits.ts';
import { checkBox, checkSlice, findSeries, type SeriesContext } from './series-context.ts';
import { stored, storedAsync } from './storage-errors.ts';
import type { SegmentationDependencies, SegmentationService } from './types.ts';

/**
 * Segments of series: boxes, masks, edits and undo. Every change is one transaction together with
 * its entry in the edit log and the new revision, and is on disk before a call returns.
 */
export function createSegmentationService(deps: SegmentationDependencies): SegmentationService {
  const { database, volumes, inference, models } = deps;
  const { db } = database;
  const revisions = new Revisions(database);
  const previews = new Previews();
  const views = new Recent<Uint8Array>(4);
  const measures = new SegmentMeasures(db, volumes);
  const jobs = new MaskJobs(deps, previews, revisions);
  const resumed = jobs.resume().catch((err: unknown) => {
    deps.log.error({ err }, 'Boxes left pending could not be answered');
  });
  const reader = () => deps.settings.get().reader;

  /** One edit: all of it or nothing, then those who watch are told. */
  const edit = <T>(work: (tx: Db) => Edited<T>): Result<T> =>
    stored(() => {
      const edited = writeTransaction(db, work);
      if (!edited.ok) return edited;
      revisions.announce(edited.value.touched);
      return ok(edited.value.value);
    });

  const toSegment = async (
    series: SeriesContext,
    row: SegmentRow,
    masks: MaskRow[],
  ): Promise<Segment> => ({
    id: row.id,
    seriesId: row.seriesId,
    lesionId: row.lesionId,
    name: row.name,
    colour: row.colour,
    statistics: await measures.describe(series, row.id, masks),
  });

  const editedSegment = (
    series: Result<SeriesContext>,
    row: Result<SegmentRow>,
  ): Promise<Result<Segment>> =>
    storedAsync(async () => {
      if (!row.ok) return row;
      if (!series.ok) return series;
      return ok(await toSegment(series.value, row.value, masksOfSegment(db, row.value.id)));
    });

  const checkAsk = (request: BoxRequest): Result<BoxAsk> =>
    stored(() => {
      const series = findSeries(db, request.seriesId);
      if (!series.ok) return series;
      const boxPx = checkBox(series.value, request);
      if (!boxPx.ok) return boxPx;
      const modelId = request.modelId ?? models.defaultModelId();
      const model = models.resolve(modelId);
      if (!model.ok) return model;
      const { axis, sliceIndex, modelWindow } = request;
      return ok({
        series: series.value,
        axis,
        sliceIndex,
        boxPx: boxPx.value,
        modelWindow,
        modelId,
      });
    });

  const step = (seriesId: string, direction: 'undo' | 'redo') =>
    edit((tx) => {
      const stepped = stepEdit(tx, seriesId, direction);
      return stepped.ok
        ? ok({ value: stepped.value.label, touched: stepped.value.touched })
        : stepped;
    });

  return {
    state: (seriesId) =>
      storedAsync(async () => {
        const found = findSeries(db, seriesId);
        if (!found.ok) return found;
        const series = found.value;
        // Read together: another process may commit between two statements.
        const read = db.transaction(() => ({
          revision: revisionOf(db, seriesId),
          segments: liveSegments(db, seriesId),
          masks: liveMasks(db, seriesId),
          undo: nextLabel(db, seriesId, 'undo'),
          redo: nextLabel(db, seriesId, 'redo'),
        }));
        const segments: Segment[] = [];
        for (const row of read.segments) {
          segments.push(
            await toSegment(
              series,
              row,
              read.masks.filter((mask) => mask.segmentId === row.id),
            ),
          );
        }
        return ok({
          ...read,
          seriesId,
          segments,
          masks: read.masks.map((row) => toSliceMask(series, row, jobs.draft(row.id))),
        });
      }),

    changes: (seriesId, signal) => revisions.watch(seriesId, signal),

    async addSegment({ seriesId, ...wishes }) {
      const series = findSeries(db, seriesId);
      if (!series.ok) return series;
      const row = edit((tx) =>
        segmentEdits.addSegment(tx, { series: series.value, ...wishes, reader: reader() }),
      );
      return editedSegment(series, row);
    },

    async updateSegment({ segmentId, name, colour }) {
      const wishes = { ...(name ? { name } : {}), ...(colour ? { colour } : {}) };
      const row = edit((tx) =>
        segmentEdits.updateSegment(tx, { segmentId, ...wishes, reader: reader() }),
      );
      return editedSegment(row.ok ? findSeries(db, row.value.seriesId) : row, row);
    },

    removeSegment(segmentId) {
      const removed = edit((tx) => segmentEdits.removeSegment(tx, { segmentId, reader: reader() }));
      return removed.ok ? ok({}) : removed;
    },

    linkLesion: (segmentId, lesionId, nameLanguage) =>
      edit((tx) =>
        segmentEdits.linkLesion(tx, { segmentId, lesionId, nameLanguage, reader: reader() }),
      ),

    preview: (request, signal) =>
      storedAsync(async () => {
        const started = performance.now();
        const ask = checkAsk(request);
        if (!ask.ok) return ask;
        const answer = await previews.run(ask.value, async (ending) => {
          const job = await boxJob(volumes, ask.value);
          const running = inference.segmentBox(job, {
            lane: `preview:${request.seriesId}`,
            draft: true,
            signal: signal ? AbortSignal.any([signal, ending]) : ending,
          });
          previews.start(ask.value, running);
          return running;
        });
        if (!answer.ok) return answer;
        const { originPx, sizePx, areaPx } = answer.value;
        const previewId = randomUUID();
        previews.keep(previewId, answer.value);
        return ok({
          ...{ previewId, originPx, sizePx, areaPx },
          draft: answer.value.draft,
          timings: timings(answer.value, started),
        });
      }),

    segment: (request) =>
      storedAsync(async () => {
        const started = performance.now();
        if (jobs.closing) return fail('cancelled');
        const ask = checkAsk(request);
        if (!ask.ok) return ask;
        const { series } = ask.value;
        previews.endOthers(ask.value);
        let before = 0;
        const record = edit((tx) => {
          before = revisionOf(tx, series.id);
          return segmentEdits.addBox(tx, { ...ask.value, target: request, reader: reader() });
        });
        if (!record.ok) return record;
        const { maskId, segmentId } = record.value;
        const answer = await jobs.run(maskId, ask.value);
        if (!answer.ok) return answer;
        const read = db.transaction(() => ({
          mask: findMask(db, maskId),
          segment: findSegment(db, segmentId),
          masks: masksOfSegment(db, segmentId),
          after: revisionOf(db, series.id),
          undo: nextLabel(db, series.id, 'undo'),
        }));
        if (!read.mask || !read.segment) {
          return fail('not-found', { what: 'mask', id: maskId });
        }
        return ok({
          mask: toSliceMask(series, read.mask),
          segment: await toSegment(series, read.segment, read.masks),
          revision: { before, after: read.after },
          undo: read.undo,
          timings: timings(answer.value, started),
        });
      }),

    removeMask(maskId) {
      const removed = edit((tx) => segmentEdits.removeBox(tx, { maskId, reader: reader() }));
      return removed.ok ? ok({}) : removed;
    },

    undo: (seriesId) => step(seriesId, 'undo'),
    redo: (seriesId) => step(seriesId, 'redo'),

    modelView: (request) =>
      storedAsync(async () => {
        const ask = checkAsk(request);
        if (!ask.ok) return ask;
        const view = await inference.modelView(await boxJob(volumes, ask.value));
        if (!view.ok) return view;
        const { rgba, ...shown } = view.value;
        const id = randomUUID();
        views.put(id, rgba);
        return ok({ url: `/model-view/${id}`, ...shown });
      }),

    async prefetch({ seriesId, axis, sliceIndex, modelWindow, modelId }) {
      const queued = await storedAsync(async () => {
        const series = findSeries(db, seriesId);
        if (!series.ok) return series;
        const slice = checkSlice(series.value, axis, sliceIndex);
        if (!slice.ok) return slice;
        const slices = await slicesAround(volumes, series.value, axis, sliceIndex, modelWindow);
        return ok(inference.prefetch(modelId ?? models.defaultModelId(), slices));
      });
      // Only a preparation: the box itself will say what is wrong.
      if (!queued.ok) deps.log.warn({ seriesId, error: queued.error }, 'Slices were not prepared');
      return { queued: queued.ok ? queued.value : 0 };
    },

    maskBytes: (id) =>
      previews.bits(id) ??
      (id.startsWith('draft-') ? (jobs.draft(id.slice(6))?.bits ?? null) : storedMaskBytes(db, id)),
    borderBytes: (maskId) => storedBorderBytes(db, maskId),
    modelViewBytes: (id) => views.get(id) ?? null,
    resumed,

    async close() {
      revisions.close();
      await jobs.close();
      await resumed;
    },
  };
}

const timings = (
  mask: { encoderMs: number | null; decoderMs: number; embeddingCached: boolean },
  started: number,
) => ({
  encoderMs: mask.encoderMs,
  decoderMs: mask.decoderMs,
  totalMs: performance.now() - started,
  embeddingCached: mask.embeddingCached,
});
