import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realData, sharedData } from '../../../tests/support/shared-data.ts';
import { decodeDicomSeries, planDicomFiles } from './index.ts';

describe.skipIf(!sharedData)(`a complete MR series ${realData}`, () => {
  it('becomes one measurable volume, whatever the order of the files', async () => {
    // Not outside the test: the body of a suite runs, too, where the suite is skipped.
    const folder = join(sharedData!, 'dicom', 'mr-brain-t1post-22slices');
    const files = readdirSync(folder).map((name) => ({
      path: join(folder, name),
      shownPath: name,
    }));
    const plan = await planDicomFiles(files);
    expect(plan.refused).toEqual([]);
    expect(plan.series).toHaveLength(1);
    expect(plan.series[0]).toMatchObject({ kind: 'volume', measurable: true, modality: 'MR' });
    const reversed = await planDicomFiles([...files].reverse());
    expect(reversed).toEqual(plan);
    const decoded = await decodeDicomSeries(plan.series[0]!);
    if (!decoded.ok) throw new Error(decoded.error.detail);
    expect(decoded.value).toMatchObject({ dataType: 'int16', valueRange: [0, 9774] });
  });
});
