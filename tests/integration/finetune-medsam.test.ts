import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trainingSetRequestSchema } from '../../src-shared/contract/training-set.ts';
import { applicationRoot } from '../../src-main/entry-file.ts';
import { architectures } from '../../src-main/models/graphs/architectures.ts';
import { expectedTensors } from '../../src-main/models/graphs/tensors.ts';
import { createTrainingSetService } from '../../src-main/training-set/service.ts';
import { needsPython, pythonWith, runPython } from '../support/python.ts';
import {
  ballGeometry,
  ballVoxels,
  SegmentationFixture,
  wholeSlice,
} from '../support/segmentation-fixture.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { memoryVolumes } from '../support/test-library.ts';

const modules = ['torch', 'skimage', 'numpy'];
const python = pythonWith(...modules);
const training = join(applicationRoot(), 'models/training');

test.skipIf(!python)(
  `a model is fine-tuned on the workstation's own export${needsPython(python, ...modules)}`,
  async () => {
    const fixture = new SegmentationFixture();
    const folder = join(temporaryFolder(), 'set');
    try {
      const { id: segmentId } = await fixture.newSegment();
      for (let k = 8; k < 20; k++) await fixture.service.segment({ ...wholeSlice(k), segmentId });
      const exporting = createTrainingSetService({
        database: fixture.database,
        volumes: memoryVolumes({ ball: { geometry: ballGeometry, voxels: ballVoxels } }),
        libraryFolder: '/nowhere/library',
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
        appVersion: '0.1.0',
      });
      const request = trainingSetRequestSchema.parse({ folder, selection: { kind: 'library' } });
      const events = [];
      for await (const event of exporting.write(request)) events.push(event);
      expect(events.at(-1)).toMatchObject({ kind: 'finished', summary: { files: 1, slices: 12 } });
    } finally {
      await fixture.remove();
    }
    const { status, stderr } = spawnSync(
      python!,
      ['-m', 'unittest', 'discover', '-s', join(training, 'finetune_medsam')],
      {
        encoding: 'utf8',
        env: { ...process.env, FINETUNE_DATA: folder, PYTHONDONTWRITEBYTECODE: '1' },
      },
    );
    expect(stderr).toMatch(/Ran \d+ tests/);
    expect(stderr).not.toMatch(/skipped/);
    expect(status, stderr).toBe(0);
  },
  600_000,
);

test.skipIf(!python)(
  `what it saves has the names and shapes of MedSAM's checkpoint${needsPython(python, ...modules)}`,
  () => {
    const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from sam import ARCHITECTURES, Sam
print(json.dumps([[n, list(v.shape)] for n, v in Sam(ARCHITECTURES['sam-vit-b']).state_dict().items()]))`;
    const saved = JSON.parse(runPython(python!, program, [training])) as [string, number[]][];
    expect(saved).toHaveLength(314);
    expect(new Map(saved)).toEqual(expectedTensors(architectures['sam-vit-b']));
  },
  120_000,
);
