/*
 * Writing protobuf's wire format (https://protobuf.dev/programming-guides/encoding): a message is a list of fields,
 * each a tag of number and wire type and then its value.
 */

export type Field = Uint8Array[];

const utf8 = new TextEncoder();

function varint(value: number | bigint): Uint8Array {
  // Negative int64 values are written as their 64-bit two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

const tag = (number: number, wireType: number) => varint((number << 3) | wireType);

export const integer = (number: number, value: number | bigint): Field => [
  tag(number, 0),
  varint(value),
];

export const bytes = (number: number, value: Uint8Array): Field => [
  tag(number, 2),
  varint(value.length),
  value,
];

export const text = (number: number, value: string): Field => bytes(number, utf8.encode(value));

export function float(number: number, value: number): Field {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setFloat32(0, value, true);
  return [tag(number, 5), data];
}

export function message(number: number, fields: Field[]): Field {
  const parts = fields.flat();
  return [tag(number, 2), varint(parts.reduce((sum, part) => sum + part.length, 0)), ...parts];
}

/** The fields as one array of bytes. */
export function serialise(fields: Field[]): Uint8Array {
  const parts = fields.flat();
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
