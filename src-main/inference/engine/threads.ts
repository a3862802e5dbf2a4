import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const MOST_THREADS = 8;

/**
 * Threads for one inference: the physical cores, at most 8. A second thread on the same core makes
 * matrix products slower, and past eight the screen and the readers' other programs need the rest.
 */
export function inferenceThreads(): number {
  return Math.max(1, Math.min(MOST_THREADS, physicalCores()));
}

function physicalCores(): number {
  const logical = availableParallelism();
  if (process.platform === 'darwin') return logical;
  if (process.platform === 'linux') {
    try {
      const root = '/sys/devices/system/cpu';
      const cores = readdirSync(root)
        .filter((name) => /^cpu\d+$/.test(name))
        .map((name) =>
          readFileSync(`${root}/${name}/topology/thread_siblings_list`, 'utf8').trim(),
        );
      return Math.min(logical, new Set(cores).size);
    } catch {
      return logical;
    }
  }
  // Windows tells only logical processors; nearly all PCs with more than four have two per core.
  return logical > 4 ? Math.ceil(logical / 2) : logical;
}
