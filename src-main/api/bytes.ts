import type { App } from '../app.ts';
import { LibraryError } from '../library/database.ts';

/** What a GET route of bytes answers; each host sends it in its own fastest way. */
export type BytesAnswer =
  | { kind: 'file'; path: string; start?: number; end?: number; type: string }
  | { kind: 'bytes'; bytes: Uint8Array; type: string }
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
      const bytes =
        part === undefined
          ? app.segmentation.maskBytes(id)
          : part === 'border'
            ? app.segmentation.borderBytes(id)
            : null;
      return bytes ? { kind: 'bytes', bytes, type: raw } : missing('This mask');
    }
    case 'thumbnail': {
      const png = part === undefined ? await app.library.thumbnail(id) : null;
      return png?.ok
        ? { kind: 'bytes', bytes: png.value, type: 'image/png' }
        : missing('This thumbnail');
    }
    case 'model-view': {
      const view = part === undefined ? app.segmentation.modelViewBytes(id) : null;
      return view ? { kind: 'bytes', bytes: view, type: raw } : missing('This view');
    }
    default:
      return null;
  }
}

async function wholeVolume(app: App, seriesId: string): Promise<BytesAnswer> {
  return orRefused(async () => ({
    kind: 'file',
    path: await app.volumes.volumeFilePath(seriesId),
    type: raw,
  }));
}

async function oneSlice(app: App, seriesId: string, part: string): Promise<BytesAnswer> {
  if (!/^\d{1,6}$/.test(part)) return { kind: 'refused', status: 400, text: 'A slice is a number.' };
  return orRefused(async () => {
    const { buffer, byteOffset, byteLength } = await app.volumes.readSlice(seriesId, 'k', Number(part));
    return { kind: 'bytes', bytes: new Uint8Array(buffer, byteOffset, byteLength), type: raw };
  });
}

/** Turns what the library cannot give into an answer; anything else is a defect and goes on. */
async function orRefused(answer: () => Promise<BytesAnswer>): Promise<BytesAnswer> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof LibraryError)) throw error;
    return { kind: 'refused', status: 404, text: error.error.detail ?? error.error.code };
  }
}
