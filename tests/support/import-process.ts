import { openLibrary } from '../../src-main/library/index.ts';
import { rawImaging } from './raw-imaging.ts';

/** A process that imports one folder and tells of its progress, line by line, until it is killed. */
const [root, source, sliceMs] = process.argv.slice(2) as [string, string, string];
const library = openLibrary({ root, imagingPool: rawImaging({ sliceMs: Number(sliceMs) }) });
const started = library.imports.startPaths([source]);
if (!started.ok) throw new Error(started.error.code);
for await (const event of library.imports.progress(started.value.importId)) {
  process.stdout.write(`${event.phase} ${event.seriesDone} ${event.filesDone}\n`);
}
await library.close();
