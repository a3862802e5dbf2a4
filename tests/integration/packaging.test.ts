import {
  chmodSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listPackage, statFile } from '@electron/asar';
import { Arch, build, Platform } from 'electron-builder';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applicationRoot } from '../../src-main/entry-file.ts';

const root = applicationRoot();
/** The packager walks the installed packages itself and loses them behind a link. */
const whyNot = !existsSync(join(root, 'out/main/desktop.js'))
  ? 'the application is not built'
  : lstatSync(join(root, 'node_modules')).isSymbolicLink()
    ? 'node_modules is a link'
    : null;

const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** An Electron runtime as far as the packager looks at it; so nothing is fetched. */
function madeUpElectron(): string {
  const dist = join(folder, 'electron');
  mkdirSync(join(dist, 'resources'), { recursive: true });
  mkdirSync(join(dist, 'locales'));
  for (const name of [
    'electron',
    'chrome-sandbox',
    'locales/en-US.pak',
    'LICENSE',
    'LICENSES.chromium.html',
  ]) {
    writeFileSync(join(dist, name), '');
  }
  chmodSync(join(dist, 'electron'), 0o755);
  return dist;
}

describe.skipIf(whyNot !== null)(
  `packing for Linux x64 (skipped where ${whyNot ?? 'not built'})`,
  () => {
    let archive: string;
    let inside: string[];
    let unpacked: string[];

    beforeAll(async () => {
      await build({
        projectDir: root,
        publish: 'never',
        targets: Platform.LINUX.createTarget('dir', Arch.x64),
        config: {
          electronDist: madeUpElectron(),
          directories: { output: join(folder, 'dist') },
          // There is no real binary to turn them in.
          electronFuses: null,
        },
      });
      archive = join(folder, 'dist/linux-unpacked/resources/app.asar');
      inside = listPackage(archive, { isPack: false }).map((path) =>
        path.replaceAll('\\', '/').slice(1),
      );
      unpacked = globSync('**/*', { cwd: `${archive}.unpacked` })
        .filter((path) => statSync(join(`${archive}.unpacked`, path)).isFile())
        .map((path) => path.replaceAll('\\', '/'));
    }, 300_000);

    test('the archive holds the bundles, the migrations and what starts them', () => {
      for (const path of [
        'package.json',
        'out/main/desktop.js',
        'out/main/engine.js',
        'out/main/imaging-worker.js',
        'out/preload/preload.cjs',
        'out/renderer/index.html',
        'src-main/library/migrations/meta/_journal.json',
      ]) {
        expect(inside).toContain(path);
      }
      expect(inside.filter((path) => path.endsWith('.sql')).length).toBeGreaterThan(0);
    });

    test('what native code opens lies beside the archive', () => {
      for (const path of [
        'models/default/model.json',
        'models/default/network.onnx',
        'node_modules/better-sqlite3/prebuilds/linux-x64.node',
        'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node',
        'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
        'node_modules/@itk-wasm/image-io/dist/pipelines/nifti-read-image.wasm.zst',
      ]) {
        expect(unpacked).toContain(path);
        expect(statFile(archive, path)).toMatchObject({ unpacked: true });
      }
      // All of the models: their folder is read outside the archive.
      const models = inside.filter((path) => path.startsWith('models/') && /\.\w+$/.test(path));
      expect(unpacked).toEqual(expect.arrayContaining(models));
    });

    test('binaries of other systems stay out', () => {
      const binaries = [...inside, ...unpacked].filter((path) =>
        /\.(node|so(\.\d+)*|dll|dylib|exe)$/.test(path),
      );
      expect(binaries.filter((path) => /darwin|win32|musl|arm64/.test(path))).toEqual([]);
    });

    test.each([
      ['SQLite’s C sources', /better-sqlite3\/(deps|src)\/|\.(c|cc|cpp|h|hpp)$/],
      ['how the model was trained', /^models\/training|\.py$/],
      ['tests', /^tests\/|\.test\.[jt]s$/],
      ['sources and maps', /^src-(main|shared|renderer)\/.*\.(ts|vue)$|\.d\.ts$|\.map$/],
      [
        'documents and settings of the project',
        /^(docs|build|\.github)\/|^[^/]+\.config\.[jt]s$|^README/,
      ],
      ['the build’s own stamp', /\.build-stamp$/],
    ])('%s stay out', (_what, pattern) => {
      expect([...inside, ...unpacked].filter((path) => pattern.test(path))).toEqual([]);
    });

    test('packages that only build or test stay out, those that run are in', () => {
      const packages = new Set(
        inside.flatMap(
          (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1] ?? [],
        ),
      );
      for (const name of [
        'electron',
        'vite',
        'vitest',
        'typescript',
        'vue',
        '@kitware/vtk.js',
        'eslint',
        'node',
      ]) {
        expect(packages).not.toContain(name);
      }
      for (const name of [
        'better-sqlite3',
        'onnxruntime-node',
        'onnxruntime-common',
        '@orpc/server',
        '@orpc/shared',
        'pino',
        'sonic-boom',
        'itk-wasm',
      ]) {
        expect(packages).toContain(name);
      }
    });

    test('its size is that of the runtime libraries and the model', () => {
      const bytes = unpacked.reduce(
        (sum, path) => sum + statSync(join(`${archive}.unpacked`, path)).size,
        statSync(archive).size,
      );
      console.info(`packed for Linux x64 without Electron: ${Math.round(bytes / 1e6)} MB`);
      expect(bytes).toBeGreaterThan(30e6);
      expect(bytes).toBeLessThan(250e6);
    });
  },
);
