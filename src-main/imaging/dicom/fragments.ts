/** One item of encapsulated pixel data: place and length of its bytes. */
export interface Fragment {
  offset: number;
  length: number;
}

/**
 * Assigns fragments to frames (PS3.5 A.4): one frame takes all; as many fragments as frames go one
 * to one; otherwise the basic offset table decides, or else each fragment that begins a codestream
 * begins a frame. Null when the frames cannot be told apart or some are missing.
 * `headOf` reads the first bytes of a fragment.
 */
export async function framesOfFragments(
  fragments: Fragment[],
  offsetTable: Uint8Array,
  frameCount: number,
  headOf: (fragment: Fragment) => Promise<Uint8Array> | Uint8Array,
): Promise<Fragment[][] | null> {
  if (fragments.length < frameCount || fragments.length === 0) return null;
  if (frameCount === 1) return [fragments];
  if (fragments.length === frameCount) return fragments.map((fragment) => [fragment]);
  const starts =
    startsOfTable(fragments, offsetTable, frameCount) ??
    (await startsOfCodestreams(fragments, headOf));
  if (starts.length !== frameCount || starts[0] !== 0) return null;
  return starts.map((start, n) => fragments.slice(start, starts[n + 1] ?? fragments.length));
}

/** Offsets count from the first byte of the first fragment's item tag. */
function startsOfTable(
  fragments: Fragment[],
  table: Uint8Array,
  frameCount: number,
): number[] | null {
  if (table.length !== frameCount * 4) return null;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const base = fragments[0]!.offset;
  const byOffset = new Map(fragments.map((fragment, n) => [fragment.offset - base, n]));
  const starts = Array.from(
    { length: frameCount },
    (_, n) => byOffset.get(view.getUint32(4 * n, true)) ?? -1,
  );
  return starts.every((start, n) => start >= 0 && (n === 0 || start > starts[n - 1]!))
    ? starts
    : null;
}

async function startsOfCodestreams(
  fragments: Fragment[],
  headOf: (fragment: Fragment) => Promise<Uint8Array> | Uint8Array,
): Promise<number[]> {
  const starts: number[] = [];
  for (let n = 0; n < fragments.length; n++) {
    if (beginsCodestream(await headOf(fragments[n]!))) starts.push(n);
  }
  return starts;
}

/** SOI of JPEG and JPEG-LS, SOC of JPEG 2000, or the signature box of a JP2 file. */
function beginsCodestream(head: Uint8Array): boolean {
  if (head[0] === 0xff && (head[1] === 0xd8 || head[1] === 0x4f)) return true;
  return head[4] === 0x6a && head[5] === 0x50 && head[6] === 0x20 && head[7] === 0x20;
}
