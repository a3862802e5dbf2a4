import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { BrowserHost } from './server.ts';

const noteSchema = z.object({ pid: z.number(), port: z.number(), key: z.string() });

export interface FreeClaim {
  kind: 'free';
  publish(host: BrowserHost): void;
  release(): void;
}

export type Claim = { kind: 'taken'; address: string } | FreeClaim;

/**
 * One host serves one library. The running host leaves a note in the library folder (readable by
 * this user only) with a key; who has the key may ask it for an address to open another window.
 */
export async function claimLibrary(libraryDir: string): Promise<Claim> {
  const file = join(libraryDir, 'browser-host.json');
  const address = await addressOfRunningHost(file);
  if (address) return { kind: 'taken', address };
  return {
    kind: 'free',
    publish(host) {
      const key = randomBytes(32).toString('base64url');
      mkdirSync(libraryDir, { recursive: true });
      writeFileSync(file, JSON.stringify({ pid: process.pid, port: host.port, key }), { mode: 0o600 });
      host.answerNewWindows(key);
    },
    release() {
      rmSync(file, { force: true });
    },
  };
}

async function addressOfRunningHost(file: string): Promise<string | null> {
  let note: z.infer<typeof noteSchema>;
  try {
    note = noteSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    process.kill(note.pid, 0);
  } catch {
    // No note, an unreadable one, or one of a process that is gone: the library is free.
    return null;
  }
  return new Promise((resolve) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: note.port,
        path: '/new-window',
        method: 'POST',
        headers: { Authorization: `Bearer ${note.key}` },
        timeout: 2000,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('end', () => resolve(response.statusCode === 200 ? text : null));
      },
    );
    asked.on('error', () => resolve(null));
    asked.on('timeout', () => asked.destroy());
    asked.end();
  });
}
