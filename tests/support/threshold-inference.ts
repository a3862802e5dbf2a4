import { ok, fail, type Result } from '../../src-shared/result.ts';
import type { BoxJob, BoxMask, InferenceService } from '../../src-main/inference/types.ts';

/**
 * A double of inference for tests of what is stored, not of how well a model segments: everything in
 * the box above the middle of the intensity range. Keeps what it was asked.
 */
export class ThresholdInference implements Pick<
  InferenceService,
  'segmentBox' | 'refineBox' | 'modelView' | 'prefetch'
> {
  readonly asked: { job: BoxJob; lane: string | undefined }[] = [];
  readonly prefetched: { modelId: string; keys: string[] }[] = [];
  /** Set to answer differently, or to wait before answering. */
  before: ((job: BoxJob) => Promise<Result<null>>) | null = null;
  /** What the model says of its masks beside their bits. */
  confidence: Pick<BoxMask, 'expectedDsc' | 'probability'> = {
    expectedDsc: null,
    probability: null,
  };
  /** Answers with drafts first. */
  drafts = false;
  readonly #lanes = new Map<string, number>();

  async segmentBox(
    job: BoxJob,
    options: { lane?: string; signal?: AbortSignal; draft?: boolean },
  ): Promise<Result<BoxMask>> {
    const { lane, signal } = options;
    this.asked.push({ job, lane });
    const turn = lane ? (this.#lanes.get(lane) ?? 0) + 1 : 0;
    if (lane) this.#lanes.set(lane, turn);
    const first = this.before ? await this.before(job) : ok(null);
    if (signal?.aborted) return fail('cancelled');
    if (lane && this.#lanes.get(lane) !== turn) return fail('superseded');
    if (!first.ok) return first;
    const mask = { ...threshold(job), ...this.confidence };
    if (!options.draft || !this.drafts) return ok(mask);
    // A draft finds all of the box.
    return ok({ ...mask, bits: mask.bits.fill(1), areaPx: mask.bits.length, draft: true });
  }

  async refineBox(job: BoxJob, options: { signal?: AbortSignal }): Promise<Result<BoxMask>> {
    return this.segmentBox(job, options);
  }

  async modelView({ slice }: BoxJob) {
    const { widthPx, heightPx } = slice;
    const rgba = new Uint8Array(widthPx * heightPx * 4).fill(128);
    return ok({
      rgba,
      widthPx,
      heightPx,
      sliceRectPx: [0, 0, widthPx, heightPx] as [number, number, number, number],
      recipe: 'threshold',
    });
  }

  prefetch(modelId: string, slices: { contentKey: string }[]): number {
    this.prefetched.push({ modelId, keys: slices.map((slice) => slice.contentKey) });
    return slices.length;
  }
}

function threshold({ slice, boxPx }: BoxJob) {
  const middle = (slice.intensityRange[0] + slice.intensityRange[1]) / 2;
  const [x0, y0, x1, y1] = boxPx.map(Math.round) as [number, number, number, number];
  const sizePx: [number, number] = [x1 - x0, y1 - y0];
  const bits = new Uint8Array(sizePx[0] * sizePx[1]);
  for (let n = 0; n < bits.length; n++) {
    const pixel = x0 + (n % sizePx[0]) + slice.widthPx * (y0 + Math.floor(n / sizePx[0]));
    bits[n] = Number(slice.data[pixel * slice.channels]! > middle);
  }
  return {
    originPx: [x0, y0],
    sizePx,
    bits,
    areaPx: bits.reduce((sum, bit) => sum + bit, 0),
    modelSha256: 'f'.repeat(64),
    recipe: 'threshold',
    provider: 'cpu' as const,
    encoderMs: null,
    decoderMs: 1,
    embeddingCached: false,
    draft: false,
  } satisfies Omit<BoxMask, 'expectedDsc' | 'probability'>;
}

export const thresholdModels = {
  defaultModelId: () => 'threshold',
  resolve: (id: string) =>
    id === 'threshold'
      ? ok({
          sha256: 'f'.repeat(64),
          manifest: {
            name: 'Threshold',
            output: { name: 'logits', expectedDsc: { lowBelow: 0.7 } },
          },
        })
      : fail('model-not-found', { id }),
};
