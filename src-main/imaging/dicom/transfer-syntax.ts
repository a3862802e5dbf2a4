/** How the bytes of one frame are stored. */
export type FrameCoding =
  'native' | 'rle' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

export interface TransferSyntax {
  uid: string;
  name: string;
  coding: FrameCoding;
  lossy: boolean;
}

export const implicitLittleEndian = '1.2.840.10008.1.2';
export const explicitLittleEndian = '1.2.840.10008.1.2.1';
export const explicitBigEndian = '1.2.840.10008.1.2.2';
export const deflatedLittleEndian = '1.2.840.10008.1.2.1.99';

const known: TransferSyntax[] = [
  { uid: implicitLittleEndian, name: 'Implicit VR Little Endian', coding: 'native', lossy: false },
  { uid: explicitLittleEndian, name: 'Explicit VR Little Endian', coding: 'native', lossy: false },
  { uid: explicitBigEndian, name: 'Explicit VR Big Endian', coding: 'native', lossy: false },
  {
    uid: deflatedLittleEndian,
    name: 'Deflated Explicit VR Little Endian',
    coding: 'native',
    lossy: false,
  },
  { uid: '1.2.840.10008.1.2.5', name: 'RLE Lossless', coding: 'rle', lossy: false },
  { uid: '1.2.840.10008.1.2.4.50', name: 'JPEG Baseline', coding: 'jpeg', lossy: true },
  { uid: '1.2.840.10008.1.2.4.51', name: 'JPEG Extended', coding: 'jpeg', lossy: true },
  { uid: '1.2.840.10008.1.2.4.57', name: 'JPEG Lossless', coding: 'jpeg-lossless', lossy: false },
  {
    uid: '1.2.840.10008.1.2.4.70',
    name: 'JPEG Lossless SV1',
    coding: 'jpeg-lossless',
    lossy: false,
  },
  { uid: '1.2.840.10008.1.2.4.80', name: 'JPEG-LS Lossless', coding: 'jpeg-ls', lossy: false },
  { uid: '1.2.840.10008.1.2.4.81', name: 'JPEG-LS Near-Lossless', coding: 'jpeg-ls', lossy: true },
  { uid: '1.2.840.10008.1.2.4.90', name: 'JPEG 2000 Lossless', coding: 'jpeg-2000', lossy: false },
  { uid: '1.2.840.10008.1.2.4.91', name: 'JPEG 2000', coding: 'jpeg-2000', lossy: true },
  { uid: '1.2.840.10008.1.2.4.201', name: 'HTJ2K Lossless', coding: 'htj2k', lossy: false },
  { uid: '1.2.840.10008.1.2.4.202', name: 'HTJ2K Lossless RPCL', coding: 'htj2k', lossy: false },
  { uid: '1.2.840.10008.1.2.4.203', name: 'HTJ2K', coding: 'htj2k', lossy: true },
];

/** Names of syntaxes that are recognised and not read, for the sentence of the refusal. */
const notRead: Record<string, string> = {
  '1.2.840.10008.1.2.1.98': 'Encapsulated Uncompressed Explicit VR Little Endian',
  '1.2.840.10008.1.2.4.52': 'JPEG Extended (Process 3 and 5)',
  '1.2.840.10008.1.2.4.53': 'JPEG Spectral Selection (Process 6 and 8)',
  '1.2.840.10008.1.2.4.54': 'JPEG Spectral Selection (Process 7 and 9)',
  '1.2.840.10008.1.2.4.55': 'JPEG Full Progression (Process 10 and 12)',
  '1.2.840.10008.1.2.4.56': 'JPEG Full Progression (Process 11 and 13)',
  '1.2.840.10008.1.2.4.58': 'JPEG Lossless Non-Hierarchical (Process 15)',
  '1.2.840.10008.1.2.4.92': 'JPEG 2000 Part 2 Multi-component Lossless',
  '1.2.840.10008.1.2.4.93': 'JPEG 2000 Part 2 Multi-component',
  '1.2.840.10008.1.2.4.94': 'JPIP Referenced',
  '1.2.840.10008.1.2.4.95': 'JPIP Referenced Deflate',
  '1.2.840.10008.1.2.4.100': 'MPEG2 Main Profile / Main Level',
  '1.2.840.10008.1.2.4.101': 'MPEG2 Main Profile / High Level',
  '1.2.840.10008.1.2.4.102': 'MPEG-4 AVC/H.264 High Profile',
  '1.2.840.10008.1.2.4.103': 'MPEG-4 AVC/H.264 BD-compatible',
  '1.2.840.10008.1.2.4.104': 'MPEG-4 AVC/H.264 for 2D video',
  '1.2.840.10008.1.2.4.105': 'MPEG-4 AVC/H.264 for 3D video',
  '1.2.840.10008.1.2.4.106': 'MPEG-4 AVC/H.264 Stereo',
  '1.2.840.10008.1.2.4.107': 'HEVC/H.265 Main Profile',
  '1.2.840.10008.1.2.4.108': 'HEVC/H.265 Main 10 Profile',
  '1.2.840.10008.1.2.4.110': 'JPEG XL Lossless',
  '1.2.840.10008.1.2.4.111': 'JPEG XL JPEG Recompression',
  '1.2.840.10008.1.2.4.112': 'JPEG XL',
  '1.2.840.10008.1.2.6.1': 'RFC 2557 MIME encapsulation',
  '1.2.840.10008.1.2.8.1': 'Deflated Image Frame Compression',
  '1.2.840.113619.5.2': 'Implicit VR Little Endian with big endian pixels (GE private)',
};

const byUid = new Map(known.map((syntax) => [syntax.uid, syntax]));

/** The syntax when its pixels can be read, else null. */
export const readableTransferSyntax = (uid: string): TransferSyntax | null =>
  byUid.get(uid) ?? null;

/** Name and UID for a person, also of syntaxes that are not read. */
export function transferSyntaxTitle(uid: string): string {
  const name = byUid.get(uid)?.name ?? notRead[uid];
  return name ? `${name} (${uid})` : uid;
}
