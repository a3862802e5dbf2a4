import { and, eq, sql } from 'drizzle-orm';
import type { Provenance } from '../../src-shared/contract/segmentation.ts';
import { fail, type AppError, type Result } from '../../src-shared/result.ts';
import type { BoxMask } from '../inference/types.ts';
import { writeTransaction } from '../library/database.ts';
import { segments, sliceMasks } from '../library/schema/index.ts';
import { boxJob, type BoxAsk, type Previews } from './box-asks.ts';
import { bumpRevision } from './edit-log.ts';
import { packMask } from './mask-bits.ts';
import { packBorder, uncertainBorder } from './uncertain-border.ts';
import type { Revisions } from './revisions.ts';
import { intensityRangeOf } from './slice-image.ts';
import { findSeries } from './series-context.ts';
import { storedAsync } from './storage-errors.ts';
import type { SegmentationDependencies } from './types.ts';

/** A mask of the draft encoder, for the screen alone. */
export type Draft = Pick<BoxMask, 'originPx' | 'sizePx' | 'areaPx' | 'bits'> & {
  provenance: Provenance;
};

/** Answers stored boxes: asks the model and fills the pending record with its mask, or with why there is none. */
export class MaskJobs {
  readonly #deps: SegmentationDependencies;
  readonly #previews: Previews;
  readonly #revisions: Revisions;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #drafts = new Map<string, Draft>();

  constructor(deps: SegmentationDependencies, previews: Previews, revisions: Revisions) {
    this.#deps = deps;
    this.#previews = previews;
    this.#revisions = revisions;
  }

  /** The record `maskId` must be pending. When this process is told to stop it stays so. */
  run(maskId: string, ask: BoxAsk): Promise<Result<BoxMask>> {
    const job = this.#answer(maskId, ask);
    const settled = job.catch(() => undefined).finally(() => this.#running.delete(settled));
    this.#running.add(settled);
    return job;
  }

  /** What is shown of a pending record while its exact mask is being made. */
  draft(maskId: string): Draft | null {
    return this.#drafts.get(maskId) ?? null;
  }

  async #answer(maskId: string, ask: BoxAsk): Promise<Result<BoxMask>> {
    const answer = await storedAsync(async () => {
      const previewed = await this.#previews.answer(ask);
      if (previewed) return previewed;
      const { inference, volumes } = this.#deps;
      const { signal } = this.#closing;
      const job = await boxJob(volumes, ask);
      const first = await inference.segmentBox(job, { signal, draft: true });
      if (!first.ok || !first.value.draft) return first;
      this.#show(maskId, ask, first.value);
      return inference.refineBox(job, { signal });
    });
    this.#drafts.delete(maskId);
    if (this.#closing.signal.aborted) return fail('cancelled');
    const kept = this.#keep(maskId, ask, answer);
    return kept ? answer : fail('not-found', { what: 'mask', id: maskId });
  }

  #show(maskId: string, ask: BoxAsk, mask: BoxMask): void {
    const { originPx, sizePx, areaPx, bits } = mask;
    const provenance = this.#provenance(ask, mask);
    this.#drafts.set(maskId, { originPx, sizePx, areaPx, bits, provenance });
    writeTransaction(this.#deps.database.db, (tx) => bumpRevision(tx, ask.series.id));
    this.#revisions.announce([ask.series.id]);
  }

  /** Fills the record, once: a record that is not pending any more is left as it is. */
  #keep(maskId: string, ask: BoxAsk, answer: Result<BoxMask>): boolean {
    const { db } = this.#deps.database;
    const values = answer.ok
      ? {
          state: 'done' as const,
          originX: answer.value.originPx[0],
          originY: answer.value.originPx[1],
          sizeX: answer.value.sizePx[0],
          sizeY: answer.value.sizePx[1],
          areaPx: areaOf(answer.value),
          bits: packMask(answer.value.bits),
          ...storedBorder(answer.value),
          provenance: this.#provenance(ask, answer.value),
        }
      : { state: 'failed' as const, error: answer.error };
    const kept = writeTransaction(db, (tx) => {
      const { changes } = tx
        .update(sliceMasks)
        .set(values)
        .where(and(eq(sliceMasks.id, maskId), eq(sliceMasks.state, 'pending')))
        .run();
      if (changes > 0) bumpRevision(tx, ask.series.id);
      return changes > 0;
    });
    if (kept) this.#revisions.announce([ask.series.id]);
    if (!answer.ok) this.#warn(maskId, ask.series.id, answer.error);
    return kept;
  }

  #warn(maskId: string, seriesId: string, error: AppError): void {
    this.#deps.log.warn({ maskId, seriesId, error }, 'A box has no mask');
  }

  #provenance(ask: BoxAsk, mask: BoxMask): Provenance {
    const model = this.#deps.models.resolve(ask.modelId);
    return {
      modelId: ask.modelId,
      modelName: model.ok ? model.value.manifest.name : ask.modelId,
      modelSha256: mask.modelSha256,
      recipe: mask.recipe,
      executionProvider: mask.provider,
      modelWindow: ask.modelWindow,
      intensityRange: intensityRangeOf(ask.modelWindow, ask.series),
      boxPx: ask.boxPx,
      appVersion: this.#deps.appVersion,
      reader: this.#deps.settings.get().reader,
      createdAt: new Date().toISOString(),
      encoderMs: mask.encoderMs,
      decoderMs: mask.decoderMs,
      embeddingCached: mask.embeddingCached,
      expectedDsc: mask.expectedDsc,
      draft: mask.draft,
      lowBelow: model.ok ? (model.value.manifest.output?.expectedDsc?.lowBelow ?? null) : null,
    };
  }

  /** Answers every box that an earlier process stored and did not come to answer, the oldest first. */
  async resume(): Promise<void> {
    const { db } = this.#deps.database;
    const left = db
      .select({ mask: sliceMasks, seriesId: segments.seriesId })
      .from(sliceMasks)
      .innerJoin(segments, eq(segments.id, sliceMasks.segmentId))
      .where(eq(sliceMasks.state, 'pending'))
      .orderBy(sql`${sliceMasks}.rowid`)
      .all();
    for (const { mask, seriesId } of left) {
      if (this.#closing.signal.aborted) return;
      const series = findSeries(db, seriesId);
      if (!series.ok) continue;
      const { axis, sliceIndex, boxPx, request } = mask;
      try {
        await this.run(mask.id, { series: series.value, axis, sliceIndex, boxPx, ...request });
      } catch (error) {
        // One box that cannot be answered must not keep the others waiting; it stays pending.
        this.#deps.log.error(
          { maskId: mask.id, seriesId, err: error },
          'A pending box could not be answered',
        );
      }
    }
    if (left.length > 0) this.#deps.log.info({ boxes: left.length }, 'Answered boxes left pending');
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  get closing(): boolean {
    return this.#closing.signal.aborted;
  }
}

function storedBorder({ probability }: BoxMask) {
  const border = probability && uncertainBorder(probability);
  return border
    ? { uncertainRectPx: border.rectPx, uncertainLevels: packBorder(border.levels) }
    : {};
}

/**
 * Pixels of a mask, counted: areas and volumes are summed from this number.
 * @throws Error when the bits are not those of the rectangle
 */
function areaOf({ bits, sizePx }: BoxMask): number {
  if (bits.length !== sizePx[0] * sizePx[1]) {
    throw new Error(`A mask of ${sizePx.join('×')} pixels has ${bits.length} bits.`);
  }
  let area = 0;
  for (const bit of bits) if (bit !== 0) area++;
  return area;
}
