import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImagingPool } from '../../src-main/imaging/imaging-pool.ts';
import { openLibrary } from '../../src-main/library/index.ts';
import { writeCt } from './ct-phantom.ts';

/** Time from start to visible of a 200-slice CT of 512 × 512 (105 MB uncompressed), and the memory it takes. */
const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-'));
const source = join(folder, 'in');
writeCt(source);
const pool = createImagingPool();
const library = openLibrary({ root: join(folder, 'library'), imagingPool: pool });
let peak = 0;
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
for (const run of ['first', 'again, already present']) {
  const phases: Record<string, number> = {};
  const start = performance.now();
  const before = process.cpuUsage();
  const started = library.imports.startPaths([source]);
  const importId = started.ok ? started.value.importId : '';
  for await (const event of library.imports.progress(importId))
    phases[event.phase] ??= Math.round(performance.now() - start);
  const { accepted, alreadyPresent, state } = await library.imports.finished(importId);
  const cpu = process.cpuUsage(before);
  console.log(
    `${run}: ${((performance.now() - start) / 1000).toFixed(2)} s, ${state}, ${accepted.length} stored, ${alreadyPresent.length} present, ` +
      `CPU ${((cpu.user + cpu.system) / 1e6).toFixed(2)} s, phases began at ${JSON.stringify(phases)} ms`,
  );
}
clearInterval(watch);
console.log(`peak memory ${(peak / 1024 ** 2).toFixed(0)} MB`);
await library.close();
await pool.close();
rmSync(folder, { recursive: true, force: true });
