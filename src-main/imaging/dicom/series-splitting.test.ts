import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  dicomFile, PhantomFolder, positionOf, sliceDataset, stackDatasets, straightStack, type Dataset,
} from '../../../tests/support/dicom-phantom.ts'; // prettier-ignore
import type { InputFile } from '../types.ts';
import { decodeDicomSeries, planDicomFiles } from './index.ts';

const folder = new PhantomFolder();
afterAll(() => folder.remove());

const mr = '1.2.840.10008.5.1.4.1.1.4';
const codes = (series: { issues: { code: string }[] }) => series.issues.map((issue) => issue.code);

/** The stack several times over, each time with other attributes and UIDs. */
const repeated = (changes: Dataset[]): Dataset[] =>
  changes.flatMap((change, n) =>
    stackDatasets(straightStack, (k) => ({
      SOPInstanceUID: `1.2.9.${n + 1}.${k + 1}`,
      InstanceNumber: n * straightStack.slices + k + 1,
      ...change,
    })),
  );

describe('one series with several slices at each place', () => {
  it.each<[string, Dataset[], string, string]>([
    [
      'time points',
      [1, 2, 3].map((n) => ({ TemporalPositionIdentifier: n })),
      'temporal-frames-split',
      'temporalPosition',
    ],
    ['echoes', [20, 80].map((n) => ({ EchoTime: n })), 'duplicate-positions-split', 'echo'],
    [
      'image types',
      ['M', 'P'].map((n) => ({ ImageType: ['ORIGINAL', 'PRIMARY', n] })),
      'duplicate-positions-split',
      'imageType',
    ],
    [
      'acquisitions',
      [1, 2].map((n) => ({ AcquisitionNumber: n })),
      'duplicate-positions-split',
      'acquisition',
    ],
  ])('is split by its %s', async (_name, changes, code, by) => {
    const datasets = repeated(
      changes.map((change) => ({ ...change, Modality: 'MR', SOPClassUID: mr })),
    );
    const plan = await planDicomFiles(folder.writeAll(datasets, `split-${by}/`));
    expect(plan.refused).toEqual([]);
    expect(plan.series.map((series) => series.uid)).toEqual(
      changes.map((_, n) => (n === 0 ? '1.2.826.0.1.88' : `1.2.826.0.1.88#${n + 1}`)),
    );
    for (const [n, series] of plan.series.entries()) {
      expect(series).toMatchObject({ kind: 'volume', measurable: true });
      expect(series.issues).toContainEqual(
        expect.objectContaining({ code, params: { parts: changes.length, by } }),
      );
      expect(series.files.map((file) => file.shownPath)).toEqual(
        [0, 1, 2, 3].map((k) => `split-${by}/${n * 4 + k}.dcm`),
      );
    }
  });

  it('is split by order where nothing tells them apart', async () => {
    const plan = await planDicomFiles(folder.writeAll(repeated([{}, {}]), 'order/'));
    expect(plan.series.map((series) => [series.kind, series.slices.length])).toEqual([
      ['volume', 4],
      ['volume', 4],
    ]);
    expect(codes(plan.series[0]!)).toContain('duplicate-positions-split');
  });

  it('is a stack in time when all lie at one place', async () => {
    const film = Array.from({ length: 5 }, (_, n) =>
      sliceDataset(straightStack, 0, {
        SOPInstanceUID: `1.2.8.${n + 1}`,
        InstanceNumber: n + 1,
        TriggerTime: 100 * (5 - n),
      }),
    );
    const plan = await planDicomFiles(folder.writeAll(film, 'film/'));
    expect(plan.series).toHaveLength(1);
    expect(plan.series[0]).toMatchObject({ kind: 'stack', measurable: true });
    expect(codes(plan.series[0]!)).toEqual(['one-position-stack']);
    expect(plan.series[0]!.files.map((file) => file.shownPath)).toEqual(
      [4, 3, 2, 1, 0].map((n) => `film/${n}.dcm`),
    );
  });
});

describe('one series with different pictures', () => {
  it('is split by size, and a localizer comes last', async () => {
    const wide = {
      ...straightStack,
      columns: 9,
      originMm: [0, 0, 200] as [number, number, number],
    };
    const scout = sliceDataset(straightStack, 20, {
      ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'],
    });
    const datasets = [
      scout,
      ...stackDatasets(straightStack),
      ...stackDatasets({ ...wide, slices: 3 }, (k) => ({ SOPInstanceUID: `1.2.7.${k + 1}` })),
    ];
    const plan = await planDicomFiles(folder.writeAll(datasets, 'sizes/'));
    expect(plan.series.map((series) => [series.kind, ...series.geometry!.sizeVx])).toEqual([
      ['volume', 6, 5, 4], ['volume', 9, 5, 3], ['image', 6, 5, 1],
    ]); // prettier-ignore
    expect(codes(plan.series[0]!)).toContain('mixed-sizes-split');
  });

  it('is split by plane', async () => {
    const sagittal = {
      ...straightStack,
      row: [0, 1, 0],
      column: [0, 0, -1],
      stepMm: [2, 0, 0],
    } as typeof straightStack;
    const datasets = [
      ...stackDatasets(straightStack),
      ...stackDatasets(sagittal, (k) => ({ SOPInstanceUID: `1.2.6.${k + 1}` })),
    ];
    const plan = await planDicomFiles(folder.writeAll(datasets, 'planes/'));
    expect(plan.series.map((series) => series.kind)).toEqual(['volume', 'volume']);
    expect(codes(plan.series[0]!)).toContain('mixed-orientations-split');
  });

  it('stays one stack where every slice has its own plane', async () => {
    const radial = Array.from({ length: 6 }, (_, k) =>
      sliceDataset(straightStack, k, {
        ImageOrientationPatient: [Math.cos(k * 0.5), Math.sin(k * 0.5), 0, 0, 0, -1].map((v) =>
          Number(v.toFixed(6)),
        ),
      }),
    );
    const plan = await planDicomFiles(folder.writeAll(radial, 'radial/'));
    expect(plan.series).toHaveLength(1);
    expect(plan.series[0]).toMatchObject({ kind: 'stack', measurable: false });
    expect(codes(plan.series[0]!)).toEqual(['mixed-orientations']);
  });

  it('takes each radiograph as an image of its own', async () => {
    const views = [1, 2].map((n) =>
      sliceDataset(straightStack, 0, {
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1', Modality: 'DX', SOPInstanceUID: `1.2.5.${n}`, InstanceNumber: n,
        ImagePositionPatient: undefined, ImageOrientationPatient: undefined, PixelSpacing: undefined, ImagerPixelSpacing: [0.2, 0.1],
      }),
    ); // prettier-ignore
    const plan = await planDicomFiles(folder.writeAll(views, 'views/'));
    expect(plan.series.map((series) => series.kind)).toEqual(['image', 'image']);
    expect(plan.series[0]!.geometry!.spacingMm).toEqual([0.1, 0.2, 1]);
    expect(plan.series[0]!.issues).toContainEqual(
      expect.objectContaining({ code: 'spacing-from-imager', notMeasurable: true }),
    );
  });
});

describe('files that repeat each other', () => {
  it('leaves copies out and names them', async () => {
    const files = folder.writeAll(stackDatasets(straightStack), 'copies/');
    const copy: InputFile = {
      path: join(folder.path, 'copies/copy.dcm'),
      shownPath: 'copies/copy.dcm',
    };
    copyFileSync(files[2]!.path, copy.path);
    const plan = await planDicomFiles([...files, copy]);
    expect(plan.series).toHaveLength(1);
    expect(plan.series[0]).toMatchObject({ kind: 'volume', measurable: true });
    expect(plan.series[0]!.slices).toHaveLength(4);
    expect(codes(plan.series[0]!)).toContain('duplicate-instances-ignored');
    expect(plan.refused).toEqual([
      {
        path: 'copies/copy.dcm',
        issue: expect.objectContaining({ code: 'duplicate-instances-ignored', severity: 'note' }),
      },
    ]);
  });

  it('keeps slices that share a UID but not their pixels or place', async () => {
    const careless = stackDatasets(straightStack, () => ({ SOPInstanceUID: '1.2.4.1' }));
    const plan = await planDicomFiles(folder.writeAll(careless, 'careless/'));
    expect(plan.refused).toEqual([]);
    expect(plan.series).toHaveLength(1);
    expect(plan.series[0]).toMatchObject({ kind: 'volume', measurable: true });
    expect(plan.series[0]!.slices).toHaveLength(4);
  });

  it('keeps two patients apart that share a series UID', async () => {
    const other = stackDatasets(straightStack, () => ({ PatientID: 'P-2', PatientName: 'Other' }));
    const files = [
      ...folder.writeAll(stackDatasets(straightStack), 'p1/'),
      ...folder.writeAll(other, 'p2/'),
    ];
    const plan = await planDicomFiles(files);
    expect(
      plan.series.map((series) => [series.patient.code, series.uid, series.slices.length]),
    ).toEqual([
      ['P-1', '1.2.826.0.1.88', 4],
      ['P-2', '1.2.826.0.1.88#2', 4],
    ]);
  });
});

describe('files without identifiers', () => {
  const anonymous = (k: number): Dataset => ({
    SOPInstanceUID: '', SeriesInstanceUID: '', StudyInstanceUID: '', InstanceNumber: k + 1,
  }); // prettier-ignore

  it('are grouped by folder and get an identity from their contents', async () => {
    const here = folder.writeAll(stackDatasets(straightStack, anonymous), 'blank/a/');
    const plan = await planDicomFiles(here);
    expect(plan.series).toHaveLength(1);
    expect(plan.series[0]).toMatchObject({ kind: 'volume', measurable: true });
    expect(codes(plan.series[0]!)).toContain('blank-uid');
    expect(plan.series[0]!.uid).toMatch(/^series-[0-9a-f]{32}$/);
    const elsewhere = folder.writeAll(stackDatasets(straightStack, anonymous), 'other place/');
    const again = await planDicomFiles([...elsewhere].reverse());
    expect(again.series[0]!.uid).toBe(plan.series[0]!.uid);
    expect(again.series[0]!.study.uid).toBe(plan.series[0]!.study.uid);
  });

  it('in two folders are two series', async () => {
    const shifted = { ...straightStack, originMm: [0, 0, 400] as [number, number, number] };
    const files = [
      ...folder.writeAll(stackDatasets(straightStack, anonymous), 'blank/b/'),
      ...folder.writeAll(stackDatasets(shifted, anonymous), 'blank/c/'),
    ];
    const plan = await planDicomFiles(files);
    expect(plan.series.map((series) => series.slices.length)).toEqual([4, 4]);
    expect(new Set(plan.series.map((series) => series.uid)).size).toBe(2);
  });
});

describe('files that cannot be opened', () => {
  it('names a cut file, and says that its series lacks the slice', async () => {
    const files = folder.writeAll(stackDatasets({ ...straightStack, slices: 6 }), 'cut/');
    const whole = readFileSync(files[2]!.path);
    folder.write('cut/2.dcm', whole.subarray(0, whole.length - 20));
    const plan = await planDicomFiles(files);
    expect(plan.refused).toEqual([
      {
        path: 'cut/2.dcm',
        issue: expect.objectContaining({
          code: 'truncated-pixel-data',
          severity: 'refused',
          params: { expected: '60 bytes', present: '40 bytes' },
        }),
      },
    ]);
    expect(plan.series[0]).toMatchObject({ kind: 'stack', measurable: false });
    expect(codes(plan.series[0]!)).toEqual(
      expect.arrayContaining(['slices-refused', 'missing-slices']),
    );
  });

  it('names a file whose header is cut, an empty one and one that is no DICOM', async () => {
    const whole = dicomFile(sliceDataset(straightStack, 0));
    const files = [
      folder.write('bad/cut-header.dcm', whole.subarray(0, 400)),
      folder.write('bad/empty.dcm', new Uint8Array(0)),
      folder.write('bad/text.dcm', Buffer.from('this is a letter, not an image '.repeat(20))),
      { path: join(folder.path, 'bad/gone.dcm'), shownPath: 'bad/gone.dcm' },
    ];
    const plan = await planDicomFiles(files);
    expect(plan.series).toEqual([]);
    expect(plan.refused.map(({ path, issue }) => [path, issue.code])).toEqual([
      ['bad/cut-header.dcm', 'broken-dicom'],
      ['bad/empty.dcm', 'empty-file'],
      ['bad/gone.dcm', 'unreadable-file'],
      ['bad/text.dcm', 'broken-dicom'],
    ]);
  });

  it.each<[string, Dataset, string]>([
    ['a segmentation', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4' }, 'unsupported-object'],
    ['32-bit pixels', { BitsAllocated: 32, BitsStored: 32, HighBit: 31 }, 'unsupported-bits'],
    ['1-bit pixels', { BitsAllocated: 1, BitsStored: 1, HighBit: 0 }, 'unsupported-bits'],
    [
      'an unknown colour kind',
      { PhotometricInterpretation: 'CMYK', SamplesPerPixel: 4 },
      'unsupported-photometric',
    ],
    ['no pixels', { PixelData: undefined }, 'no-pixel-data'],
  ])('refuses %s with its reason', async (_name, change, code) => {
    const plan = await planDicomFiles(
      folder.writeAll([sliceDataset(straightStack, 0, change)], `refused-${code}/`),
    );
    expect(plan.series).toEqual([]);
    expect(plan.refused.map(({ issue }) => [issue.code, issue.severity])).toEqual([
      [code, 'refused'],
    ]);
  });

  it('fails the decoding by name when a file changed after planning', async () => {
    const files = folder.writeAll(stackDatasets(straightStack), 'changed/');
    const plan = await planDicomFiles(files);
    folder.write('changed/1.dcm', readFileSync(files[1]!.path).subarray(0, -8));
    const result = await decodeDicomSeries(plan.series[0]!);
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'decode-failed', params: { path: 'changed/1.dcm' } },
    });
  });
});

describe('stopping', () => {
  it('planning throws the reason, decoding ends as cancelled', async () => {
    const files = folder.writeAll(stackDatasets(straightStack), 'stop/');
    const plan = await planDicomFiles(files);
    const stop = new AbortController();
    const planning = planDicomFiles(files, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(planning).rejects.toThrow(/abort/i);
    const result = await decodeDicomSeries(plan.series[0]!, { signal: stop.signal });
    expect(result).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('reports every file and every slice', async () => {
    const files = folder.writeAll(stackDatasets(straightStack), 'progress/');
    const seen: [number, number][] = [];
    const plan = await planDicomFiles(files, {
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(seen).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
    const slices: number[] = [];
    await decodeDicomSeries(plan.series[0]!, { onSlice: (done) => slices.push(done) });
    expect(slices).toEqual([1, 2, 3, 4]);
  });
});

it('reads the class of an image from the meta header when the dataset lacks it', async () => {
  const bytes = dicomFile({ ...sliceDataset(straightStack, 0), SOPClassUID: undefined });
  const plan = await planDicomFiles([folder.write('meta/0.dcm', bytes)]);
  expect(plan.series[0]).toMatchObject({ kind: 'image', modality: 'CT' });
  expect(plan.series[0]!.geometry!.originMm).toEqual(positionOf(straightStack, 0));
});

describe('a head CT that is thin through the skull base and thick above', () => {
  const slice = (k: number, zMm: number, thicknessMm: number) =>
    sliceDataset(straightStack, k, {
      SOPInstanceUID: `1.2.7.${k + 1}`,
      InstanceNumber: k + 1,
      SliceThickness: thicknessMm,
      ImagePositionPatient: [0, 0, zMm],
    });
  const thin = [0, 1, 2, 3].map((k) => slice(k, 2.5 * k, 2.5));

  it('opens as two volumes that can be measured, and says so', async () => {
    const thick = [4, 5, 6].map((k) => slice(k, 8.75 + 5 * (k - 4), 5));
    const plan = await planDicomFiles(folder.writeAll([...thin, ...thick], 'two-blocks/'));
    expect(plan.series).toHaveLength(2);
    expect(plan.series.map(({ geometry }) => [geometry!.sizeVx[2], geometry!.spacingMm[2]])).toEqual([
      [4, 2.5],
      [3, 5],
    ]);
    for (const series of plan.series) {
      expect(series).toMatchObject({ kind: 'volume', measurable: true });
      expect(series.issues).toContainEqual(
        expect.objectContaining({ code: 'mixed-spacings-split', params: { parts: 2, spacings: '2.5, 5' } }),
      );
    }
  });

  it('stays a stack without measurements when a slice of a block is missing', async () => {
    const holed = [4, 5, 7, 8].map((k) => slice(k, 8.75 + 5 * (k - 4), 5));
    const plan = await planDicomFiles(folder.writeAll([...thin, ...holed], 'holed-blocks/'));
    expect(plan.series).toHaveLength(1);
    expect(plan.series[0]).toMatchObject({ kind: 'stack', measurable: false });
  });
});
