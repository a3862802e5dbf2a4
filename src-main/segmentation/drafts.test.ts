import { afterEach, beforeEach, expect, test } from 'vitest';
import { ok } from '../../src-shared/result.ts';
import { SegmentationFixture, window } from '../../tests/support/segmentation-fixture.ts';

let fixture: SegmentationFixture;
beforeEach(() => {
  fixture = new SegmentationFixture();
  fixture.inference.drafts = true;
});
afterEach(() => fixture.remove());

const request = {
  seriesId: 'ball',
  axis: 'k' as const,
  sliceIndex: 13,
  boxPx: [2, 2, 30, 28] as [number, number, number, number],
  modelWindow: window,
};

/** Asks for a mask and stops before the exact one is there. */
async function withDraft() {
  const segment = await fixture.newSegment();
  let goOn = () => {};
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const reached = new Promise<void>((resolve) => {
    let asked = 0;
    fixture.inference.before = async () => {
      asked += 1;
      if (asked === 2) {
        resolve();
        await held;
      }
      return ok(null);
    };
  });
  const stored = fixture.service.segment({ ...request, segmentId: segment.id });
  await reached;
  return { stored, goOn };
}

test('a draft is shown as one, is not measured, and gives way to the exact mask', async () => {
  const { stored, goOn } = await withDraft();
  const before = await fixture.state();
  const [shown] = before.masks;
  expect(shown).toMatchObject({
    ...{ state: 'pending', draft: true, areaPx: 28 * 26, areaMm2: null },
    provenance: { draft: true },
  });
  expect(before.segments[0]!.statistics.voxelCount).toBe(0);
  expect(fixture.service.maskBytes(`draft-${shown!.id}`)).toHaveLength(28 * 26);
  expect(fixture.service.maskBytes(shown!.id)).toBeNull();
  goOn();
  const done = await stored;
  if (!done.ok) throw new Error(done.error.code);
  expect(done.value.mask).toMatchObject({
    ...{ state: 'done', draft: false, id: shown!.id },
    provenance: { draft: false },
  });
  expect(done.value.mask.areaPx).toBeLessThan(28 * 26);
  expect(fixture.service.maskBytes(`draft-${shown!.id}`)).toBeNull();
  expect((await fixture.state()).revision).toBeGreaterThan(before.revision);
});

test('a draft is never stored: after an end in between, the box is pending', async () => {
  const { stored, goOn } = await withDraft();
  const closing = fixture.service.close();
  goOn();
  expect(await stored).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  await closing;
  fixture.inference.before = null;
  fixture.inference.drafts = false;
  fixture.service = fixture.start();
  const [mask] = (await fixture.state()).masks;
  expect(mask!.draft).toBe(false);
  await fixture.service.resumed;
  expect((await fixture.state()).masks).toMatchObject([{ state: 'done', draft: false }]);
});

test('a preview says that it is a draft, and the stored box does not take it', async () => {
  const segment = await fixture.newSegment();
  expect(await fixture.service.preview(request)).toMatchObject({ value: { draft: true } });
  const stored = await fixture.service.segment({ ...request, segmentId: segment.id });
  expect(stored).toMatchObject({ value: { mask: { draft: false, provenance: { draft: false } } } });
});
