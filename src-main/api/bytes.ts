import type { App } from '../app.ts';

/** What a GET route of bytes answers; each host sends it in its own fastest way. */
export type BytesAnswer =
  | { kind: 'file'; path: string; start?: number; end?: number; type: string; cache: boolean }
  | { kind: 'bytes'; bytes: Uint8Array; type: string; cache: boolean }
  | { kind: 'refused'; status: 400 | 404 | 500; text: string };

const raw = 'application/octet-stream';
const missing = (what: string): BytesAnswer => ({
  kind: 'refused',
  status: 404,
  text: `${what} is not in the library.`,
});

/**
 * The routes beside the contract (see `src-shared/contract/index.ts`). Null when the path is none of
 * them. Ids are looked up in the library, so that no path of the request ever reaches the disk.
 */
export async function answerBytes(app: App, pathname: string): Promise<BytesAnswer | null> {
  const [, area, id, part, ...rest] = pathname.split('/');
  if (!id || rest.length > 0) return null;
  switch (area) {
    case 'volume':
      return part === undefined ? wholeVolume(app, id) : oneSlice(app, id, part);
    case 'mask': {
      const bits = part === undefined ? app.segmentation.maskBytes(id) : null;
      return bits ? { kind: 'bytes', bytes: bits, type: raw, cache: true } : missing('This mask');
    }
    case 'thumbnail': {
      const path = part === undefined ? app.library.thumbnailPath(id) : null;
      return path ? { kind: 'file', path, type: 'image/png', cache: true } : missing('This thumbnail');
    }
    case 'model-view': {
      const view = part === undefined ? app.segmentation.modelViewBytes(id) : null;
      return view ? { kind: 'bytes', bytes: view, type: raw, cache: false } : missing('This view');
    }
    default:
      return null;
  }
}

async function wholeVolume(app: App, seriesId: string): Promise<BytesAnswer> {
  const file = await app.volumes.volumeFile(seriesId);
  return file.ok
    ? { kind: 'file', path: file.value, type: raw, cache: false }
    : { kind: 'refused', status: 404, text: file.error.detail ?? file.error.code };
}

async function oneSlice(app: App, seriesId: string, part: string): Promise<BytesAnswer> {
  if (!/^\d{1,6}$/.test(part)) return { kind: 'refused', status: 400, text: 'A slice is a number.' };
  const slice = await app.volumes.readSlice(seriesId, 'k', Number(part));
  if (!slice.ok) return { kind: 'refused', status: 404, text: slice.error.code };
  const { data } = slice.value;
  return {
    kind: 'bytes',
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    type: raw,
    cache: false,
  };
}
