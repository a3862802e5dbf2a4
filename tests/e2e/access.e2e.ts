import { mkdtempSync, rmSync } from 'node:fs';
import { get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { endHost, startHost } from './support/start-host.ts';
import { expect, test } from './support/workstation.ts';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A raw request: fetch would normalise paths and refuse to forge Host and Origin. */
function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = (method === 'GET' ? get : request)(
      { host: '127.0.0.1', port, path, headers: { Host: `127.0.0.1:${port}`, ...headers }, method },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

function socketOpens(port: number, headers: Record<string, string>): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, { headers });
    socket.on('open', () => {
      socket.close();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

test.describe('who may talk to the browser host', () => {
  let port: number;
  let token: string;
  let stop: () => Promise<void>;

  test.beforeAll(async ({}, testInfo) => {
    testInfo.skip(testInfo.project.name !== 'browser-host', 'Electron has no loopback host.');
    const libraryDir = mkdtempSync(join(tmpdir(), 'workstation-access-'));
    const host = await startHost(libraryDir);
    const address = new URL(host.address);
    port = Number(address.port);
    token = address.searchParams.get('token')!;
    stop = async () => {
      await endHost(host.process, 'SIGTERM');
      rmSync(libraryDir, { recursive: true, force: true });
    };
  });
  test.afterAll(async () => stop?.());

  test('refuses everything without a session, a wrong token, and a token used twice', async () => {
    expect((await ask(port, '/')).status).toBe(403);
    expect((await ask(port, '/volume/any')).status).toBe(403);
    expect((await ask(port, '/?token=wrong')).status).toBe(403);
    const first = await ask(port, `/?token=${token}`);
    expect(first.status).toBe(303);
    expect((await ask(port, `/?token=${token}`)).status).toBe(403);

    const cookie = String(first.headers['set-cookie']).split(';')[0]!;
    expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
    const page = await ask(port, '/', { Cookie: cookie });
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");

    await test.step('a foreign host name (DNS rebinding) or origin is refused in spite of the session', async () => {
      expect((await ask(port, '/', { Cookie: cookie, Host: 'example.org' })).status).toBe(403);
      expect((await ask(port, '/', { Cookie: cookie, Origin: 'http://example.org' })).status).toBe(403);
      const upload = `/upload/any/file`;
      expect((await ask(port, upload, { Cookie: cookie, Origin: 'http://example.org' }, 'POST')).status).toBe(403);
      expect((await ask(port, upload, { Cookie: cookie }, 'POST')).status).toBe(403);
    });

    await test.step('sockets need session and origin', async () => {
      const own = `http://127.0.0.1:${port}`;
      expect(await socketOpens(port, { Origin: own })).toBe(false);
      expect(await socketOpens(port, { Cookie: cookie })).toBe(false);
      expect(await socketOpens(port, { Cookie: cookie, Origin: 'http://example.org' })).toBe(false);
      expect(await socketOpens(port, { Cookie: cookie, Origin: own })).toBe(true);
    });

    await test.step('paths do not leave the page’s folder', async () => {
      for (const path of ['/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '/assets/..%5c..%5cpackage.json', '/%00.html']) {
        expect((await ask(port, path, { Cookie: cookie })).status, path).toBe(404);
      }
    });
  });

  test('another program without the library’s key gets no new window', async () => {
    expect((await ask(port, '/new-window', {}, 'POST')).status).toBe(403);
    expect((await ask(port, '/new-window', { Authorization: 'Bearer guess' }, 'POST')).status).toBe(403);
  });
});
