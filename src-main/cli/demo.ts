import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from '../app.ts';
import { writeReport } from './demo/report.ts';
import { runDemo, toleranceMm } from './demo/run-demo.ts';
import { demoLines } from './demo/table.ts';

/**
 * `npm run demo [-- --json] [--report DIR] [--library DIR]`: the main job on the sample patient, in a
 * library of its own that is thrown away afterwards, or kept where `--library` says (to be looked at in
 * the window with `npm start -- --library DIR`).
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    report: { type: 'string', default: 'demo-report' },
    library: { type: 'string' },
  },
});

async function main(): Promise<void> {
  const libraryDir = values.library ?? mkdtempSync(join(tmpdir(), 'medsam-workstation-demo-'));
  const app = await createApp({ libraryDir, host: 'cli' });
  try {
    const result = await runDemo(app, (line) => process.stderr.write(`${line}\n`));
    const report = await writeReport(app, result, resolve(values.report));
    const { timepoints, ...rest } = result;
    const document = {
      ...rest,
      toleranceMm,
      lesions: timepoints.flatMap(({ lesions }) => lesions.map(({ row }) => row)),
      report,
    };
    process.stdout.write(
      values.json ? `${JSON.stringify(document, null, 2)}\n` : `${demoLines(result).join('\n')}\n\nReport: ${report}\n`,
    );
  } finally {
    await app.close();
    if (!values.library) rmSync(libraryDir, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`The demo could not finish: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
