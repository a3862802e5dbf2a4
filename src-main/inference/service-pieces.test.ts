import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  greySlice,
  inferenceOn,
  maskExtent,
  temporaryFolder,
  watchedEngines,
} from '../../tests/support/inference.ts';
import {
  writeTinyPromptable,
  type TinyPromptableOptions,
} from '../../tests/support/tiny-models.ts';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import type { Result } from '../../src-shared/result.ts';
import { openEmbeddingStore } from './engine/embedding-store.ts';
import type { SliceImage } from './types.ts';

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};
const codeOf = (result: Result<unknown>) => (result.ok ? 'ok' : result.error.code);

/** Bright to the right of a column. */
const brightFrom = (column: number): SliceImage => ({
  ...greySlice(64, 64, (x) => (x >= column ? 200 : 20)),
  contentKey: `bright from ${column}`,
  seriesId: null,
});
const box: BoxPx = [16, 8, 48, 40];
const modelId = 'tiny-promptable';

/** The service on one tiny model, with what the engine is asked, in order; `onAsk` may act in the middle. */
function watched(
  model: TinyPromptableOptions,
  options: { onAsk?: (asked: string[]) => void; drafts?: boolean } = {},
) {
  const root = temporaryFolder();
  writeTinyPromptable(root, model);
  const asked: string[] = [];
  const service = inferenceOn(root, {
    settings: { provider: 'cpu', embeddingCacheBytes: 1024 ** 2, drafts: options.drafts ?? false },
    spawnEngine: watchedEngines((type) => {
      asked.push(type);
      options.onAsk?.(asked);
    }),
  });
  return { service, asked };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('an encoder in pieces', () => {
  it('gives the masks of the encoder in one', async () => {
    const whole = watched({});
    const pieces = watched({ pieces: 4 });
    const job = { modelId, slice: brightFrom(32), boxPx: box };
    const expected = value(await whole.service.segmentBox(job, {}));
    const mask = value(await pieces.service.segmentBox(job, {}));
    expect(maskExtent(mask)).toEqual({ edgesPx: [32, 8, 48, 40], missingPx: 4 });
    expect(mask.bits).toEqual(expected.bits);
    expect(mask).toMatchObject({ embeddingCached: false, encoderMs: expect.any(Number) });
    // One request per piece; the decoder comes with the last.
    expect(pieces.asked.filter((type) => type === 'segment')).toHaveLength(4);
    expect(value(await pieces.service.segmentBox(job, {})).embeddingCached).toBe(true);
  });

  it('lets a box overtake a slice that is prepared, after the piece under way, and goes on where it was', async () => {
    const [near, boxed] = [brightFrom(24), brightFrom(40)];
    let boxAnswered: Promise<unknown> | null = null;
    const { service, asked } = watched(
      { pieces: 4 },
      {
        onAsk(requests) {
          if (requests.filter((type) => type === 'encode').length === 2)
            boxAnswered ??= service.segmentBox({ modelId, slice: boxed, boxPx: box }, {});
        },
      },
    );
    expect(service.prefetch(modelId, [near])).toBe(1);
    await until(() => service.status().state === 'ready' && service.status().queued === 0);
    await boxAnswered;
    await until(() => service.status().state === 'ready' && service.status().queued === 0);
    expect(asked).toEqual([
      'configure',
      ...['encode', 'encode'],
      ...['segment', 'segment', 'segment', 'segment'],
      // Two pieces were left, not four.
      ...['encode', 'encode'],
    ]);
    const mask = value(await service.segmentBox({ modelId, slice: near, boxPx: box }, {}));
    const undisturbed = watched({ pieces: 4 });
    const expected = await undisturbed.service.segmentBox({ modelId, slice: near, boxPx: box }, {});
    expect(mask.embeddingCached).toBe(true);
    expect(mask.bits).toEqual(value(expected).bits);
  });

  it('turns to the slice that is looked at now, and wastes nothing of the one before', async () => {
    const [first, second] = [brightFrom(24), brightFrom(40)];
    let turned = false;
    const { service, asked } = watched(
      { pieces: 3 },
      {
        onAsk(requests) {
          if (turned || requests.at(-1) !== 'encode') return;
          turned = true;
          service.prefetch(modelId, [second, first]);
        },
      },
    );
    service.prefetch(modelId, [first, second]);
    await until(
      () => turned && service.status().state === 'ready' && service.status().queued === 0,
    );
    expect(asked.filter((type) => type === 'encode')).toHaveLength(6);
    for (const slice of [first, second]) {
      const mask = value(await service.segmentBox({ modelId, slice, boxPx: box }, {}));
      expect(mask.embeddingCached).toBe(true);
    }
  });

  it('leaves a slice that nobody looks at any more, and is ready', async () => {
    let left = false;
    const { service, asked } = watched(
      { pieces: 5 },
      {
        onAsk(requests) {
          if (left || requests.at(-1) !== 'encode') return;
          left = true;
          service.prefetch(modelId, [known]);
        },
      },
    );
    const known = brightFrom(24);
    value(await service.segmentBox({ modelId, slice: known, boxPx: box }, {}));
    left = true;
    service.prefetch(modelId, [known]);
    await until(() => service.status().state === 'ready' && service.status().queued === 0);
    left = false;
    const before = asked.length;
    service.prefetch(modelId, [brightFrom(40)]);
    await until(() => left && service.status().state === 'ready' && service.status().queued === 0);
    expect(asked.length).toBe(before + 1);
  });

  it('ends between two pieces for a box that was cancelled or that a newer one of its lane passed', async () => {
    const cancel = new AbortController();
    const { service, asked } = watched({ pieces: 5 });
    const ask = (slice: SliceImage, options: { lane?: string; signal?: AbortSignal }) =>
      service.segmentBox({ modelId, slice, boxPx: box }, options);
    const cancelled = ask(brightFrom(20), { signal: cancel.signal });
    await until(() => asked.includes('segment'));
    cancel.abort();
    expect(codeOf(await cancelled)).toBe('cancelled');
    const before = asked.length;
    const older = ask(brightFrom(24), { lane: 'a' });
    await until(() => asked.length > before);
    const newer = ask(brightFrom(28), { lane: 'a' });
    expect([codeOf(await older), codeOf(await newer)]).toEqual(['superseded', 'ok']);
    // Five for the newer box; the others were left after a piece or two.
    expect(asked.filter((type) => type === 'segment').length).toBeLessThan(5 + 2 * 4);
  });

  it('begins a slice anew, once, when the engine ends in the middle of it', async () => {
    let kills = 0;
    const root = temporaryFolder();
    writeTinyPromptable(root, { pieces: 3 });
    const service = inferenceOn(root, {
      spawnEngine: watchedEngines((type, engine, nth) => {
        if (type !== 'segment' || nth < 3 || kills > 0) return;
        kills += 1;
        engine.kill();
      }),
    });
    const job = { modelId, slice: brightFrom(32), boxPx: box };
    expect(maskExtent(value(await service.segmentBox(job, {}))).edgesPx).toEqual([32, 8, 48, 40]);
    expect(service.status().restarts).toBe(1);
  });

  it('gives up on a slice whose later piece ends the engine each time', async () => {
    const root = temporaryFolder();
    writeTinyPromptable(root, { pieces: 3 });
    let sinceStart = 0;
    const service = inferenceOn(root, {
      spawnEngine: watchedEngines((type, engine) => {
        sinceStart = type === 'segment' ? sinceStart + 1 : 0;
        if (sinceStart === 2) engine.kill();
      }),
    });
    const job = { modelId, slice: brightFrom(32), boxPx: box };
    expect(codeOf(await service.segmentBox(job, {}))).toBe('engine-crashed');
    expect(service.status().restarts).toBe(1);
  });
});

describe('many boxes on one slice', () => {
  it.each([{ splitDecoder: true }, { splitDecoder: false }])(
    'have the masks that each has alone (%o)',
    async (model) => {
      const { service } = watched(model);
      const slice = brightFrom(32);
      const boxesPx: BoxPx[] = Array.from({ length: 11 }, (_, at) => [10 + at, 8, 40 + at, 30]);
      const masks = value(await service.segmentBoxes({ modelId, slice, boxesPx }, {}));
      expect(masks).toHaveLength(11);
      for (const [at, boxPx] of boxesPx.entries()) {
        const alone = value(await service.segmentBox({ modelId, slice, boxPx }, {}));
        expect(masks[at]!.originPx).toEqual(alone.originPx);
        expect(masks[at]!.bits).toEqual(alone.bits);
      }
      expect(value(await service.segmentBoxes({ modelId, slice, boxesPx: [] }, {}))).toEqual([]);
      const outside = await service.segmentBoxes(
        { modelId, slice, boxesPx: [box, [70, 70, 90, 90]] },
        {},
      );
      expect(codeOf(outside)).toBe('box-outside-image');
    },
  );
});

describe('a draft', () => {
  // Of the slice's range, ¼ is above the draft's threshold and below the exact one.
  const slice: SliceImage = {
    ...greySlice(64, 64, (x) => (x >= 32 ? 200 : x >= 16 ? 80 : 0)),
    contentKey: 'three greys',
    seriesId: null,
    isHounsfield: false,
  };
  const job = { modelId, slice, boxPx: box };

  it('is said to be one, and gives way to the exact mask', async () => {
    const { service } = watched({ draft: true, pieces: 2 }, { drafts: true });
    const draft = value(await service.segmentBox(job, { draft: true }));
    expect(draft.draft).toBe(true);
    expect(maskExtent(draft).edgesPx).toEqual([16, 8, 48, 40]);
    const exact = value(await service.refineBox(job, {}));
    expect(exact.draft).toBe(false);
    expect(maskExtent(exact).edgesPx).toEqual([32, 8, 48, 40]);
    // The exact embedding is there now: no draft any more.
    expect(value(await service.segmentBox(job, { draft: true }))).toMatchObject({
      draft: false,
      embeddingCached: true,
    });
  });

  it('is made only where drafts are wanted and the model has an encoder for them', async () => {
    const unwanted = watched({ draft: true });
    expect(value(await unwanted.service.segmentBox(job, { draft: true })).draft).toBe(false);
    const without = watched({}, { drafts: true });
    expect(value(await without.service.segmentBox(job, { draft: true })).draft).toBe(false);
    const exactAsked = watched({ draft: true }, { drafts: true });
    expect(value(await exactAsked.service.segmentBox(job, {})).draft).toBe(false);
  });
});

describe('a series that is removed', () => {
  const ofSeries = (column: number, seriesId: string): SliceImage => ({
    ...brightFrom(column),
    seriesId,
  });

  it('has its boxes cancelled and nothing kept of it, though the engine is at it', async () => {
    const cacheDir = temporaryFolder();
    const store = () => openEmbeddingStore(join(cacheDir, 'embeddings'), Infinity);
    const root = temporaryFolder();
    writeTinyPromptable(root, { pieces: 4 });
    let pieces = 0;
    const service = inferenceOn(root, {
      settings: { provider: 'cpu', embeddingCacheBytes: 1024 ** 3 },
      cacheDir,
      spawnEngine: watchedEngines((type) => {
        if (type === 'segment') pieces += 1;
        // The last piece is under way: it will be finished, and its embedding given to the cache.
        if (type === 'segment' && pieces === 8) service.forgetSeries(['removed']);
      }),
    });
    const ask = (slice: SliceImage) => service.segmentBox({ modelId, slice, boxPx: box }, {});
    const stays = ofSeries(24, 'stays');
    value(await ask(stays));
    const [underWay, waiting] = [ask(ofSeries(32, 'removed')), ask(ofSeries(40, 'removed'))];
    expect([codeOf(await underWay), codeOf(await waiting)]).toEqual(['cancelled', 'cancelled']);
    // Asked after it, so that the engine is done.
    expect(value(await ask(stays)).embeddingCached).toBe(true);
    expect(pieces).toBe(9);
    const looking = store();
    expect(looking.seriesIds()).toEqual(['stays']);
    looking.close();
    // What is in memory is dropped, too: the same pixels are encoded anew for whoever asks.
    expect(value(await ask(ofSeries(32, 'other'))).embeddingCached).toBe(false);
  });
});
