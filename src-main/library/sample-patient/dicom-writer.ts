/** One data element; the value is already in the form that its VR wants. */
interface Element {
  tag: number;
  vr: string;
  value: Uint8Array;
}

const longForm = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);
const padding: Record<string, number> = { UI: 0, OB: 0, OW: 0 };

export const text = (tag: number, vr: string, ...values: (string | number)[]): Element => ({
  tag,
  vr,
  value: new TextEncoder().encode(values.join('\\')),
});
export const unsigned = (tag: number, value: number): Element => ({
  tag,
  vr: 'US',
  value: new Uint8Array(Uint16Array.of(value).buffer),
});
export const words = (tag: number, value: Uint16Array<ArrayBuffer>): Element => ({
  tag,
  vr: 'OW',
  value: new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
});
const bytes = (tag: number, ...value: number[]): Element => ({
  tag,
  vr: 'OB',
  value: Uint8Array.from(value),
});

/** Made by this project (a UUID under the root 2.25). */
const implementationUid = '2.25.94862019274500618302749102847561902837';

/** A DICOM Part 10 file, explicit VR little endian, of flat elements (PS3.10 7.1, PS3.5 7.1.2). */
export function part10File(
  sopClassUid: string,
  sopInstanceUid: string,
  dataset: Element[],
): Uint8Array {
  const meta = encoded([
    bytes(0x00020001, 0, 1),
    text(0x00020002, 'UI', sopClassUid),
    text(0x00020003, 'UI', sopInstanceUid),
    text(0x00020010, 'UI', '1.2.840.10008.1.2.1'),
    text(0x00020012, 'UI', implementationUid),
  ]);
  const length: Element = {
    tag: 0x00020000,
    vr: 'UL',
    value: new Uint8Array(Uint32Array.of(meta.length).buffer),
  };
  return Buffer.concat([
    new Uint8Array(128),
    new TextEncoder().encode('DICM'),
    encoded([length]),
    meta,
    encoded([...dataset].sort((a, b) => a.tag - b.tag)),
  ]);
}

function encoded(elements: Element[]): Uint8Array {
  return Buffer.concat(
    elements.flatMap(({ tag, vr, value }) => {
      const even = value.length + (value.length % 2);
      const header = Buffer.alloc(longForm.has(vr) ? 12 : 8);
      header.writeUInt16LE(tag >>> 16, 0);
      header.writeUInt16LE(tag & 0xffff, 2);
      header.write(vr, 4, 'ascii');
      if (longForm.has(vr)) header.writeUInt32LE(even, 8);
      else header.writeUInt16LE(even, 6);
      return even === value.length
        ? [header, value]
        : [header, value, Uint8Array.of(padding[vr] ?? 0x20)];
    }),
  );
}
