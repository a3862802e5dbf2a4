import { open, type FileHandle } from 'node:fs/promises';
import type { ImportIssue, RefusedFile } from '../../../src-shared/import-issue.ts';
import type { InputFile } from '../types.ts';
import type { ImageHeader } from './header-types.ts';
import { imageHeader, pixelLayout } from './headers.ts';
import { parseDataset, type ParsedDataset } from './parse.ts';
import { checkPixelData, type ByteSource } from './pixel-data-check.ts';
import { dicomDirectoryClass, nonImageClassName } from './sop-classes.ts';
import { readableTransferSyntax, transferSyntaxTitle } from './transfer-syntax.ts';
import { unsupportedLayout } from './supported-layout.ts';

export type ScannedFile =
  | { kind: 'image'; header: ImageHeader }
  /** `header` when the file was part of a series that now lacks it. */
  | { kind: 'refused'; refused: RefusedFile; header: ImageHeader | null };

const firstRead = 64 * 1024;

/** Reads the header of one file, and tells whether its picture can be opened. Never throws. */
export async function scanFile(file: InputFile): Promise<ScannedFile> {
  const refuse = (
    issue: Omit<ImportIssue, 'severity' | 'notMeasurable'>,
    header: ImageHeader | null = null,
  ): ScannedFile => ({
    kind: 'refused',
    refused: {
      path: file.shownPath,
      issue: { ...issue, severity: 'refused', notMeasurable: false },
    },
    header,
  });
  let handle: FileHandle | undefined;
  try {
    handle = await open(file.path, 'r');
    const { size } = await handle.stat();
    if (size === 0) return refuse({ code: 'empty-file', params: {} });
    const parsed = await readHeader(handle, size);
    if (!parsed) return refuse({ code: 'broken-dicom', params: { reason: 'no DICOM dataset' } });
    return await judge(file, parsed, byteSource(handle, size, parsed), refuse);
  } catch (error) {
    return refuse({
      code: 'unreadable-file',
      params: { reason: String((error as Error).message ?? error) },
    });
  } finally {
    await handle?.close();
  }
}

async function readHeader(handle: FileHandle, size: number): Promise<ParsedDataset | null> {
  let last: ParsedDataset | null = null;
  for (let length = Math.min(firstRead, size); ; length = Math.min(length * 8, size)) {
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await handle.read(bytes, 0, length, 0);
    const parsed = parseDataset(bytes.subarray(0, bytesRead));
    if (length >= size) return parsed ?? last;
    // A part that happens to parse to its end may still stop short of the pixel data.
    if (parsed?.attributes.element('7fe00010')) return parsed;
    last = parsed ?? last;
  }
}

function byteSource(handle: FileHandle, size: number, parsed: ParsedDataset): ByteSource {
  const { startInFile } = parsed;
  if (startInFile === null) {
    return {
      length: parsed.bytes.length,
      read: async (offset, length) => parsed.bytes.subarray(offset, offset + length),
    };
  }
  return {
    length: size - startInFile,
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(bytes, 0, length, startInFile + offset);
      return bytes.subarray(0, bytesRead);
    },
  };
}

async function judge(
  file: InputFile,
  parsed: ParsedDataset,
  source: ByteSource,
  refuse: (
    issue: Omit<ImportIssue, 'severity' | 'notMeasurable'>,
    header?: ImageHeader | null,
  ) => ScannedFile,
): Promise<ScannedFile> {
  const a = parsed.attributes;
  const sopClassUid = a.text('00080016') || parsed.metaSopClassUid;
  if (sopClassUid === dicomDirectoryClass || a.element('00041220')) {
    return {
      kind: 'refused',
      header: null,
      refused: {
        path: file.shownPath,
        issue: {
          code: 'dicomdir-used-as-index',
          severity: 'note',
          notMeasurable: false,
          params: {},
        },
      },
    };
  }
  const otherObject = nonImageClassName(sopClassUid);
  if (otherObject) return refuse({ code: 'unsupported-object', params: { object: otherObject } });
  if (a.element('7fe00008') || a.element('7fe00009')) {
    return refuse({ code: 'unsupported-object', params: { object: 'Floating point image' } });
  }
  const layout = pixelLayout(a, parsed.transferSyntaxUid);
  const pixelData = a.element('7fe00010');
  // How many frames there are is only known to be true once their bytes were found.
  const lost = layout && imageHeader(file, parsed, { ...layout, frameCount: 1 });
  if (!layout || !pixelData) {
    if (!parsed.complete)
      return refuse({ code: 'broken-dicom', params: { reason: 'the header ends early' } }, lost);
    return layout
      ? refuse({ code: 'no-pixel-data', params: {} }, lost)
      : refuse({ code: 'not-an-image', params: {} });
  }
  if (!readableTransferSyntax(parsed.transferSyntaxUid)) {
    const syntax = transferSyntaxTitle(parsed.transferSyntaxUid);
    return refuse({ code: 'unsupported-transfer-syntax', params: { syntax } }, lost);
  }
  const place = {
    offset: pixelData.dataOffset,
    length: pixelData.hadUndefinedLength ? null : pixelData.length,
  };
  const problem = unsupportedLayout(layout) ?? (await checkPixelData(source, layout, place));
  if (problem) return refuse(problem, lost);
  return { kind: 'image', header: imageHeader(file, parsed, layout) };
}
