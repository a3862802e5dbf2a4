import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../tests/support/inference.ts';
import { writeTinyCropSpecialist, writeTinyPromptable } from '../../tests/support/tiny-models.ts';
import { applicationRoot } from '../entry-file.ts';
import type { PromptableManifest } from './manifest.ts';
import { createModelRegistry, EMBEDDED_MODEL_ID } from './registry.ts';

const registryOn = (folders: string[], chosen: string | null = null) =>
  createModelRegistry({ folders, chosenDefault: () => chosen });

function changeManifest(folder: string, change: (manifest: Record<string, unknown>) => void): void {
  const path = join(folder, 'model.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  change(manifest);
  writeFileSync(path, JSON.stringify(manifest));
}

describe('the model registry', () => {
  it('lists the embedded model as usable and as the default', () => {
    const registry = registryOn([join(applicationRoot(), 'models')]);
    expect(registry.list()).toEqual([
      expect.objectContaining({
        id: EMBEDDED_MODEL_ID,
        kind: 'crop-specialist',
        isDefault: true,
        researchOnly: false,
      }),
    ]);
    expect(registry.list()[0]).not.toHaveProperty('problem');
    expect(registry.resolve(EMBEDDED_MODEL_ID).ok).toBe(true);
  });

  it('finds models in several folders, also one copied in later, and does without a missing folder', () => {
    const [root, other] = [temporaryFolder(), temporaryFolder()];
    writeTinyPromptable(root);
    const registry = registryOn([root, join(other, 'missing'), other], 'tiny-crop');
    expect(registry.list().map(({ id }) => id)).toEqual(['tiny-promptable']);
    expect(registry.defaultModelId()).toBe(EMBEDDED_MODEL_ID);
    writeTinyCropSpecialist(other);
    expect(registry.list().map(({ id, isDefault }) => [id, isDefault])).toEqual([
      ['tiny-promptable', false],
      ['tiny-crop', true],
    ]);
    expect(registry.defaultModelId()).toBe('tiny-crop');
  });

  it('reads a changed manifest anew, and gives it another identity', () => {
    const root = temporaryFolder();
    writeTinyCropSpecialist(root);
    const registry = registryOn([root]);
    const [before] = registry.list();
    changeManifest(join(root, 'tiny-crop'), (manifest) => (manifest.version = '2.0.0'));
    const [after] = registry.list();
    expect(after!.version).toBe('2.0.0');
    expect(after!.sha256).not.toBe(before!.sha256);
  });

  it('lists broken models with what is wrong with them, and refuses them', () => {
    const root = temporaryFolder();
    const broken: [string, (folder: string) => void, string, RegExp][] = [
      [
        'no-json',
        (folder) => writeFileSync(join(folder, 'model.json'), '{ "id": '),
        'model-invalid',
        /model\.json: /,
      ],
      [
        'no-kind',
        (folder) => changeManifest(folder, (manifest) => delete manifest.kind),
        'model-invalid',
        /kind/,
      ],
      [
        'way-out',
        (folder) =>
          changeManifest(folder, (manifest) =>
            Object.assign(manifest.files as object, {
              network: { path: '../x.onnx', sha256: '0'.repeat(64), sizeBytes: 1 },
            }),
          ),
        'model-invalid',
        /stays inside the model folder/,
      ],
      [
        'no-file',
        (folder) => writeFileSync(join(folder, 'network.onnx'), ''),
        'model-damaged',
        /has 0 bytes; model\.json says \d+/,
      ],
      [
        'newer',
        (folder) => changeManifest(folder, (manifest) => (manifest.formatVersion = 2)),
        'model-invalid',
        /formatVersion/,
      ],
    ];
    writeTinyCropSpecialist(root, 'whole');
    for (const [id, spoil] of broken) {
      writeTinyCropSpecialist(root, id);
      spoil(join(root, id));
    }
    const registry = registryOn([root]);
    const listed = registry.list();
    expect(listed).toHaveLength(broken.length + 1);
    for (const [id, , code, detail] of broken) {
      expect(listed.find((model) => model.id === id)?.problem).toMatchObject({
        code,
        detail: expect.stringMatching(detail),
      });
      expect(registry.resolve(id)).toMatchObject({ ok: false, error: { code } });
    }
    expect(registry.resolve('whole').ok).toBe(true);
    expect(registry.resolve('nobody')).toMatchObject({
      ok: false,
      error: { code: 'model-not-found' },
    });
  });

  it('holds the pieces of an encoder to the files and to the embedding', () => {
    const root = temporaryFolder();
    const [tokens, output] = [
      { name: 'tokens', shape: [1, 256, 3] },
      { name: 'embedding', shape: [1, 3, 16, 16] },
    ];
    const withPieces = (id: string, pieces: unknown[]) =>
      writeTinyPromptable(root, {
        id,
        change: (manifest) => ({ ...manifest, encoder: { pieces } }) as PromptableManifest,
      });
    withPieces('whole', [{ role: 'encoder', output }]);
    withPieces('no-file', [
      { role: 'encoder-1', output: tokens },
      { role: 'encoder', output },
    ]);
    withPieces('no-embedding', [{ role: 'encoder', output: tokens }]);
    const registry = registryOn([root]);
    expect(registry.resolve('whole').ok).toBe(true);
    for (const [id, reason] of [
      ['no-file', 'there is no file "encoder-1"'],
      ['no-embedding', 'the last piece must give the embedding'],
    ] as const) {
      expect(registry.resolve(id)).toMatchObject({
        error: { code: 'model-invalid', detail: expect.stringContaining(reason) },
      });
    }
  });

  it('follows no link out of the model folder', () => {
    const root = temporaryFolder();
    const outside = temporaryFolder();
    writeTinyCropSpecialist(outside, 'original');
    mkdirSync(join(root, 'linked'));
    cpSync(join(outside, 'original', 'model.json'), join(root, 'linked', 'model.json'));
    cpSync(join(outside, 'original', 'slice.u8'), join(root, 'linked', 'slice.u8'));
    symlinkSync(join(outside, 'original', 'network.onnx'), join(root, 'linked', 'network.onnx'));
    const answer = registryOn([root]).resolve('original');
    expect(answer).toMatchObject({
      error: {
        code: 'model-damaged',
        detail: expect.stringContaining('leads out of the model folder'),
      },
    });
  });

  it('takes the first of two models with one id and says so of the other', () => {
    const [root, other] = [temporaryFolder(), temporaryFolder()];
    writeTinyCropSpecialist(root);
    writeTinyCropSpecialist(other);
    const listed = registryOn([root, other]).list();
    expect(listed.map(({ problem }) => problem?.code)).toEqual([undefined, 'model-invalid']);
  });
});
