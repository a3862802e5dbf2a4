import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { RPCHandler } from '@orpc/server/ws';
import { WebSocketServer } from 'ws';
import type { App } from '../app.ts';
import { answerBytes, type BytesAnswer } from '../api/bytes.ts';
import { securityHeaders } from '../api/content-security.ts';
import { router } from '../api/router.ts';
import { rendererFile } from '../api/static-files.ts';
import { createWindowUploads } from '../api/window-uploads.ts';
import { Access } from './access.ts';

export interface BrowserHost {
  port: number;
  /** An address that opens the application once. */
  newAddress(): string;
  /** Lets whoever has this key (see one-host.ts) ask for the address of another window. */
  answerNewWindows(key: string): void;
  close(): Promise<void>;
}

export interface BrowserHostOptions {
  app: App;
  rendererFolder: string;
  /** 0 takes a free port. */
  port?: number;
  /** How long after its window is gone an unused upload stays; a minute when left out. */
  giveUpUploadsAfterMs?: number;
  /** Called when an address was used up, so that another one can be shown. */
  onOpened?(): void;
}

const GIVE_UP_UPLOADS_AFTER_MS = 60_000;

const refusalText = {
  host: 'This address is not the workstation’s own.',
  origin: 'Another page asked; only the workstation’s own page may.',
  session: 'Open the workstation with the address that it printed; each address works once.',
};

/** Serves the application on the loopback interface only. */
export async function startBrowserHost(options: BrowserHostOptions): Promise<BrowserHost> {
  const { app, rendererFolder } = options;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const access = new Access(port);
  const headers = securityHeaders(`ws://127.0.0.1:${port} ws://localhost:${port}`);

  const refuse = (response: ServerResponse, status: number, text: string) =>
    response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end(text);

  let windowKey: string | null = null;
  const newAddress = () => `http://127.0.0.1:${port}/?token=${access.mintToken()}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://127.0.0.1:${port}`);
    const token = url.searchParams.get('token');
    if (token !== null && request.method === 'GET' && access.hostIsOwn(request)) {
      const cookie = access.redeem(token);
      if (cookie) {
        options.onOpened?.();
        response.writeHead(303, { ...headers, 'Set-Cookie': cookie, Location: '/' }).end();
        return;
      }
      // A reloaded or reopened tab still shows the used address; its session is what counts.
      if (!access.hasSession(request)) return void refuse(response, 403, refusalText.session);
    }
    if (url.pathname === '/new-window' && windowKey && access.hasKey(request, windowKey)) {
      response.writeHead(200, { ...headers, 'Content-Type': 'text/plain' }).end(newAddress());
      return;
    }
    const refusal = access.refusal(request);
    if (refusal) return void refuse(response, 403, refusalText[refusal]);

    if (request.method === 'POST') return receiveUpload(app, request, response, url.pathname, refuse);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return void refuse(response, 405, 'Only GET and POST are answered.');
    }
    const bytes = await answerBytes(app, url.pathname);
    if (bytes) return sendBytes(response, bytes, headers, refuse);
    const file = rendererFile(rendererFolder, url.pathname);
    if (!file) return void refuse(response, 404, 'There is no such page.');
    // Bundled assets carry their content's hash in the name; the page itself must stay fresh.
    const cache = url.pathname.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-store';
    response.writeHead(200, { ...headers, 'Content-Type': file.type, 'Cache-Control': cache });
    await pipeline(createReadStream(file.path), response);
  }

  server.on('request', (request, response) => {
    answer(request, response).catch((error: unknown) => {
      // A page that was closed in the middle of a volume is no error worth a line.
      if (response.destroyed) return;
      app.log.error('browser-host', 'A request failed', { reason: String(error) });
      if (!response.headersSent) refuse(response, 500, 'The workstation failed to answer; see the log.');
      else response.destroy();
    });
  });

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 16 * 1024 * 1024 });
  const rpc = new RPCHandler(router);
  server.on('upgrade', (request, socket, head) => {
    const pathname = new URL(request.url ?? '/', 'http://localhost').pathname;
    // Browsers always send Origin with a socket; without one it is another program.
    const refusal = request.headers.origin === undefined ? 'origin' : access.refusal(request);
    if (pathname !== '/rpc' || refusal) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const uploads = createWindowUploads(options.giveUpUploadsAfterMs ?? GIVE_UP_UPLOADS_AFTER_MS);
      webSocket.on('close', () => uploads.leave());
      void rpc.upgrade(webSocket, { context: { app, uploads } });
    });
  });

  return {
    port,
    newAddress,
    answerNewWindows(key) {
      windowKey = key;
    },
    async close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Refuse = (response: ServerResponse, status: number, text: string) => unknown;

async function sendBytes(
  response: ServerResponse,
  answer: BytesAnswer,
  headers: Record<string, string>,
  refuse: Refuse,
): Promise<void> {
  if (answer.kind === 'refused') return void refuse(response, answer.status, answer.text);
  const length =
    answer.kind === 'bytes' ? answer.bytes.byteLength : statSync(answer.path).size;
  response.writeHead(200, {
    ...headers,
    'Content-Type': answer.type,
    'Content-Length': length,
    // A browser's cache would outlast the patient's removal.
    'Cache-Control': 'no-store',
  });
  if (answer.kind === 'bytes') response.end(answer.bytes);
  else await pipeline(createReadStream(answer.path, { highWaterMark: 1 << 20 }), response);
}

/**
 * POST /upload/<importId>/<encoded relative path>: one file of a staged import;
 * POST /upload-model/<stageId>/<encoded name>: one file of a model.
 */
async function receiveUpload(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
  refuse: Refuse,
): Promise<void> {
  const match = /^\/upload(-model)?\/([^/]+)\/(.+)$/.exec(pathname);
  if (!match) return void refuse(response, 404, 'There is no such page.');
  // Only the workstation's own page may write: a plain form post from elsewhere has no Origin match.
  if (request.headers.origin === undefined) return void refuse(response, 403, refusalText.origin);
  const [id, name] = [match[2]!, decodeURIComponent(match[3]!)];
  const staged = match[1]
    ? app.adding.stagedFilePath(id, name)
    : await app.imports.stagedFilePath(id, name);
  if (!staged.ok) return void refuse(response, 400, staged.error.detail ?? staged.error.code);
  try {
    await pipeline(request, createWriteStream(staged.value));
    refuse(response, 200, '');
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    refuse(response, full ? 507 : 500, full ? 'disk-full' : 'upload-failed');
  }
}
