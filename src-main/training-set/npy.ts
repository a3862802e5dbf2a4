/** Types of numpy arrays that are written, by their numpy names. */
export const npyTypes = { uint8: '|u1', int32: '<i4', float64: '<f8', bool: '|b1' } as const;
export type NpyType = keyof typeof npyTypes;

/**
 * The header of a `.npy` file, version 1.0 (numpy.lib.format): magic, version, length and a Python
 * dictionary, padded with spaces so that the values begin at a multiple of 64 bytes. Values follow
 * in C order (the last axis is fastest), little-endian.
 */
export function npyHeader(type: NpyType, shape: readonly number[]): Buffer {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${npyTypes[type]}', 'fortran_order': False, 'shape': (${axes}), }`;
  const fixed = 10;
  const length = Math.ceil((fixed + text.length + 1) / 64) * 64 - fixed;
  const header = Buffer.alloc(fixed + length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(text, fixed, 'latin1');
  header.write('\n', fixed + length - 1, 'latin1');
  return header;
}
