import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RefusedFile } from '../../../src-shared/import-issue.ts';
import type { ImageHeader } from './header-types.ts';
import { parseDataset } from './parse.ts';
import { nativeFrameBytes } from './pixel-data-check.ts';
import { compareTexts } from './sort.ts';
import { readableTransferSyntax } from './transfer-syntax.ts';
import { note } from './validate-geometry.ts';

/**
 * Leaves each SOP instance once. Two files with one SOP Instance UID are the same instance when
 * their place and pixels are the same, or when they are two encodings of it (lossless one kept).
 * Otherwise the UID is not to be trusted and both stay.
 */
export async function withoutDuplicates(
  headers: ImageHeader[],
): Promise<{ headers: ImageHeader[]; refused: RefusedFile[] }> {
  const byUid = new Map<string, ImageHeader[]>();
  for (const header of headers) {
    if (header.sopInstanceUid === '') continue;
    const key = [header.sopInstanceUid, header.seriesUid, header.patient.code].join('\n');
    const same = byUid.get(key);
    if (same) same.push(header);
    else byUid.set(key, [header]);
  }
  const ignored = new Map<ImageHeader, ImageHeader>();
  for (const same of byUid.values()) {
    if (same.length < 2) continue;
    const kept: { header: ImageHeader; digest: string }[] = [];
    for (const header of same.sort(byPreference)) {
      const digest = await pixelDigest(header);
      const twin = kept.find((other) => isSameInstance(other, { header, digest }));
      if (twin) ignored.set(header, twin.header);
      else kept.push({ header, digest });
    }
  }
  return {
    headers: headers.filter((header) => !ignored.has(header)),
    refused: [...ignored].map(([header, twin]) => ({
      path: header.file.shownPath,
      issue: note('duplicate-instances-ignored', {
        count: 1,
        kept: twin.file.shownPath,
        series: header.seriesUid,
      }),
    })),
  };
}

/** Lossless before lossy, uncompressed before compressed, then by path. */
function byPreference(a: ImageHeader, b: ImageHeader): number {
  const cost = ({ lossy, layout }: ImageHeader) =>
    (lossy ? 2 : 0) +
    (readableTransferSyntax(layout.transferSyntaxUid)?.coding === 'native' ? 0 : 1);
  return cost(a) - cost(b) || compareTexts(a.file.shownPath, b.file.shownPath);
}

interface Candidate {
  header: ImageHeader;
  digest: string;
}

function isSameInstance(a: Candidate, b: Candidate): boolean {
  const [x, y] = [a.header, b.header];
  // Slices of air have the same pixels at different places.
  if (JSON.stringify(x.frames[0]?.positionMm) !== JSON.stringify(y.frames[0]?.positionMm))
    return false;
  if (a.digest === b.digest) return true;
  return (
    x.layout.transferSyntaxUid !== y.layout.transferSyntaxUid &&
    x.layout.bitsAllocated === y.layout.bitsAllocated &&
    x.layout.samplesPerPixel === y.layout.samplesPerPixel &&
    x.layout.rows === y.layout.rows &&
    x.layout.columns === y.layout.columns &&
    x.layout.frameCount === y.layout.frameCount &&
    x.instanceNumber === y.instanceNumber
  );
}

async function pixelDigest({ file, layout }: ImageHeader): Promise<string> {
  const parsed = parseDataset(await readFile(file.path));
  const element = parsed?.attributes.element('7fe00010');
  const hash = createHash('sha256').update(layout.transferSyntaxUid);
  if (!parsed || !element) return hash.update(file.path).digest('hex');
  // Padding behind the last frame says nothing.
  const length = nativeFrameBytes(layout) * layout.frameCount;
  const end = element.hadUndefinedLength
    ? undefined
    : element.dataOffset + Math.min(length, element.length);
  return hash.update(parsed.bytes.subarray(element.dataOffset, end)).digest('hex');
}
