import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { createApp, type App } from '../../src-main/app.ts';

export const pictureSizePx = 64;

/** Grey of the picture: a bright disc on dark ground. */
export const greyAt = (x: number, y: number): number =>
  Math.hypot(x - 32, y - 30) < 14 ? 200 : 40;

export interface SmallApp {
  app: App;
  seriesId: string;
}

/** The real application, as the command line builds it, on a new library with one small picture. */
export async function smallApp(folder: string): Promise<SmallApp> {
  const png = new PNG({ width: pictureSizePx, height: pictureSizePx });
  for (let n = 0; n < pictureSizePx ** 2; n++) {
    const grey = greyAt(n % pictureSizePx, Math.floor(n / pictureSizePx));
    png.data.set([grey, grey, grey, 255], 4 * n);
  }
  const file = join(folder, 'disc.png');
  writeFileSync(file, PNG.sync.write(png, { colorType: 0 }));
  const app = await createApp({ libraryDir: join(folder, 'library'), host: 'cli' });
  const started = app.imports.startPaths([file]);
  if (!started.ok) throw new Error(started.error.code);
  const { accepted } = await app.imports.finished(started.value.importId);
  if (!accepted[0]) throw new Error('The picture was not imported.');
  return { app, seriesId: accepted[0].id };
}
