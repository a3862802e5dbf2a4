import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { applicationRoot } from '../../src-main/entry-file.ts';

const root = applicationRoot();
const main = join(root, 'out/main');
const isBuilt = existsSync(join(main, 'desktop.js'));
const { dependencies } = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

/** Names of the packages that a bundle loads when it runs. */
function packagesOf(code: string): string[] {
  const specifiers = code.matchAll(
    /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*|import\.meta\.resolve\(\s*)(["'])([^"'\n]+)\1/g,
  );
  return [...specifiers]
    .map(([, , specifier]) => specifier!)
    .filter((specifier) => /^(@[\w-]+\/)?[\w-]+(\.js)?(\/[\w./-]+)?$/.test(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    .filter((name) => !builtinModules.includes(name) && name !== 'electron');
}

test.skipIf(!isBuilt)(
  'all that the built application loads is shipped with it (skipped where not built)',
  () => {
    const loaded = new Set(
      globSync('**/*.js', { cwd: main }).flatMap((file) =>
        packagesOf(readFileSync(join(main, file), 'utf8')),
      ),
    );
    expect(loaded.size).toBeGreaterThan(10);
    for (const name of loaded) expect(Object.keys(dependencies)).toContain(name);
  },
);

test.skipIf(!isBuilt)(
  'the sandboxed preload loads nothing but Electron (skipped where not built)',
  () => {
    const preload = readFileSync(join(root, 'out/preload/preload.cjs'), 'utf8');
    const required = [...preload.matchAll(/require\(\s*["'`]([^"'`]+)["'`]\s*\)/g)].map(
      ([, name]) => name,
    );
    expect(new Set(required)).toEqual(new Set(['electron']));
  },
);
