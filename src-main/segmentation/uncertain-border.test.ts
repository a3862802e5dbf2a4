import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import {
  segmentationStateSchema,
  type Provenance,
} from '../../src-shared/contract/segmentation.ts';
import { isLowConfidence } from '../../src-shared/confidence.ts';
import { SegmentationFixture, wholeSlice } from '../../tests/support/segmentation-fixture.ts';
import { createBurdenService } from '../burden/service.ts';
import { sliceMasks } from '../library/schema/index.ts';
import { packBorder, uncertainBorder, unpackBorder } from './uncertain-border.ts';

test('keeps the band of 20 to 80 % in the rectangle that bounds it', () => {
  // 1.00 0.90 0.80 0.60 0.40 0.20 0.10 0.00
  const row = [255, 230, 204, 153, 102, 51, 25, 0];
  const nothing = row.map(() => 0);
  const bytes = Uint8Array.from([nothing, row, nothing].flat());
  const border = uncertainBorder({ originPx: [5, 7], sizePx: [8, 3], bytes })!;
  expect(border.rectPx).toEqual([7, 8, 11, 9]);
  expect([...border.levels]).toEqual([12, 9, 6, 3]);
  expect([...unpackBorder(packBorder(border.levels), border.rectPx)]).toEqual([12, 9, 6, 3]);
  expect(() => unpackBorder(packBorder(border.levels), [0, 0, 3, 3])).toThrow('4 levels for 9');
});

test('is empty where the model is sure of every pixel', () => {
  const sure = Uint8Array.of(0, 0, 255, 255, 10, 245);
  expect(uncertainBorder({ originPx: [0, 0], sizePx: [3, 2], bytes: sure })).toBeNull();
  expect(
    uncertainBorder({ originPx: [0, 0], sizePx: [0, 0], bytes: new Uint8Array(0) }),
  ).toBeNull();
});

test('holds every pixel of the band to half a step, and no other', () => {
  const maps = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .chain(([width, height]) =>
      fc.record({
        originPx: fc.tuple(fc.nat(50), fc.nat(50)),
        sizePx: fc.constant([width, height] as [number, number]),
        bytes: fc.uint8Array({ minLength: width * height, maxLength: width * height }),
      }),
    );
  fc.assert(
    fc.property(maps, (map) => {
      const border = uncertainBorder(map);
      const [x0, y0, x1, y1] = border?.rectPx ?? [0, 0, 0, 0];
      map.bytes.forEach((byte, n) => {
        const x = map.originPx[0] + (n % map.sizePx[0]);
        const y = map.originPx[1] + Math.floor(n / map.sizePx[0]);
        const inside = x >= x0 && x < x1 && y >= y0 && y < y1;
        const level = inside ? border!.levels[(y - y0) * (x1 - x0) + x - x0]! : null;
        const kept = level !== null && level > 0 && level < 15;
        if (byte >= 51 && byte <= 204) expect(kept).toBe(true);
        if (byte < 51 - 8.5 || byte > 204 + 8.5) expect(kept).toBe(false);
        if (kept) expect(Math.abs(level / 15 - byte / 255)).toBeLessThanOrEqual(0.5 / 15 + 1e-9);
      });
    }),
  );
});

function started(): SegmentationFixture {
  const fixture = new SegmentationFixture();
  onTestFinished(() => fixture.remove());
  return fixture;
}

/** A mask on a slice, in the fixture's first segment. */
async function segmented(fixture: SegmentationFixture, sliceIndex: number) {
  const { segments } = await fixture.state();
  const segmentId = segments[0]?.id ?? (await fixture.newSegment()).id;
  const done = await fixture.service.segment({ ...wholeSlice(sliceIndex), segmentId });
  if (!done.ok) throw new Error(done.error.code);
  return done.value.mask;
}

test('expected DSC and uncertain border are kept with the mask, over restarts', async () => {
  const fixture = started();
  const bytes = Uint8Array.of(255, 128, 128, 0);
  fixture.inference.confidence = {
    expectedDsc: 0.55,
    probability: { originPx: [3, 4], sizePx: [2, 2], bytes },
  };
  const { id } = await segmented(fixture, 13);
  await fixture.reopen();
  const [mask] = segmentationStateSchema.parse(await fixture.state()).masks;
  expect(mask).toMatchObject({
    uncertainRectPx: [3, 4, 5, 6],
    provenance: { expectedDsc: 0.55, lowBelow: 0.7 },
  });
  expect(isLowConfidence(mask!.provenance)).toBe(true);
  expect([...fixture.service.borderBytes(id)!]).toEqual([15, 8, 8, 0]);
  expect(fixture.service.borderBytes('nobody')).toBeNull();
});

test('a lesion with a doubtful mask is marked in the burden', async () => {
  const fixture = started();
  const burden = createBurdenService({ database: fixture.database });
  const caution = () => {
    const table = burden.table('patient');
    return table.ok ? table.value.lesions[0]!.cells[0]!.caution : table.error;
  };
  fixture.inference.confidence = { expectedDsc: 0.7, probability: null };
  await segmented(fixture, 13);
  expect(caution()).toBeNull();
  fixture.inference.confidence = { expectedDsc: 0.69, probability: null };
  await segmented(fixture, 14);
  expect(caution()).toBe('low-confidence');
});

test('masks from before models said how sure they are stay readable and unmarked', async () => {
  const fixture = started();
  const { id } = await segmented(fixture, 13);
  const { db } = fixture.database;
  const { provenance } = db.select().from(sliceMasks).where(eq(sliceMasks.id, id)).get()!;
  const { expectedDsc: _dsc, lowBelow: _low, ...older } = provenance!;
  db.update(sliceMasks)
    .set({ provenance: older as Provenance })
    .run();
  const [mask] = segmentationStateSchema.parse(await fixture.state()).masks;
  expect(mask).toMatchObject({ uncertainRectPx: null, provenance: { expectedDsc: null } });
  expect(isLowConfidence(older as Provenance)).toBe(false);
  expect(fixture.service.borderBytes(id)).toBeNull();
});
