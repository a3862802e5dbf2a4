import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok } from '../../src-shared/result.ts';
import { insertSeries } from '../../tests/support/test-library.ts';
import {
  ballGeometry,
  SegmentationFixture,
  wholeSlice,
} from '../../tests/support/segmentation-fixture.ts';

let fixture: SegmentationFixture;
beforeEach(() => {
  fixture = new SegmentationFixture();
});
afterEach(() => fixture.remove());

describe('segments', () => {
  it('get names and colours of their own, and a lesion of the patient', async () => {
    const first = await fixture.newSegment();
    const second = await fixture.newSegment();
    expect([first.name, second.name]).toEqual(['Lesion 1', 'Lesion 2']);
    expect(first.colour).not.toBe(second.colour);
    expect(first.lesionId).not.toBe(second.lesionId);
    insertSeries(fixture.database.db, {
      id: 'later',
      studyId: 'follow-up',
      studyDate: '2024-06-01',
      geometry: ballGeometry,
    });
    expect((await fixture.newSegment('later')).name).toBe('Lesion 3');
  });

  it('of one lesion share name and colour over time points', async () => {
    insertSeries(fixture.database.db, {
      id: 'later',
      studyId: 'follow-up',
      studyDate: '2024-06-01',
      geometry: ballGeometry,
    });
    const first = await fixture.newSegment();
    const other = await fixture.newSegment('later');
    expect(fixture.service.linkLesion(other.id, first.lesionId)).toEqual(
      ok({ lesionId: first.lesionId }),
    );
    expect((await fixture.state('later')).segments).toMatchObject([
      { name: 'Lesion 1', colour: first.colour, lesionId: first.lesionId },
    ]);
    await fixture.service.updateSegment({
      segmentId: first.id,
      name: 'Liver dome',
      colour: '#112233',
    });
    expect((await fixture.state('later')).segments).toMatchObject([
      { name: 'Liver dome', colour: '#112233' },
    ]);
    expect((await fixture.state('later')).revision).toBe(3);
    expect(fixture.service.undo('ball')).toMatchObject({
      ok: true,
      value: { code: 'rename-segment' },
    });
    expect((await fixture.state('later')).segments).toMatchObject([
      { name: 'Lesion 1', colour: first.colour },
    ]);
    const alone = fixture.service.linkLesion(other.id, null, 'zh-CN');
    expect(alone.ok && alone.value.lesionId).not.toBe(first.lesionId);
    expect((await fixture.state('later')).segments).toMatchObject([
      { name: expect.stringMatching(/^病灶 \d+$/) },
    ]);
    fixture.service.undo('later');
    fixture.service.undo('later');
    expect((await fixture.state('later')).segments).toMatchObject([
      { name: other.name, colour: other.colour, lesionId: other.lesionId },
    ]);
  });

  it('of one lesion are at most one per series, and of one patient', async () => {
    const first = await fixture.newSegment();
    const second = await fixture.newSegment();
    const link = fixture.service.linkLesion(second.id, first.lesionId);
    expect(link).toMatchObject({ ok: false, error: { code: 'invalid-request' } });
    expect(
      (await fixture.service.addSegment({ seriesId: 'ball', lesionId: first.lesionId })).ok,
    ).toBe(false);
    insertSeries(fixture.database.db, {
      id: 'later',
      patientId: 'someone else',
      studyId: 'their study',
      geometry: ballGeometry,
    });
    const theirs = await fixture.newSegment('later');
    expect(fixture.service.linkLesion(theirs.id, first.lesionId)).toMatchObject({
      ok: false,
      error: { code: 'not-found' },
    });
  });

  it('removed and brought back have their masks', async () => {
    const segment = await fixture.newSegment();
    await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
    const before = await fixture.state();
    expect(fixture.service.removeSegment(segment.id)).toEqual(ok({}));
    expect(await fixture.state()).toMatchObject({ segments: [], masks: [] });
    expect(fixture.service.removeSegment(segment.id)).toMatchObject({
      ok: false,
      error: { code: 'not-found' },
    });
    expect((await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id })).ok).toBe(
      false,
    );
    fixture.service.undo('ball');
    const after = await fixture.state();
    expect(after.segments).toEqual(before.segments);
    expect(after.masks).toEqual(before.masks);
  });

  it('renamed to what they are called make no step', async () => {
    const segment = await fixture.newSegment();
    const { revision } = await fixture.state();
    expect(
      await fixture.service.updateSegment({ segmentId: segment.id, name: ' Lesion 1 ' }),
    ).toMatchObject({ ok: true });
    expect((await fixture.state()).revision).toBe(revision);
  });
});
