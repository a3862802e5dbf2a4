import type { PixelLayout } from './header-types.ts';

const secondaryCapture = '1.2.840.10008.5.1.4.1.1.7';

/** A DICOM file (explicit little endian) around one compressed monochrome frame of 16 allocated bits. */
export function singleFrameFile(frame: Uint8Array, layout: PixelLayout): Uint8Array {
  const meta = Buffer.concat([
    element(0x0002, 0x0002, 'UI', text(secondaryCapture, '\0')),
    element(0x0002, 0x0003, 'UI', text('2.25.1', '\0')),
    element(0x0002, 0x0010, 'UI', text(layout.transferSyntaxUid, '\0')),
  ]);
  const groupLength = Buffer.alloc(4);
  groupLength.writeUInt32LE(meta.length);
  const padded = frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.alloc(1)]);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0000, 'UL', groupLength),
    meta,
    element(0x0008, 0x0016, 'UI', text(secondaryCapture, '\0')),
    element(0x0008, 0x0018, 'UI', text('2.25.1', '\0')),
    element(0x0028, 0x0002, 'US', word(1)),
    element(0x0028, 0x0004, 'CS', text('MONOCHROME2', ' ')),
    element(0x0028, 0x0010, 'US', word(layout.rows)),
    element(0x0028, 0x0011, 'US', word(layout.columns)),
    element(0x0028, 0x0100, 'US', word(16)),
    element(0x0028, 0x0101, 'US', word(layout.bitsStored)),
    element(0x0028, 0x0102, 'US', word(layout.bitsStored - 1)),
    element(0x0028, 0x0103, 'US', word(0)),
    encapsulated(padded),
  ]);
}

function element(group: number, number: number, vr: string, value: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

function encapsulated(frame: Uint8Array): Buffer {
  const item = (length: number) => Buffer.from([0xfe, 0xff, 0x00, 0xe0, ...uint32(length)]);
  const start = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  return Buffer.concat([start, item(0), item(frame.length), frame, end]);
}

const uint32 = (value: number) => [
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  (value >>> 24) & 0xff,
];
const word = (value: number) => Buffer.from([value & 0xff, value >> 8]);
const text = (value: string, pad: string) =>
  Buffer.from(value.length % 2 === 0 ? value : value + pad, 'latin1');
