export interface CodestreamSize {
  width: number;
  height: number;
  components: number;
}

/** How much of a codestream is enough to find its size in nearly all files. */
export const sizeHeadBytes = 1024;

/**
 * Picture size as the first bytes of a JPEG, JPEG-LS or JPEG 2000 codestream tell it; null when it
 * is not in them. Damaged headers show before anything is decoded.
 */
export function codestreamSize(head: Uint8Array): CodestreamSize | null {
  if (head[0] === 0xff && head[1] === 0x4f) return sizeOfJpeg2000(head, 2);
  if (head[0] === 0xff && head[1] === 0xd8) return sizeOfJpeg(head);
  // A JP2 file: its codestream starts behind a few boxes.
  if (head[4] === 0x6a && head[5] === 0x50) {
    for (let n = 12; n + 4 < head.length; n++) {
      if (
        head[n] === 0xff &&
        head[n + 1] === 0x4f &&
        head[n + 2] === 0xff &&
        head[n + 3] === 0x51
      ) {
        return sizeOfJpeg2000(head, n + 2);
      }
    }
  }
  return null;
}

/** SIZ (ISO 15444-1 annex A.5.1): extent minus offset of the image area. */
function sizeOfJpeg2000(head: Uint8Array, at: number): CodestreamSize | null {
  if (head.length < at + 40 || head[at] !== 0xff || head[at + 1] !== 0x51) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return {
    width: view.getUint32(at + 6) - view.getUint32(at + 14),
    height: view.getUint32(at + 10) - view.getUint32(at + 18),
    components: view.getUint16(at + 38),
  };
}

/** Start of frame: C0–CF without tables and the reserved one, or F7 of JPEG-LS. */
function sizeOfJpeg(head: Uint8Array): CodestreamSize | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let position = 2;
  while (position + 10 <= head.length && head[position] === 0xff) {
    const marker = head[position + 1]!;
    const isFrame =
      (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;
    if (isFrame) {
      return {
        width: view.getUint16(position + 7),
        height: view.getUint16(position + 5),
        components: head[position + 9]!,
      };
    }
    position += marker === 0xff ? 1 : 2 + view.getUint16(position + 2);
  }
  return null;
}
