import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { filesIn } from '../../tests/support/library-files.ts';
import { rawImaging, writeRawSeries } from '../../tests/support/raw-imaging.ts';
import { smallDisk } from '../../tests/support/small-disk.ts';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import { openLibrary } from './index.ts';
import { looseFiles } from './schema/index.ts';

const probe = smallDisk(1);
probe?.remove();
const where = probe
  ? 'on a full disk'
  : 'on a full disk (SKIPPED: this account may not mount a small one)';

test.skipIf(!probe)(
  `${where}, finished series stay, the rest leaves nothing, and room makes it work again`,
  async () => {
    const disk = smallDisk(30)!;
    const source = temporaryFolder();
    // 1 MB and 12 MB of slices; the same again as decoded volumes.
    writeRawSeries(join(source, 'a'), { uid: '1', slices: 8, sizePx: 256 });
    writeRawSeries(join(source, 'b'), { uid: '2', slices: 96, sizePx: 256, firstSlice: 200 });
    const library = openLibrary({ root: join(disk.path, 'library'), imagingPool: rawImaging() });
    onTestFinished(async () => {
      await library.close();
      disk.remove();
    });
    const ballast = join(disk.path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(12 * 1024 ** 2));

    const run = async () => {
      const started = library.imports.startPaths([source]);
      return library.imports.finished(started.ok ? started.value.importId : '');
    };
    const full = await run();
    expect(full).toMatchObject({ state: 'failed', error: { code: 'disk-full' }, refused: [] });
    expect(full.accepted.map((series) => series.fileCount)).toEqual([8]);
    expect(filesIn(library.folder.root, 'originals')).toHaveLength(8);
    expect(filesIn(library.folder.root, 'volumes')).toHaveLength(1);
    expect(readdirSync(library.folder.staging)).toEqual([]);
    expect(library.db.select().from(looseFiles).all()).toEqual([]);

    rmSync(ballast);
    const roomy = await run();
    expect(roomy).toMatchObject({ state: 'done', refused: [] });
    expect(roomy.alreadyPresent.map((series) => series.fileCount)).toEqual([8]);
    expect(roomy.accepted.map((series) => series.fileCount)).toEqual([96]);
    expect(filesIn(library.folder.root, 'originals')).toHaveLength(104);
  },
);
