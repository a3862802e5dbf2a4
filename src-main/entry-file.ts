import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = {
  engine: 'inference/engine/main.ts',
  'imaging-worker': 'imaging/worker.ts',
  'model-worker': 'models/adding/worker.ts',
} as const;

export type EntryName = keyof typeof sources;

const here = dirname(fileURLToPath(import.meta.url));

/**
 * The file to start a child process or worker from: the bundle beside this one in a built
 * application, or the source when the sources themselves are run (tests).
 */
export function entryFile(name: EntryName): string {
  if (import.meta.url.endsWith('.ts')) return join(here, sources[name]);
  // Bundled code may sit in out/main or in a chunk folder below it.
  const beside = join(here, `${name}.js`);
  return existsSync(beside) ? beside : join(here, '..', `${name}.js`);
}

/** Root of the application: where package.json, models/ and out/ lie. */
export function applicationRoot(): string {
  let folder = here;
  while (!existsSync(join(folder, 'package.json')) || !existsSync(join(folder, 'models'))) {
    const up = dirname(folder);
    if (up === folder) throw new Error(`No application root above ${here}`);
    folder = up;
  }
  return folder;
}
