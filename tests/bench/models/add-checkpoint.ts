import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInferenceService } from '../../../src-main/inference/service.ts';
import { fileSource } from '../../../src-main/models/checkpoint/byte-source.ts';
import { sha256Of } from '../../../src-main/models/adding/hash-file.ts';
import { runTask } from '../../../src-main/models/adding/run-task.ts';
import { createModelAdding } from '../../../src-main/models/adding/service.ts';
import { takeFile } from '../../../src-main/models/adding/take-file.ts';
import { architectures } from '../../../src-main/models/graphs/architectures.ts';
import { expectedTensors } from '../../../src-main/models/graphs/tensors.ts';
import { createModelRegistry } from '../../../src-main/models/registry.ts';
import { writeFormulaCheckpoint } from '../../support/formula-checkpoint.ts';
import { childrenOf, residentBytes } from '../system.ts';
import type { Row } from './figures.ts';

/*
 * What adding the checkpoint of a ViT-B (375 MB, formula weights) costs: time beside hashing, memory, and then the whole
 * addition with its trial run. In a process of its own, whose memory is measured with that of its children; started by
 * `importRows`, which gets the rows as a message.
 */
const [, script, role, target] = process.argv;
if (role === 'write') {
  writeFormulaCheckpoint(target!, expectedTensors(architectures['sam-vit-b']));
  process.exit();
}

const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-bench-'));
const path = join(folder, 'formula-medsam_vit_b.pth');
// In another process, whose memory does not count here.
execFileSync(process.execPath, [script!, 'write', path]);
/** The most that this process and its children held since it was set to 0, bytes. */
const peak = { own: 0, children: 0 };
const watch = setInterval(() => {
  peak.own = Math.max(peak.own, process.memoryUsage.rss());
  const held = childrenOf(process.pid).reduce((sum, pid) => sum + residentBytes(pid), 0);
  peak.children = Math.max(peak.children, held);
}, 10);
const seconds = async <T>(work: () => Promise<T> | T): Promise<[T, number]> => {
  const start = performance.now();
  return [await work(), (performance.now() - start) / 1000];
};
const rows: Row[] = [];
const s = (time: number) => `${time.toFixed(2)} s`;
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

try {
  const source = fileSource(path);
  const [sha256, hashing] = await seconds(() => sha256Of(source));
  source.close();
  const [facts, looking] = await seconds(() => runTask({ type: 'inspect', path }));
  if (!facts.ok) throw new Error(facts.error.detail);
  const model = join(folder, 'model');
  mkdirSync(model);
  const checkpointPath = join(model, 'checkpoint.pth');
  const taken = takeFile(path, checkpointPath, { owned: false });
  const [built, building] = await seconds(() =>
    runTask({ type: 'build', checkpointPath, folder: model, expectedSha256: sha256 }),
  );
  if (!built.ok) throw new Error(built.error.detail);
  const others = Object.values(built.value.files).filter((file) => file.path !== 'checkpoint.pth');
  const written = others.reduce((sum, file) => sum + file.sizeBytes, 0);
  rows.push(
    ['Import of a checkpoint, size', `${mb(statSync(path).size)}, ${taken} into the library`],
    ['… hashing it, once of twice', s(hashing)],
    ['… everything else until it can run', s(looking + building - 2 * hashing)],
    ['… written beside the checkpoint', mb(written)],
    ['… peak memory of the process that reads it', mb(peak.children)],
    ['… of the application meanwhile', mb(peak.own)],
  );

  const libraryRoot = join(folder, 'library');
  const added = join(libraryRoot, 'models');
  const models = createModelRegistry({
    folders: [added],
    addedModels: added,
    chosenDefault: () => null,
  });
  const inference = createInferenceService({
    models,
    settings: { provider: 'cpu', embeddingCacheBytes: 0 },
    cacheDir: null,
    log: { info: () => undefined, warn: () => undefined },
  });
  const adding = createModelAdding({ libraryRoot, models, inference });
  peak.children = 0;
  const [result, whole] = await seconds(async () => {
    const proposal = await adding.propose({ paths: [path] });
    if (!proposal.ok) return proposal;
    return adding.add(proposal.value.proposalId, { family: 'medsam-vit-b' });
  });
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  rows.push(
    ['… the whole addition with its trial run', s(whole)],
    ['… peak memory of the engine in it', mb(peak.children)],
  );
  await inference.close();
} finally {
  clearInterval(watch);
  rmSync(folder, { recursive: true, force: true });
}
process.send!(rows, () => process.disconnect());
