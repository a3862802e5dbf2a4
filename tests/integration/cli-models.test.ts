import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { execute } from '../../src-main/cli/execute.ts';
import { architectures } from '../../src-main/models/graphs/architectures.ts';
import { expectedTensors } from '../../src-main/models/graphs/tensors.ts';
import type { Architecture } from '../../src-main/models/graphs/types.ts';
import { checkpointFolder } from '../support/checkpoint-files.ts';
import { writeFormulaCheckpoint } from '../support/formula-checkpoint.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');

async function cli(...args: string[]) {
  let [stdout, stderr] = ['', ''];
  const exitCode = await execute([...args, '--json'], {
    stdout: { write: (content: string) => (stdout += content) },
    stderr: { write: (content: string | Uint8Array) => ((stderr += String(content)), true) },
    signal: new AbortController().signal,
  });
  return { exitCode, stderr, document: JSON.parse(stdout) as Record<string, unknown> };
}

function checkpoint(name: string, architecture: Architecture): string {
  const path = join(temporaryFolder(), name);
  writeFormulaCheckpoint(path, expectedTensors(architectures[architecture]));
  return path;
}

const modelsIn = (library: string) =>
  existsSync(join(library, 'models')) ? readdirSync(join(library, 'models')) : [];

describe('models on the command line', () => {
  it(
    'MedSAM’s checkpoint of full size is added, verified, listed and removed',
    { timeout: 480_000 },
    async () => {
      const library = temporaryFolder();
      // Not told by its name, so that the assumption must be said.
      const path = checkpoint('formula-weights.pth', 'sam-vit-b');
      const added = await cli(
        'models',
        'add',
        path,
        '--library',
        library,
        '--name',
        'Formula ViT-B',
      );
      expect(added.stderr).toContain('The file does not tell MedSAM from SAM');
      expect(added.stderr).toContain('Use --as sam-vit-b');
      expect(added).toMatchObject({
        exitCode: 0,
        document: {
          ok: true,
          proposal: { tensors: 314, families: ['medsam-vit-b', 'sam-vit-b'], decidedBy: 'nothing' },
          model: {
            name: 'Formula ViT-B',
            family: 'medsam-vit-b',
            checks: [{ provider: 'cpu', passed: true }],
          },
        },
      });
      const { modelId } = added.document.model as { modelId: string };
      const folder = join(library, 'models', modelId);
      // The graphs point into the checkpoint; beside it lie other layouts (13 MB) and the draft's 8-bit weights (88 MB).
      const others = readdirSync(folder).filter((name) => name !== 'checkpoint.pth');
      const bytes = others.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
      expect(bytes).toBeLessThan(105e6);
      const listed = await cli('models', 'list', '--library', library);
      expect(listed.document.models).toEqual(
        expect.arrayContaining([expect.objectContaining({ id: modelId, removable: true })]),
      );
      expect((await cli('models', 'remove', modelId, '--library', library)).exitCode).toBe(0);
      expect([modelsIn(library), existsSync(path)]).toEqual([[], true]);
    },
  );

  it('what cannot be added ends with its reason and code', async () => {
    const library = temporaryFolder();
    const add = (...args: string[]) => cli('models', 'add', ...args, '--library', library);
    const hostile = await add(join(checkpointFolder, 'hostile.pth'));
    expect(hostile).toMatchObject({
      exitCode: 3,
      document: { error: { code: 'checkpoint-forbidden' } },
    });
    expect(hostile.stderr).toContain('“posix.system”');
    expect((await add('nothing.pth')).exitCode).toBe(4);
    const lite = checkpoint('lite.pth', 'lite-medsam');
    expect(await add(lite, '--as', 'sam')).toMatchObject({
      exitCode: 2,
      document: { error: { code: 'wrong-family' } },
    });
    expect(await add(lite, '--as', 'sam-vit-b')).toMatchObject({
      exitCode: 2,
      document: { error: { code: 'not-that-family' } },
    });
    expect(modelsIn(library)).toEqual([]);
  });

  it(
    'a kill in the middle of adding leaves no half model, and the next addition sweeps up',
    { timeout: 240_000 },
    async () => {
      const library = temporaryFolder();
      const path = checkpoint('lite.pth', 'lite-medsam');
      const staging = join(library, 'staging');
      for (const file of ['checkpoint.pth', 'decoder.onnx']) {
        const args = [
          join(root, 'src-main/cli/main.ts'),
          'models',
          'add',
          path,
          '--library',
          library,
        ];
        const child = spawn(process.execPath, args, { stdio: 'ignore' });
        const gone = new Promise((resolve) => child.once('exit', resolve));
        const own = () =>
          existsSync(staging)
            ? readdirSync(staging).filter((name) => name.startsWith(`model-${child.pid}-`))
            : [];
        const isThere = () => own().some((name) => existsSync(join(staging, name, 'model', file)));
        while (!isThere()) {
          expect(child.exitCode, `${file} never came`).toBeNull();
          await sleep(5);
        }
        child.kill('SIGKILL');
        await gone;
        expect(modelsIn(library), file).toEqual([]);
        // What the one before left is gone, although its reading process may have outlived it.
        expect([own().length, readdirSync(staging).length]).toEqual([1, 1]);
      }
      expect((await cli('models', 'add', path, '--library', library)).exitCode).toBe(0);
      expect([modelsIn(library).length, readdirSync(staging)]).toEqual([1, []]);
    },
  );
});
