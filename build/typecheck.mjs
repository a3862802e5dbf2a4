// Type-checks main and tests (Node), the renderer (DOM) and the window's tests (both) as programs of
// their own, since their globals differ. What was checked is kept, so that the next check is of the changes only.
import { spawnSync } from 'node:child_process';

let failed = false;
for (const project of ['tsconfig.node.json', 'tsconfig.web.json', 'tsconfig.e2e.json']) {
  const run = spawnSync(
    process.execPath,
    [
      'node_modules/vue-tsc/bin/vue-tsc.js',
      '--noEmit',
      '--incremental',
      '--tsBuildInfoFile',
      `.cache/typecheck/${project}.tsbuildinfo`,
      '-p',
      project,
    ],
    { stdio: 'inherit' },
  );
  failed ||= run.status !== 0;
}
process.exit(failed ? 1 : 0);
