import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import { codestreamSize, sizeHeadBytes } from './codestream-size.ts';
import { framesOfFragments, type Fragment } from './fragments.ts';
import type { PixelDataPlace, PixelLayout } from './header-types.ts';
import { readableTransferSyntax } from './transfer-syntax.ts';

/** The bytes a dataset lies in, read piecewise so that a header scan need not load the pixels. */
export interface ByteSource {
  length: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

type Refusal = Pick<ImportIssue, 'code' | 'params'>;

/** Bytes of one uncompressed frame. YBR_FULL_422 stores two luminances per pair of colours. */
export function nativeFrameBytes(layout: PixelLayout): number {
  const samples = isSubsampled(layout) ? 2 : layout.samplesPerPixel;
  return layout.rows * layout.columns * samples * (layout.bitsAllocated / 8);
}

export const isSubsampled = (layout: PixelLayout) =>
  layout.photometric === 'YBR_FULL_422' || layout.photometric === 'YBR_PARTIAL_422';

/**
 * Tells whether all frames the header promises are in the file, from lengths and fragment headers
 * alone. Null: complete. A codestream that is cut inside a complete fragment is found, too, by its
 * missing end marker, one of another size by its first bytes.
 */
export async function checkPixelData(
  source: ByteSource,
  layout: PixelLayout,
  place: PixelDataPlace,
): Promise<Refusal | null> {
  const available = source.length - place.offset;
  if (place.length !== null) {
    if (readableTransferSyntax(layout.transferSyntaxUid)?.coding !== 'native') {
      return {
        code: 'broken-dicom',
        params: { reason: 'compressed pixel data without fragments' },
      };
    }
    const expected = nativeFrameBytes(layout) * layout.frameCount;
    const present = Math.min(place.length, available);
    return present < expected ? truncated(expected, present) : null;
  }
  if (readableTransferSyntax(layout.transferSyntaxUid)?.coding === 'native') {
    return {
      code: 'broken-dicom',
      params: { reason: 'fragments in an uncompressed transfer syntax' },
    };
  }
  const walked = await walkFragments(source, place.offset);
  if (walked.cutAt !== null) return truncated(walked.cutAt.expected, walked.cutAt.present);
  const frames = await framesOfFragments(
    walked.fragments,
    walked.offsetTable,
    layout.frameCount,
    (f) => source.read(f.offset, Math.min(f.length, 12)),
  );
  if (!frames) return framesMissing(layout.frameCount, walked.fragments.length);
  for (const [n, fragments] of frames.entries()) {
    const problem = await checkCodestream(source, layout, fragments, n);
    if (problem) return problem;
  }
  return null;
}

async function checkCodestream(
  source: ByteSource,
  layout: PixelLayout,
  fragments: Fragment[],
  frame: number,
): Promise<Refusal | null> {
  if (readableTransferSyntax(layout.transferSyntaxUid)?.coding === 'rle') return null;
  if (!(await endsProperly(source, fragments))) {
    return { code: 'truncated-pixel-data', params: { expected: 'an end marker', present: 'none' } };
  }
  const [first] = fragments;
  const size = codestreamSize(
    await source.read(first!.offset, Math.min(first!.length, sizeHeadBytes)),
  );
  if (!size) return null;
  const { width, height, components } = size;
  const agrees =
    width === layout.columns && height === layout.rows && components === layout.samplesPerPixel;
  if (agrees) return null;
  const reason =
    `the compressed picture of frame ${frame + 1} is ${width} × ${height} × ${components}, ` +
    `the header says ${layout.columns} × ${layout.rows} × ${layout.samplesPerPixel}`;
  return { code: 'broken-dicom', params: { reason } };
}

const truncated = (expected: number, present: number): Refusal => ({
  code: 'truncated-pixel-data',
  params: { expected: `${expected} bytes`, present: `${Math.max(0, present)} bytes` },
});

const framesMissing = (expected: number, present: number): Refusal => ({
  code: 'truncated-pixel-data',
  params: { expected: `${expected} frames`, present: `${present} fragments` },
});

interface Walk {
  offsetTable: Uint8Array;
  fragments: Fragment[];
  cutAt: { expected: number; present: number } | null;
}

async function walkFragments(source: ByteSource, start: number): Promise<Walk> {
  const walk: Walk = { offsetTable: new Uint8Array(0), fragments: [], cutAt: null };
  let position = start;
  for (let n = 0; position + 8 <= source.length; n++) {
    const head = await source.read(position, 8);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    if (view.getUint32(0, true) !== 0xe000fffe) break;
    const length = view.getUint32(4, true);
    position += 8;
    if (position + length > source.length) {
      walk.cutAt = { expected: length, present: source.length - position };
      break;
    }
    if (n === 0) walk.offsetTable = await source.read(position, length);
    else walk.fragments.push({ offset: position, length });
    position += length;
  }
  return walk;
}

/** JPEG, JPEG-LS and JPEG 2000 codestreams end with FF D9, possibly followed by padding. */
async function endsProperly(source: ByteSource, fragments: Fragment[]): Promise<boolean> {
  const last = fragments.at(-1);
  if (!last) return false;
  const tail = await source.read(
    last.offset + Math.max(0, last.length - 64),
    Math.min(64, last.length),
  );
  for (let n = tail.length - 2; n >= 0; n--) {
    if (tail[n] === 0xff && tail[n + 1] === 0xd9) return true;
  }
  return false;
}
