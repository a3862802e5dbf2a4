import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SegmentationState } from '../../src-shared/contract/segmentation.ts';
import { SegmentationFixture, wholeSlice } from '../../tests/support/segmentation-fixture.ts';

/** Random edits as numbers; `pick` chooses among what is there when the edit is carried out. */
const editArbitrary = fc.record({
  kind: fc.constantFrom('add-segment', 'rename', 'recolour', 'remove-segment', 'add-box', 'move-box', 'remove-box', 'link', 'undo', 'redo'), // prettier-ignore
  pick: fc.nat({ max: 100 }),
  slice: fc.integer({ min: 8, max: 18 }),
});
type RandomEdit = typeof editArbitrary extends fc.Arbitrary<infer T> ? T : never;

async function carryOut(
  fixture: SegmentationFixture,
  { kind, pick, slice }: RandomEdit,
): Promise<void> {
  const { service } = fixture;
  const { segments, masks } = await fixture.state();
  const segment = segments[pick % Math.max(1, segments.length)];
  const mask = masks[pick % Math.max(1, masks.length)];
  if (kind === 'undo' || kind === 'redo') service[kind]('ball');
  else if (kind === 'add-segment' || !segment) await service.addSegment({ seriesId: 'ball' });
  else if (kind === 'rename')
    await service.updateSegment({ segmentId: segment.id, name: `Name ${pick}` });
  else if (kind === 'recolour')
    await service.updateSegment({
      segmentId: segment.id,
      colour: `#0000${(pick + 10).toString(16).padStart(2, '0')}`,
    });
  else if (kind === 'remove-segment') service.removeSegment(segment.id);
  else if (kind === 'link') service.linkLesion(segment.id, pick % 2 ? null : segment.lesionId);
  else if (kind === 'add-box' || !mask)
    await service.segment({ ...wholeSlice(slice), segmentId: segment.id });
  else if (kind === 'move-box') {
    await service.segment({
      ...wholeSlice(slice),
      boxPx: [2, 2, 20 + (pick % 9), 25],
      segmentId: mask.segmentId,
      replaces: mask.id,
    });
  } else service.removeMask(mask.id);
}

/** What a person sees: all but the revision, which only rises. */
const seen = ({ revision: _revision, ...rest }: SegmentationState) => rest;
const content = ({ segments, masks }: SegmentationState) => ({ segments, masks });

const stepAll = (fixture: SegmentationFixture, direction: 'undo' | 'redo'): number => {
  let steps = 0;
  while (fixture.service[direction]('ball').ok) steps++;
  return steps;
};

test('undoing all leads to the start, redoing all to the end, also over a restart in between', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(editArbitrary, { minLength: 1, maxLength: 14 }),
      async (randomEdits) => {
        const fixture = new SegmentationFixture();
        try {
          const start = content(await fixture.state());
          for (const edit of randomEdits) await carryOut(fixture, edit);
          stepAll(fixture, 'redo');
          const end = await fixture.state();
          await fixture.reopen();
          expect(await fixture.state()).toEqual(end);
          const steps = stepAll(fixture, 'undo');
          expect(content(await fixture.state())).toEqual(start);
          await fixture.reopen();
          expect(stepAll(fixture, 'redo')).toBe(steps);
          const again = await fixture.state();
          expect(seen(again)).toEqual(seen(end));
          expect(again.revision).toBe(end.revision + 2 * steps);
        } finally {
          await fixture.remove();
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('every single undo is taken back by its redo', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(editArbitrary, { minLength: 1, maxLength: 10 }),
      async (randomEdits) => {
        const fixture = new SegmentationFixture();
        try {
          for (const edit of randomEdits) {
            await carryOut(fixture, edit);
            const before = await fixture.state();
            if (!fixture.service.undo('ball').ok) continue;
            fixture.service.redo('ball');
            expect(seen(await fixture.state())).toEqual(seen(before));
          }
        } finally {
          await fixture.remove();
        }
      },
    ),
    { numRuns: 15 },
  );
});
