import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createModelAdding } from '../../src-main/models/adding/service.ts';
import { architectures } from '../../src-main/models/graphs/architectures.ts';
import { expectedTensors } from '../../src-main/models/graphs/tensors.ts';
import type { Architecture } from '../../src-main/models/graphs/types.ts';
import { createModelRegistry } from '../../src-main/models/registry.ts';
import type { ModelFamily } from '../../src-shared/contract/models.ts';
import { diceCoefficient } from '../../src-shared/metrics/dice.ts';
import type { Result } from '../../src-shared/result.ts';
import { writeFormulaCheckpoint, type CheckpointOptions } from '../support/formula-checkpoint.ts';
import { formulaPicture } from '../support/formula-weights.ts';
import { greySlice, inferenceOn, temporaryFolder } from '../support/inference.ts';
import { readSamGolden } from '../support/sam-golden.ts';

/** A library's folder with the services over it, on the CPU. */
function library() {
  const libraryRoot = temporaryFolder();
  const folder = join(libraryRoot, 'models');
  const models = createModelRegistry({
    folders: [folder],
    addedModels: folder,
    chosenDefault: () => null,
    checksOf: (sha256) => inference.checksOf(sha256),
  });
  const inference = inferenceOn(folder, { models });
  return {
    folder,
    models,
    inference,
    adding: createModelAdding({ libraryRoot, models, inference }),
  };
}

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
};

function checkpoint(
  name: string,
  architecture: Architecture,
  options: CheckpointOptions = {},
): string {
  const path = join(temporaryFolder(), name);
  writeFormulaCheckpoint(path, expectedTensors(architectures[architecture]), options);
  return path;
}

const slice = greySlice(120, 90, (x, y) => ((x - 60) ** 2 + (y - 45) ** 2 < 900 ? 200 : 60));

describe('a checkpoint of LiteMedSAM', () => {
  it(
    'becomes a model that is verified, fast to name and usable, and takes no space',
    { timeout: 240_000 },
    async () => {
      const { adding, models, inference, folder } = library();
      const path = checkpoint('lite_medsam.pth', 'lite-medsam');
      const proposal = value(await adding.propose({ paths: [path] }));
      expect(proposal).toMatchObject({
        kind: 'checkpoint',
        name: 'LiteMedSAM',
        families: ['lite-medsam'],
        decidedBy: 'network',
        sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
        beside: [],
      });
      const added = value(await adding.add(proposal.proposalId, { name: 'Formula weights' }));
      expect(added).toMatchObject({
        modelId: `lite-medsam-${proposal.sha256.slice(0, 8)}`,
        name: 'Formula weights',
        checks: [{ provider: 'cpu', passed: true }],
      });
      // One file of two names, or blocks that are shared; nowhere a second copy.
      const inModel = join(folder, added.modelId, 'checkpoint.pth');
      expect(added.taken === 'cloned' || statSync(inModel).ino === statSync(path).ino).toBe(true);
      const [summary] = models.list();
      expect(summary).toMatchObject({
        id: added.modelId,
        removable: true,
        researchOnly: true,
        checks: [{ provider: 'cpu', passed: true }],
      });
      expect(summary!.checks[0]!.encoderMs).toBeGreaterThan(0);
      // What it answers at work is what it was verified with: twice the same, by two processes.
      const job = {
        modelId: added.modelId,
        slice,
        boxPx: [30, 15, 90, 75] as [number, number, number, number],
      };
      const mask = value(await inference.segmentBox(job, {}));
      expect(mask.recipe).toContain('longest-side-pad area rounded slice-min-max');
      expect(value(await inference.verifyModel(added.modelId))).toMatchObject({ verified: true });
      // The same file again is no other model.
      const again = value(await adding.propose({ paths: [path] }));
      expect(await adding.add(again.proposalId)).toMatchObject({
        error: { code: 'model-already-added', params: { name: 'Formula weights' } },
      });
      value(await adding.remove(added.modelId));
      expect([readdirSync(folder), statSync(path).isFile()]).toEqual([[], true]);
    },
  );

  it(
    'is the same model out of a training checkpoint of a GPU with prefixed names',
    { timeout: 240_000 },
    async () => {
      const { adding, models, inference } = library();
      const maskOf = async (path: string) => {
        const proposal = value(await adding.propose({ paths: [path] }));
        const { modelId } = value(await adding.add(proposal.proposalId));
        const job = { modelId, slice, boxPx: [30, 15, 90, 75] as [number, number, number, number] };
        return { proposal, mask: value(await inference.segmentBox(job, {})) };
      };
      const plain = await maskOf(checkpoint('a.pth', 'lite-medsam'));
      const training = await maskOf(
        checkpoint('b.pth', 'lite-medsam', { prefix: 'module.', training: true, device: 'cuda:0' }),
      );
      expect(training.proposal.beside).toEqual(['optimizer', 'epoch']);
      expect(training.mask.bits).toEqual(plain.mask.bits);
      // The prompt encoder is the same, and each says so of the other.
      expect(models.list().map(({ sharesPromptEncoderWith }) => sharesPromptEncoderWith)).toEqual([
        ['LiteMedSAM'],
        ['LiteMedSAM'],
      ]);
    },
  );

  it('is refused when it is cut off, has broken weights, or lacks a tensor', async () => {
    const { adding, folder } = library();
    const refusal = async (path: string) => {
      const proposal = await adding.propose({ paths: [path] });
      return proposal.ok ? null : proposal.error;
    };
    const name = 'mask_decoder.iou_token.weight';
    const broken = checkpoint('nan.pth', 'lite-medsam', {
      change: (tensor, values) => (tensor === name ? values.with(3, NaN) : values),
    });
    expect(await refusal(broken)).toMatchObject({
      code: 'checkpoint-not-finite',
      params: { name, count: 1 },
    });
    truncateSync(broken, statSync(broken).size - 1000);
    expect(await refusal(broken)).toMatchObject({ code: 'checkpoint-cut-off' });
    const shapes = new Map(expectedTensors(architectures['lite-medsam']));
    shapes.delete(name);
    const path = join(temporaryFolder(), 'lacking.pth');
    writeFormulaCheckpoint(path, shapes);
    expect(await refusal(path)).toMatchObject({
      code: 'checkpoint-tensors-differ',
      params: { missing: 1, first: name },
    });
    expect(() => statSync(folder)).toThrow();
  });

  it('that changes between looking and adding is not added', async () => {
    const { adding, models } = library();
    const path = checkpoint('changing.pth', 'lite-medsam');
    const { proposalId } = value(await adding.propose({ paths: [path] }));
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(await adding.add(proposalId)).toMatchObject({
      error: { code: 'checkpoint-damaged', detail: 'The file changed while it was added.' },
    });
    expect(models.list()).toEqual([]);
  });
});

describe('a checkpoint answers the box on a slice as PyTorch does', () => {
  /** Adds it and asks for the first box of PyTorch's reference numbers. */
  async function answered(path: string, architecture: Architecture, family: ModelFamily) {
    const { models: goldens } = readSamGolden();
    const { picture, boxesPx, ...golden } = goldens.find((one) => one.architecture === architecture)!;
    const [widthPx, heightPx, channels] = picture;
    const { adding, inference } = library();
    const proposal = value(await adding.propose({ paths: [path] }));
    expect(proposal.families).toContain(family);
    const added = value(await adding.add(proposal.proposalId, { family }));
    expect(added.checks).toMatchObject([{ provider: 'cpu', passed: true }]);
    const mask = value(
      await inference.segmentBox(
        {
          modelId: added.modelId,
          slice: {
            ...greySlice(widthPx, heightPx, () => 0),
            data: Uint8Array.from(formulaPicture(widthPx, heightPx, channels)),
            channels,
          },
          boxPx: boxesPx[0]!,
        },
        {},
      ),
    );
    const whole = new Uint8Array(widthPx * heightPx);
    const [x0, y0] = mask.originPx;
    const [width] = mask.sizePx;
    mask.bits.forEach((bit, at) => {
      whole[(y0 + Math.floor(at / width)) * widthPx + x0 + (at % width)] = bit;
    });
    const packed = Buffer.from(golden.mask, 'base64');
    const reference = whole.map((_, at) => (packed[at >> 3]! >> (7 - (at & 7))) & 1);
    return { added, mask, dsc: diceCoefficient(whole, reference) };
  }

  it('MobileSAM', { timeout: 300_000 }, async () => {
    const path = checkpoint('mobile_sam.pt', 'mobile-sam');
    const { added, mask, dsc } = await answered(path, 'mobile-sam', 'mobile-sam');
    expect(added.name).toBe('MobileSAM');
    expect(mask.recipe).toContain('longest-side-pad triangle rounded mean-std');
    // But for the embedding, which is kept in half precision.
    expect(dsc).toBeGreaterThan(0.99);
  });

  it('MedSAM, its weights in half precision', { timeout: 480_000 }, async () => {
    const path = checkpoint('medsam_vit_b.pth', 'sam-vit-b', { half: true });
    expect(statSync(path).size).toBeLessThan(190e6);
    const { mask, dsc } = await answered(path, 'sam-vit-b', 'medsam-vit-b');
    expect(mask.recipe).toContain('stretch cubic-spline truncated slice-min-max');
    expect(dsc).toBeGreaterThan(0.99);
  });
});
