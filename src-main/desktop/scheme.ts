import { stat } from 'node:fs/promises';
import { net, protocol } from 'electron';
import { pathToFileURL } from 'node:url';
import type { App } from '../app.ts';
import { answerBytes, type BytesAnswer } from '../api/bytes.ts';
import { securityHeaders } from '../api/content-security.ts';
import { rendererFile } from '../api/static-files.ts';

/** The page and its bytes come from here and from nowhere else. */
export const applicationOrigin = 'app://workstation';

/** Whether a URL, or the origin of one, is the application's own. */
export const isOwnUrl = (url: string): boolean =>
  url === applicationOrigin || url.startsWith(`${applicationOrigin}/`);

/** Must run before Electron is ready. */
export function registerApplicationScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
    },
  ]);
}

/** Serves `app://workstation/…`: the renderer's files, and the byte routes of the contract. */
export function serveApplication(app: App, rendererFolder: string): void {
  const headers = securityHeaders('');
  const refuse = (status: number, text: string) =>
    new Response(text, { status, headers: { ...headers, 'Content-Type': 'text/plain; charset=utf-8' } });

  const sendFile = async (path: string, type: string) => {
    const { size } = await stat(path);
    const file = await net.fetch(pathToFileURL(path).href);
    return new Response(file.body, {
      headers: {
        ...headers,
        'Content-Type': type,
        // A browser's cache would outlast the patient's removal.
        'Cache-Control': 'no-store',
        // Progress of a large volume is counted against this.
        'Content-Length': String(size),
      },
    });
  };

  const sendBytes = (answer: BytesAnswer): Response | Promise<Response> => {
    if (answer.kind === 'refused') return refuse(answer.status, answer.text);
    if (answer.kind === 'file') return sendFile(answer.path, answer.type);
    return new Response(answer.bytes as Uint8Array<ArrayBuffer>, {
      headers: {
        ...headers,
        'Content-Type': answer.type,
        'Content-Length': String(answer.bytes.byteLength),
        'Cache-Control': 'no-store',
      },
    });
  };

  const answer = async (url: URL): Promise<Response> => {
    const bytes = await answerBytes(app, url.pathname);
    if (bytes) return sendBytes(bytes);
    const file = rendererFile(rendererFolder, url.pathname);
    return file ? sendFile(file.path, file.type) : refuse(404, 'There is no such page.');
  };

  protocol.handle('app', async (request) => {
    const url = new URL(request.url);
    if (url.host !== 'workstation') return refuse(404, 'There is no such page.');
    if (request.method !== 'GET') return refuse(405, 'Only GET is answered.');
    try {
      return await answer(url);
    } catch (error) {
      app.log.error('desktop', 'A request of the page failed', { reason: String(error) });
      return refuse(500, 'Something went wrong inside the workstation; the log says more.');
    }
  });
}
