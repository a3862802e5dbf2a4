import { SegmentationFixture, wholeSlice } from './segmentation-fixture.ts';

/** A process that stores boxes until it is killed and reports each one only when it is acknowledged. */
const fixture = new SegmentationFixture(process.argv[2]);
const segment = await fixture.newSegment();
let replaces: string | undefined;
for (let n = 0; ; n++) {
  const moved = n % 3 === 2 ? replaces : undefined;
  const result = await fixture.service.segment({
    ...wholeSlice(4 + (n % 20)),
    boxPx: [n % 5, 0, 32 - (n % 3), 30],
    segmentId: segment.id,
    ...(moved ? { replaces: moved } : {}),
  });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  replaces = result.value.mask.id;
  process.stdout.write(`${JSON.stringify({ mask: result.value.mask, replaced: moved ?? null })}\n`);
}
