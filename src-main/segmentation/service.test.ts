import { and, eq } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { segmentationStateSchema } from '../../src-shared/contract/segmentation.ts';
import { fail, ok } from '../../src-shared/result.ts';
import { insertSeries } from '../../tests/support/test-library.ts';
import {
  ballGeometry,
  ballSize,
  ballVoxelCount,
  ballVoxels,
  SegmentationFixture,
  wholeSlice,
  window,
} from '../../tests/support/segmentation-fixture.ts';
import { edits, sliceMasks } from '../library/schema/index.ts';

let fixture: SegmentationFixture;
beforeEach(() => {
  fixture = new SegmentationFixture();
});
afterEach(() => fixture.remove());

const voxelMl = (0.5 * 0.8 * 2) / 1000;

describe('a box', () => {
  it('becomes a mask with its provenance', async () => {
    const segment = await fixture.newSegment();
    const result = await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    if (!result.ok) throw new Error(result.error.code);
    const { mask } = result.value;
    const { statistics } = result.value.segment;
    const inSlice = ballVoxels.slice(13 * 960, 14 * 960).filter((v) => v === 100).length;
    expect(mask).toMatchObject({
      state: 'done',
      segmentId: segment.id,
      axis: 'k',
      sliceIndex: 13,
      areaPx: inSlice,
    });
    expect(mask.areaMm2).toBeCloseTo(inSlice * 0.4, 9);
    expect(mask.provenance).toMatchObject({
      modelId: 'threshold',
      modelName: 'Threshold',
      recipe: 'threshold',
      executionProvider: 'cpu',
      modelWindow: window,
      intensityRange: [-100, 100],
      boxPx: [0, 0, 32, 30],
      appVersion: '0.1.0',
      reader: 'Dr. Wu',
    });
    expect(statistics.voxelCount).toBe(inSlice);
    expect(statistics).toMatchObject({ meanValue: 100, sdValue: 0 });
    expect(fixture.service.maskBytes(mask.id)?.length).toBe(ballSize[0] * ballSize[1]);
    expect(segmentationStateSchema.parse(await fixture.state())).toEqual(await fixture.state());
  });

  it('with a new segment is one step, taken back and done again as one', async () => {
    const made = await fixture.service.segment({
      ...wholeSlice(13),
      newSegment: { colour: '#112233', nameLanguage: 'zh-CN' },
    });
    if (!made.ok) throw new Error(made.error.code);
    expect(made.value.segment).toMatchObject({ name: '病灶 1', colour: '#112233' });
    expect(made.value.undo).toEqual({
      code: 'add-box',
      params: { segment: '病灶 1', slice: 14, axis: 'k' },
    });
    fixture.service.undo('ball');
    expect(await fixture.state()).toMatchObject({ segments: [], masks: [], undo: null });
    fixture.service.redo('ball');
    const { segments, masks } = await fixture.state();
    expect([segments[0]!.id, masks[0]!.id]).toEqual([made.value.segment.id, made.value.mask.id]);
  });

  it('says what it changed, so that the state before and the answer are the state after', async () => {
    const first = await fixture.newSegment();
    const before = await fixture.state();
    const stored = await fixture.service.segment({ ...wholeSlice(13), segmentId: first.id });
    if (!stored.ok) throw new Error(stored.error.code);
    const { mask, segment, revision, undo } = stored.value;
    expect(revision).toEqual({ before: before.revision, after: before.revision + 2 });
    expect({ ...before, revision: revision.after, segments: [segment], masks: [mask], undo }).toEqual(
      await fixture.state(),
    );
  });

  it('says that something else was changed while the model answered', async () => {
    const first = await fixture.newSegment();
    fixture.inference.before = async () => {
      await fixture.newSegment();
      return ok(null);
    };
    const stored = await fixture.service.segment({ ...wholeSlice(13), segmentId: first.id });
    if (!stored.ok) throw new Error(stored.error.code);
    expect(stored.value.revision.after - stored.value.revision.before).toBe(3);
  });

  it('on every slice of all three axes measures the ball once', async () => {
    const segment = await fixture.newSegment();
    const [ni, nj, nk] = ballSize;
    for (let k = 0; k < nk; k++)
      await fixture.service.segment({ ...wholeSlice(k), segmentId: segment.id });
    for (let j = 0; j < nj; j += 3) {
      await fixture.service.segment({
        ...wholeSlice(j),
        axis: 'j',
        boxPx: [0, 0, ni, nk],
        segmentId: segment.id,
      });
    }
    for (let i = 0; i < ni; i += 3) {
      await fixture.service.segment({
        ...wholeSlice(i),
        axis: 'i',
        boxPx: [0, 0, nj, nk],
        segmentId: segment.id,
      });
    }
    const { statistics } = (await fixture.state()).segments[0]!;
    expect(statistics.voxelCount).toBe(ballVoxelCount);
    expect(statistics.volumeMl).toBeCloseTo(ballVoxelCount * voxelMl, 9);
    const exact = ((4 / 3) * Math.PI * 9 ** 3 * 0.8) / 1000;
    expect(statistics.volumeMl! / exact).toBeCloseTo(1, 1);
  });

  it('is stored before the model answers', async () => {
    const segment = await fixture.newSegment();
    let answer = () => undefined as void;
    const asked = new Promise<void>((reached) => {
      fixture.inference.before = () => {
        reached();
        return new Promise((resolve) => (answer = () => resolve(ok(null))));
      };
    });
    const running = fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    await asked;
    const [pending] = (await fixture.state()).masks;
    expect(pending).toMatchObject({ state: 'pending', boxPx: [0, 0, 32, 30], provenance: null });
    expect(fixture.service.maskBytes(pending!.id)).toBeNull();
    answer();
    await running;
    expect((await fixture.state()).masks).toMatchObject([{ id: pending!.id, state: 'done' }]);
  });

  it('that the model cannot answer is kept with the reason', async () => {
    const segment = await fixture.newSegment();
    fixture.inference.before = async () => fail('engine-crashed');
    const result = await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    expect(result).toEqual(fail('engine-crashed'));
    const { masks, segments } = await fixture.state();
    expect(masks).toMatchObject([
      { state: 'failed', error: { code: 'engine-crashed' }, boxPx: [0, 0, 32, 30] },
    ]);
    expect(segments[0]!.statistics).toEqual({
      voxelCount: 0,
      volumeMl: 0,
      meanValue: null,
      sdValue: null,
    });
  });

  it('is ordered, cut to its slice, and refused outside or too small', async () => {
    const segment = await fixture.newSegment();
    const segmentOf = (boxPx: [number, number, number, number]) =>
      fixture.service.segment({ ...wholeSlice(13), boxPx, segmentId: segment.id });
    const cut = await segmentOf([40, 20, -5, 5]);
    expect(cut.ok && cut.value.mask.boxPx).toEqual([0, 5, 32, 20]);
    expect(await segmentOf([32, 0, 50, 20])).toEqual(fail('box-outside-image'));
    expect(await segmentOf([3, 3, 4, 20])).toEqual(fail('box-too-small'));
    expect((await fixture.state()).masks).toHaveLength(1);
  });

  it('is refused on a slice, segment or model that is not there', async () => {
    const segment = await fixture.newSegment();
    const code = async (change: object) => {
      const result = await fixture.service.segment({
        ...wholeSlice(13),
        segmentId: segment.id,
        ...change,
      });
      return result.ok ? 'ok' : result.error.code;
    };
    expect(await code({ sliceIndex: 28 })).toBe('invalid-request');
    expect(await code({ axis: 'i', sliceIndex: 32 })).toBe('invalid-request');
    expect(await code({ segmentId: 'none' })).toBe('not-found');
    expect(await code({ seriesId: 'none' })).toBe('not-found');
    expect(await code({ modelId: 'none' })).toBe('model-not-found');
    expect(await code({ replaces: 'none' })).toBe('not-found');
    expect((await fixture.state()).masks).toEqual([]);
  });

  it('on a stack lies across k, and a stack has no volume', async () => {
    insertSeries(fixture.database.db, { id: 'later', geometry: ballGeometry, kind: 'stack' });
    const segment = await fixture.newSegment('later');
    const request = { ...wholeSlice(13), seriesId: 'later', segmentId: segment.id };
    expect(await fixture.service.segment({ ...request, axis: 'i' })).toMatchObject({
      ok: false,
      error: { code: 'invalid-request' },
    });
    const done = await fixture.service.segment(request);
    expect(done).toMatchObject({ ok: true, value: { segment: { statistics: { volumeMl: null } } } });
  });

  it('on a series that must not be measured has pixels only', async () => {
    insertSeries(fixture.database.db, { id: 'later', geometry: ballGeometry, measurable: false });
    const segment = await fixture.newSegment('later');
    const done = await fixture.service.segment({
      ...wholeSlice(13),
      seriesId: 'later',
      segmentId: segment.id,
    });
    if (!done.ok) throw new Error(done.error.code);
    expect(done.value.segment.statistics.volumeMl).toBeNull();
    expect(done.value.segment.statistics.voxelCount).toBeGreaterThan(0);
    expect(done.value.mask.areaMm2).toBeNull();
  });

  it('still pending when the process ended is answered after the next start', async () => {
    const segment = await fixture.newSegment();
    const asked = new Promise<void>((reached) => {
      fixture.inference.before = async () => {
        reached();
        await new Promise((resolve) => setImmediate(resolve));
        return ok(null);
      };
    });
    const running = fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    await asked;
    const reopened = fixture.reopen();
    expect(await running).toEqual(fail('cancelled'));
    await reopened;
    const { masks } = await fixture.state();
    expect(masks).toMatchObject([{ state: 'done', provenance: { modelWindow: window } }]);
  });
});

describe('a preview', () => {
  it('stores nothing, has bytes, and answers the same box without asking again', async () => {
    const segment = await fixture.newSegment();
    const before = await fixture.state();
    const preview = await fixture.service.preview(wholeSlice(13));
    if (!preview.ok) throw new Error(preview.error.code);
    expect(await fixture.state()).toEqual(before);
    const bytes = fixture.service.maskBytes(preview.value.previewId);
    expect(bytes?.reduce((sum, bit) => sum + bit, 0)).toBe(preview.value.areaPx);
    const stored = await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    expect(stored.ok && fixture.service.maskBytes(stored.value.mask.id)).toEqual(bytes);
    expect(fixture.inference.asked.map(({ lane }) => lane)).toEqual(['preview:ball']);
    await fixture.service.segment({ ...wholeSlice(14), segmentId: segment.id });
    expect(fixture.inference.asked.map(({ lane }) => lane)).toEqual(['preview:ball', undefined]);
  });

  it('is superseded by a newer one, and then does not answer a stored box', async () => {
    const segment = await fixture.newSegment();
    fixture.inference.before = () =>
      new Promise((resolve) => setImmediate(() => resolve(ok(null))));
    const first = fixture.service.preview(wholeSlice(13));
    const second = fixture.service.preview({ ...wholeSlice(13), boxPx: [0, 0, 20, 20] });
    expect(await first).toEqual(fail('superseded'));
    expect((await second).ok).toBe(true);
    const stored = await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    expect(stored).toMatchObject({ ok: true, value: { mask: { state: 'done' } } });
  });

  it('keeps the bits of the last few only', async () => {
    const first = await fixture.service.preview(wholeSlice(0));
    for (let k = 1; k < 12; k++) await fixture.service.preview(wholeSlice(k));
    expect(first.ok && fixture.service.maskBytes(first.value.previewId)).toBeNull();
    expect(fixture.service.maskBytes('none')).toBeNull();
  });
});

describe('undo', () => {
  it('names the steps, takes back a moved box and forgets the branch after a new edit', async () => {
    const segment = await fixture.newSegment();
    const first = await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    if (!first.ok) throw new Error(first.error.code);
    const replaces = first.value.mask.id;
    await fixture.service.segment({
      ...wholeSlice(13),
      boxPx: [4, 4, 20, 20],
      segmentId: segment.id,
      replaces,
    });
    expect((await fixture.state()).masks).toMatchObject([{ boxPx: [4, 4, 20, 20] }]);
    const label = { code: 'move-box', params: { segment: 'Lesion 1', slice: 14, axis: 'k' } };
    expect((await fixture.state()).undo).toEqual(label);
    expect(fixture.service.undo('ball')).toEqual(ok(label));
    const back = await fixture.state();
    expect(back.masks).toMatchObject([{ id: replaces, state: 'done' }]);
    expect(back).toMatchObject({ undo: { code: 'add-box' }, redo: label });
    fixture.service.removeMask(replaces);
    expect(await fixture.state()).toMatchObject({
      masks: [],
      undo: { code: 'remove-box' },
      redo: null,
    });
    expect(fixture.service.redo('ball')).toEqual(fail('nothing-to-redo'));
    for (let n = 0; n < 3; n++) expect(fixture.service.undo('ball').ok).toBe(true);
    expect(fixture.service.undo('ball')).toEqual(fail('nothing-to-undo'));
    const states = fixture.database.db
      .select({ state: edits.state })
      .from(edits)
      .orderBy(edits.id)
      .all();
    expect(states.map(({ state }) => state)).toEqual(['undone', 'undone', 'abandoned', 'undone']);
  });

  it('of a box whose mask comes later keeps the mask for redo', async () => {
    const segment = await fixture.newSegment();
    let answer = () => undefined as void;
    const asked = new Promise<void>((reached) => {
      fixture.inference.before = () => {
        reached();
        return new Promise((resolve) => (answer = () => resolve(ok(null))));
      };
    });
    const running = fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    await asked;
    fixture.service.undo('ball');
    answer();
    await running;
    expect((await fixture.state()).masks).toEqual([]);
    fixture.service.redo('ball');
    expect((await fixture.state()).masks).toMatchObject([{ state: 'done' }]);
  });
});

describe('watching', () => {
  it('tells the present revision and every later one, for the series asked for', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { revision } of fixture.service.changes('ball', abort.signal)) {
        seen.push(revision);
        if (seen.length === 1) {
          const segment = await fixture.newSegment();
          await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
        }
        if (seen.length === 4) abort.abort();
      }
    })();
    await watching;
    // Segment added, box stored, mask filled.
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('tells of what another process did to the same library', async () => {
    const other = fixture.otherProcess();
    const seen: number[] = [];
    for await (const { revision } of fixture.service.changes('ball')) {
      seen.push(revision);
      if (seen.length === 1) await other.service.addSegment({ seriesId: 'ball' });
      else break;
    }
    expect(seen).toEqual([0, 1]);
    await other.close();
  });
});

describe('the model', () => {
  it('is given the slice and its view can be looked at', async () => {
    const view = await fixture.service.modelView(wholeSlice(13));
    if (!view.ok) throw new Error(view.error.code);
    expect(view.value).toMatchObject({ widthPx: 32, heightPx: 30, recipe: 'threshold' });
    expect(fixture.service.modelViewBytes(view.value.url.replace('/model-view/', ''))?.length).toBe(
      32 * 30 * 4,
    );
    expect(fixture.service.modelViewBytes('none')).toBeNull();
  });

  it('is told of slices round the one looked at, nearest first', async () => {
    expect(await fixture.service.prefetch({ ...wholeSlice(1) })).toEqual({ queued: 12 });
    const indices = fixture.inference.prefetched[0]!.keys.map((key) => Number(key.split('/')[2]));
    expect(indices.slice(0, 5)).toEqual([1, 2, 0, 3, 4]);
    expect(await fixture.service.prefetch({ ...wholeSlice(99) })).toEqual({ queued: 0 });
  });
});

describe('a stored mask', () => {
  it('is never written a second time', async () => {
    const segment = await fixture.newSegment();
    const done = await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    if (!done.ok) throw new Error(done.error.code);
    const read = () =>
      fixture.database.db
        .select()
        .from(sliceMasks)
        .where(and(eq(sliceMasks.id, done.value.mask.id)))
        .get();
    const before = read();
    fixture.service.undo('ball');
    fixture.service.redo('ball');
    await fixture.reopen();
    expect(read()).toEqual(before);
  });
});
