import { createHash } from 'node:crypto';
import type { InputFile } from '../types.ts';
import type { Attributes } from './attributes.ts';
import { frameHeaders } from './frame-headers.ts';
import type { ImageHeader, PixelLayout } from './header-types.ts';
import type { ParsedDataset } from './parse.ts';
import { personName } from './person-name.ts';
import { readableTransferSyntax } from './transfer-syntax.ts';

/** Rows, columns and bit layout of the pixels; null when the dataset describes no picture. */
export function pixelLayout(a: Attributes, transferSyntaxUid: string): PixelLayout | null {
  const rows = a.integer('00280010');
  const columns = a.integer('00280011');
  if (!rows || !columns) return null;
  const bitsAllocated = a.integer('00280100') ?? 16;
  const bitsStored = a.integer('00280101') ?? bitsAllocated;
  const samplesPerPixel = a.integer('00280002') ?? 1;
  return {
    rows,
    columns,
    samplesPerPixel,
    photometric: a.text('00280004') || (samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2'),
    bitsAllocated,
    bitsStored,
    highBit: a.integer('00280102') ?? bitsStored - 1,
    signed: a.integer('00280103') === 1,
    planar: a.integer('00280006') === 1,
    frameCount: Math.max(1, Math.trunc(a.decimal('00280008') ?? 1)),
    transferSyntaxUid,
  };
}

/** Everything planning and decoding want to know of one image file, whose layout was read before. */
export function imageHeader(
  file: InputFile,
  parsed: ParsedDataset,
  layout: PixelLayout,
): ImageHeader {
  const a = parsed.attributes;
  const modality = a.text('00080060');
  const sopInstanceUid = a.text('00080018');
  const seriesUid = a.text('0020000e');
  const studyUid = a.text('0020000d');
  const imageType = a.texts('00080008').map((part) => part.toUpperCase());
  const blank = sopInstanceUid === '' || seriesUid === '' || studyUid === '';
  const valueTransformation =
    a.item('52009229')?.item('00289145') ?? a.item('52009230')?.item('00289145') ?? a;
  const rescaleType = valueTransformation.text('00281054').toUpperCase();
  return {
    file,
    layout,
    frames: frameHeaders(a, layout),
    sopClassUid: a.text('00080016') || parsed.metaSopClassUid,
    sopInstanceUid,
    patient: {
      name: personName(a.text('00100010')),
      code: a.text('00100020'),
      birthDate: isoDate(a.text('00100030')),
      sex: a.text('00100040'),
    },
    study: {
      uid: studyUid,
      date: isoDate(a.text('00080020')),
      time: a.text('00080030'),
      description: a.text('00081030'),
      accessionNumber: a.text('00080050'),
    },
    seriesUid,
    modality,
    seriesNumber: wholeOrNull(a.decimal('00200011')),
    seriesDescription: a.text('0008103e'),
    bodyPart: a.text('00180015'),
    frameOfReferenceUid: a.text('00200052') || null,
    instanceNumber: a.decimal('00200013'),
    localizer: imageType[2] === 'LOCALIZER',
    lossy:
      a.text('00282110') === '01' ||
      readableTransferSyntax(parsed.transferSyntaxUid)?.lossy === true,
    hasModalityLut: a.item('00283000') !== null,
    rescaleType,
    valueUnit: valueUnit(a, modality, rescaleType, valueTransformation.has('00281053')),
    digest: blank ? digestOfHeader(parsed) : null,
  };
}

/** Unit of the rescaled values as far as the header says it. */
function valueUnit(
  a: Attributes,
  modality: string,
  rescaleType: string,
  rescaled: boolean,
): string {
  if (rescaleType === 'HU' || (modality === 'CT' && rescaled && rescaleType === '')) return 'HU';
  if (modality === 'PT') {
    const units = a.text('00541001').toUpperCase();
    const names: Record<string, string> = {
      BQML: 'Bq/ml',
      CNTS: 'counts',
      GML: 'SUV',
      CPS: 'counts/s',
    };
    return names[units] ?? units;
  }
  // The standard counts optical density in thousandths (PS3.3 C.11.1.1.2).
  const names: Record<string, string> = { OD: 'mOD', US: '', PCT: '%' };
  return names[rescaleType] ?? rescaleType;
}

/** `20240131` or the old `2024.01.31` as `2024-01-31`; null when it is no date. */
function isoDate(text: string): string | null {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(text);
  if (!match) return null;
  const [, year, month, day] = match;
  const valid = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31;
  return valid ? `${year}-${month}-${day}` : null;
}

const wholeOrNull = (value: number | null) => (value === null ? null : Math.trunc(value));

function digestOfHeader(parsed: ParsedDataset): string {
  const end = parsed.attributes.element('7fe00010')?.dataOffset ?? parsed.bytes.length;
  return createHash('sha256').update(parsed.bytes.subarray(0, end)).digest('hex');
}
