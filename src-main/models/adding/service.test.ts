import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkpointFolder } from '../../../tests/support/checkpoint-files.ts';
import { greySlice, inferenceOn, temporaryFolder } from '../../../tests/support/inference.ts';
import {
  writeTinyCropSpecialist,
  writeTinyPromptable,
} from '../../../tests/support/tiny-models.ts';
import type { Result } from '../../../src-shared/result.ts';
import { floatTensor, onnxModel } from '../onnx-writer.ts';
import { createModelRegistry } from '../registry.ts';
import { createModelAdding } from './service.ts';

/** A library's folder with the services over it, on the CPU. */
function library() {
  const libraryRoot = temporaryFolder();
  const folder = join(libraryRoot, 'models');
  const models = createModelRegistry({
    folders: [folder],
    addedModels: folder,
    chosenDefault: () => null,
  });
  const inference = inferenceOn(folder, { models });
  const adding = createModelAdding({ libraryRoot, models, inference });
  const left = () => readdirSync(join(libraryRoot, 'staging'));
  return { libraryRoot, folder, models, inference, adding, left };
}

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};

/** Files of a tiny model with a manifest as a person writes it: no hashes, no sizes, no reference numbers. */
function draftModel(change: (manifest: Record<string, unknown>) => void = () => undefined) {
  const root = temporaryFolder();
  writeTinyPromptable(root);
  const folder = join(root, 'tiny-promptable');
  const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  manifest.files = { encoder: { path: 'encoder.onnx' }, decoder: { path: 'decoder.onnx' } };
  delete manifest.verification;
  change(manifest);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
  return folder;
}

describe('adding ONNX files with a model.json', () => {
  it('fills in hashes, sizes and reference numbers by running it, and takes no space', async () => {
    const { adding, models, inference, folder, left } = library();
    const source = draftModel();
    const proposal = value(await adding.propose({ paths: [source] }));
    expect(proposal).toMatchObject({ kind: 'onnx', name: 'Model tiny-promptable', families: [] });
    const phases: string[] = [];
    const added = value(
      await adding.add(proposal.proposalId, {
        onProgress: ({ phase, provider }) => phases.push(`${phase} ${provider}`),
      }),
    );
    expect(phases).toEqual(['building null', 'trying cpu']);
    expect(added).toMatchObject({
      modelId: 'tiny-promptable',
      checks: [{ provider: 'cpu', passed: true }],
    });
    expect(['linked', 'cloned']).toContain(added.taken);
    expect(models.list()).toMatchObject([
      { id: 'tiny-promptable', removable: true, isDefault: false },
    ]);
    expect(left()).toEqual([]);
    // The person's own files are where they were.
    expect(statSync(join(source, 'encoder.onnx')).isFile()).toBe(true);
    // It holds itself to the numbers that it gave.
    expect(value(await inference.verifyModel('tiny-promptable'))).toMatchObject({ verified: true });
    const manifest = JSON.parse(readFileSync(join(folder, 'tiny-promptable/model.json'), 'utf8'));
    expect(manifest.verification.expected.logits).toHaveLength(36);
    expect(manifest.files.encoder.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('adds nothing twice', async () => {
    const { adding } = library();
    const source = draftModel();
    const again = async () => {
      const { proposalId } = value(await adding.propose({ paths: [source] }));
      return adding.add(proposalId);
    };
    value(await again());
    expect(await again()).toMatchObject({
      ok: false,
      error: { code: 'model-already-added', params: { name: 'Model tiny-promptable' } },
    });
  });

  it('keeps the numbers that a manifest brings, and refuses a model that does not give them', async () => {
    const { adding, models, left } = library();
    const root = temporaryFolder();
    const manifest = writeTinyCropSpecialist(root);
    const paths = [join(root, 'tiny-crop')];
    const good = value(await adding.propose({ paths }));
    value(await adding.add(good.proposalId));
    expect(models.list().map(({ id }) => id)).toEqual(['tiny-crop']);

    manifest.id = 'wrong-numbers';
    manifest.verification.expected.logits[0]!.value += 1;
    writeFileSync(join(root, 'tiny-crop/model.json'), JSON.stringify(manifest));
    const wrong = value(await adding.propose({ paths }));
    expect(await adding.add(wrong.proposalId)).toMatchObject({
      ok: false,
      error: {
        code: 'model-check-failed',
        params: { reason: expect.stringContaining('logit 1.00') },
      },
    });
    expect(models.list().map(({ id }) => id)).toEqual(['tiny-crop']);
    expect(left()).toEqual([]);
  });

  it('refuses what does not run, with the reason', async () => {
    const { adding, models, left } = library();
    const source = draftModel((manifest) => {
      (manifest.output as { name: string }).name = 'masks';
    });
    const { proposalId } = value(await adding.propose({ paths: [source] }));
    expect(await adding.add(proposalId)).toMatchObject({
      ok: false,
      error: {
        code: 'model-check-failed',
        params: { reason: expect.stringContaining('no output "masks"') },
      },
    });
    expect(models.list()).toEqual([]);
    expect(left()).toEqual([]);
  });

  it('says what is missing or wrong before anything is run', async () => {
    const { adding } = library();
    const refusal = async (paths: string[]) => {
      const proposal = await adding.propose({ paths });
      return proposal.ok ? null : proposal.error;
    };
    const source = draftModel();
    const encoder = join(source, 'encoder.onnx');
    expect(await refusal([encoder])).toMatchObject({
      code: 'model-files-needed',
      params: { missing: 'model.json' },
    });
    const hashed = draftModel((manifest) => {
      manifest.files = {
        encoder: { path: 'encoder.onnx', sha256: '0'.repeat(64) },
        decoder: { path: 'decoder.onnx' },
      };
    });
    expect(await refusal([hashed])).toMatchObject({ code: 'model-damaged' });
    expect(await refusal([draftModel((manifest) => delete manifest.kind)])).toMatchObject({
      code: 'model-invalid',
      detail: expect.stringContaining('kind'),
    });
    rmSync(join(source, 'decoder.onnx'));
    expect(await refusal([source])).toMatchObject({
      code: 'model-files-needed',
      params: { missing: 'decoder.onnx' },
    });
    writeFileSync(encoder, 'not a graph');
    expect(await refusal([encoder])).toMatchObject({ code: 'onnx-unreadable' });
    expect(await refusal([temporaryFolder()])).toMatchObject({ code: 'model-files-needed' });
    const { code } = (await refusal([join(source, 'nothing.onnx')]))!;
    expect(code).toBe('file-unreadable');
  });

  it('takes a network like nnU-Net’s: greys in, two classes out, of free size', async () => {
    const { adding, inference } = library();
    const folder = temporaryFolder();
    const free = (name: string, channels: number) => ({
      name,
      dims: [1, channels, 'height', 'width'],
    });
    // Class 1 has the logit 4·x against 0 for class 0: brighter than the crop's mean.
    const graph = onnxModel({
      name: 'two classes',
      inputs: [free('crop', 1)],
      outputs: [free('classes', 2)],
      initializers: [
        floatTensor('four', [1], Float32Array.of(4)),
        floatTensor('none', [1], Float32Array.of(0)),
      ],
      nodes: [
        { op: 'Mul', inputs: ['crop', 'four'], outputs: ['bright'] },
        { op: 'Mul', inputs: ['crop', 'none'], outputs: ['dark'] },
        {
          op: 'Concat',
          inputs: ['dark', 'bright'],
          outputs: ['classes'],
          attributes: { axis: { int: 1 } },
        },
      ],
    });
    writeFileSync(join(folder, 'nnunet.onnx'), graph);
    const manifest = {
      formatVersion: 1,
      name: 'Two classes of free size',
      version: '1',
      kind: 'crop-specialist',
      licence: { spdx: 'Apache-2.0', notice: '' },
      researchOnly: true,
      origin: 'made by code for tests',
      files: { network: { path: 'nnunet.onnx' } },
      input: { name: 'crop', sizePx: { multipleOf: 16, least: 32, most: 512 }, channels: ['grey'] },
      crop: {
        contextFactor: 2,
        minimumSizePx: 16,
        minimumAspect: 1,
        resample: 'triangle',
        percentiles: [0, 100],
        minimumRange: 0.001,
        zScore: true,
      },
      output: {
        name: 'classes',
        sizePx: 'as-input',
        classes: { count: 2, foreground: 1 },
        order: 'sigmoid-then-resize',
        threshold: 0.5,
      },
    };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
    const { proposalId } = value(await adding.propose({ paths: [folder] }));
    expect(value(await adding.add(proposalId)).modelId).toBe('two-classes-of-free-size');
    const halves = greySlice(200, 200, (x) => (x < 100 ? 40 : 200));
    // Crops of 64 and 128 pixels, the right half of each bright.
    for (const reach of [16, 32]) {
      const boxPx: [number, number, number, number] = [
        100 - reach,
        80 - reach,
        100 + reach,
        80 + reach,
      ];
      const job = { modelId: 'two-classes-of-free-size', slice: halves, boxPx };
      const mask = value(await inference.segmentBox(job, {}));
      expect(mask.originPx).toEqual([100, 80 - 2 * reach]);
      expect(mask.areaPx).toBe(2 * reach * 4 * reach);
    }
  });

  it('explains why SAM’s usual export is not taken', async () => {
    const { adding } = library();
    const path = join(temporaryFolder(), 'sam_decoder.onnx');
    const names = [
      'image_embeddings',
      'point_coords',
      'point_labels',
      'mask_input',
      'has_mask_input',
      'orig_im_size',
    ];
    const inputs = names.map((name) => ({ name, dims: [1] }));
    const nodes = [{ op: 'Identity', inputs: ['mask_input'], outputs: ['masks'] }];
    const outputs = [{ name: 'masks', dims: [1] }];
    writeFileSync(path, onnxModel({ name: 'sam', inputs, outputs, initializers: [], nodes }));
    expect(await adding.propose({ paths: [path] })).toMatchObject({
      ok: false,
      error: { code: 'onnx-many-masks', params: { file: 'sam_decoder.onnx' } },
    });
  });
});

describe('uploads', () => {
  it('are moved into the library, and are gone when they are discarded or refused', async () => {
    const { adding, models, left } = library();
    const source = draftModel();
    const upload = (names: string[]) => {
      const { stageId } = value(adding.stage());
      for (const name of names) {
        writeFileSync(
          value(adding.stagedFilePath(stageId, name)),
          readFileSync(join(source, name)),
        );
      }
      return stageId;
    };
    const names = ['model.json', 'encoder.onnx', 'decoder.onnx'];
    adding.discard(upload(names));
    expect(left()).toEqual([]);
    const incomplete = await adding.propose({ stageId: upload(names.slice(0, 2)) });
    expect(incomplete).toMatchObject({ ok: false, error: { code: 'model-files-needed' } });
    expect(left()).toEqual([]);
    const { proposalId } = value(await adding.propose({ stageId: upload(names) }));
    expect(value(await adding.add(proposalId)).taken).toBe('moved');
    expect(left()).toEqual([]);
    expect(models.list()).toHaveLength(1);
    expect(adding.stagedFilePath('unknown', 'a')).toMatchObject({
      ok: false,
      error: { code: 'not-found' },
    });
  });

  it('have no say in where they are written', () => {
    const { adding, libraryRoot } = library();
    const { stageId } = value(adding.stage());
    for (const name of ['../../evil.pth', '/etc/passwd', '..\\..\\evil.pth']) {
      const path = value(adding.stagedFilePath(stageId, name));
      expect(path.startsWith(join(libraryRoot, 'staging'))).toBe(true);
      expect(path).toMatch(/upload-\d$/);
    }
  });
});

describe('removing a model', () => {
  it('takes away what was added, and nothing else', async () => {
    const { adding, models, folder, left } = library();
    const { proposalId } = value(await adding.propose({ paths: [draftModel()] }));
    value(await adding.add(proposalId));
    expect(value(await adding.remove('tiny-promptable')).freedBytes).toBeGreaterThan(100);
    expect(models.list()).toEqual([]);
    expect([readdirSync(folder), left()]).toEqual([[], []]);
    expect(await adding.remove('tiny-promptable')).toMatchObject({
      error: { code: 'model-not-found' },
    });
  });

  it('refuses the application’s own', async () => {
    const own = temporaryFolder();
    writeTinyCropSpecialist(own);
    const libraryRoot = temporaryFolder();
    const models = createModelRegistry({
      folders: [own],
      addedModels: join(libraryRoot, 'models'),
      chosenDefault: () => null,
    });
    const adding = createModelAdding({ libraryRoot, models, inference: inferenceOn(own) });
    expect(await adding.remove('tiny-crop')).toMatchObject({
      error: { code: 'model-not-removable' },
    });
    expect(existsSync(join(own, 'tiny-crop/model.json'))).toBe(true);
  });
});

describe('what cannot be a model', () => {
  it('is refused with its own code, and leaves nothing', async () => {
    const { adding, libraryRoot } = library();
    const codeOf = async (path: string) => {
      const proposal = await adding.propose({ paths: [path] });
      return proposal.ok ? null : proposal.error.code;
    };
    expect(await codeOf(join(checkpointFolder, 'hostile.pth'))).toBe('checkpoint-forbidden');
    expect(await codeOf(join(checkpointFolder, 'plain.pth'))).toBe('checkpoint-unknown-model');
    expect(await codeOf(join(checkpointFolder, 'legacy.pth'))).toBe('checkpoint-legacy');
    const two = ['plain.pth', 'cuda.pth'].map((name) => join(checkpointFolder, name));
    expect(await adding.propose({ paths: two })).toMatchObject({
      error: { code: 'model-one-at-a-time', params: { names: 'plain.pth, cuda.pth' } },
    });
    const jpeg = join(temporaryFolder(), 'medsam_vit_b.pth');
    writeFileSync(jpeg, readFileSync('tests/fixtures/phantoms/grey.jpg'));
    expect(await codeOf(jpeg)).toBe('checkpoint-other-format');
    expect(existsSync(join(libraryRoot, 'models'))).toBe(false);
  });
});

describe('what a crash left', () => {
  it('is swept away when the next model is added, but for what living processes make', async () => {
    const { adding, libraryRoot, left } = library();
    mkdirSync(join(libraryRoot, 'staging/model-999999999-dead'), { recursive: true });
    mkdirSync(join(libraryRoot, `staging/model-${process.ppid}-living`));
    writeFileSync(join(libraryRoot, 'staging/model-999999999-dead/checkpoint.pth'), 'half');
    adding.discard(value(adding.stage()).stageId);
    expect(left()).toEqual([`model-${process.ppid}-living`]);
  });
});
