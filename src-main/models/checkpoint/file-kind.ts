import { CheckpointError } from './checkpoint-error.ts';
import type { ByteSource } from './byte-source.ts';

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

/** What people pick by mistake, by its first bytes; the names are the same in every language. */
const otherFormats: [name: string, at: number, magic: number[]][] = [
  ['JPEG', 0, [0xff, 0xd8, 0xff]],
  ['PNG', 0, [0x89, ...ascii('PNG')]],
  ['GIF', 0, ascii('GIF8')],
  ['TIFF', 0, [0x49, 0x49, 0x2a, 0]],
  ['TIFF', 0, [0x4d, 0x4d, 0, 0x2a]],
  ['PDF', 0, ascii('%PDF')],
  ['DICOM', 128, ascii('DICM')],
  ['HDF5', 0, [0x89, ...ascii('HDF')]],
  ['gzip', 0, [0x1f, 0x8b]],
  ['7-Zip', 0, [0x37, 0x7a, 0xbc, 0xaf]],
  ['RAR', 0, ascii('Rar!')],
  ['NumPy', 0, [0x93, ...ascii('NUMPY')]],
];

/** torch.save before 1.6: a pickled magic number first, then everything in one stream. */
const legacyMagic = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8];

const startsWith = (bytes: Uint8Array, magic: number[], at = 0) =>
  magic.every((byte, index) => bytes[at + index] === byte);

/**
 * Says what a file is that does not begin like a ZIP archive, so that a wrong file is named and not called damaged.
 *
 * @throws CheckpointError unless the file begins like one
 */
export function requireZip(source: ByteSource): void {
  if (source.sizeBytes === 0) throw new CheckpointError('checkpoint-empty');
  const head = source.read(0, 512);
  if (startsWith(head, ascii('PK\u0003\u0004'))) return;
  if (startsWith(head, legacyMagic)) throw new CheckpointError('checkpoint-legacy');
  if (startsWith(head, ascii('ustar'), 257))
    throw new CheckpointError('checkpoint-legacy', {}, 'A tar archive.');
  const format = otherFormats.find(([, at, magic]) => startsWith(head, magic, at))?.[0];
  if (format) throw new CheckpointError('checkpoint-other-format', { format });
  const text = new TextDecoder('latin1').decode(head).trimStart().toLowerCase();
  // A download page (sign in, virus warning) that was saved under the file's name.
  if (/^<(!doctype|html|head|\?xml)/.test(text)) {
    throw new CheckpointError('checkpoint-other-format', { format: 'HTML' });
  }
  if (isSafetensors(head))
    throw new CheckpointError('checkpoint-other-format', { format: 'safetensors' });
  throw new CheckpointError('checkpoint-not-torch', {}, 'It does not begin like a ZIP archive.');
}

/** Eight bytes of length, then JSON. */
function isSafetensors(head: Uint8Array): boolean {
  return head.length > 16 && head[8] === 0x7b && head[9] === 0x22 && head[6] === 0 && head[7] === 0;
}
