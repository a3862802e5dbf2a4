import { afterAll, describe, expect, it } from 'vitest';
import {
  dicomFile,
  PhantomFolder,
  positionOf,
  sliceDataset,
  stackDatasets,
  straightStack,
  type Dataset,
} from '../../../tests/support/dicom-phantom.ts';
import type { DecodedVolume, PlannedSeries } from '../types.ts';
import { decodeDicomSeries, planDicomFiles } from './index.ts';

const folder = new PhantomFolder();
afterAll(() => folder.remove());

let count = 0;
async function imported(
  datasets: Dataset[],
): Promise<{ series: PlannedSeries; volume: DecodedVolume }> {
  const plan = await planDicomFiles(folder.writeAll(datasets, `${++count}/`));
  expect(plan.refused).toEqual([]);
  expect(plan.series).toHaveLength(1);
  const series = plan.series[0]!;
  const result = await decodeDicomSeries(series);
  if (!result.ok) throw new Error(result.error.detail);
  return { series, volume: result.value };
}

const codes = (volume: DecodedVolume) => volume.issues.map((issue) => issue.code);

/** A picture of 4 × 1 pixels with the given stored values. */
const picture = (
  pixels: Uint8Array | Uint16Array | Int16Array | Int8Array,
  changes: Dataset = {},
): Dataset => {
  const bits = pixels.BYTES_PER_ELEMENT * 8;
  return sliceDataset(straightStack, 0, {
    Rows: 1, Columns: pixels.length / ((changes.SamplesPerPixel as number | undefined) ?? 1),
    BitsAllocated: bits, BitsStored: bits, HighBit: bits - 1,
    PixelRepresentation: pixels instanceof Int16Array || pixels instanceof Int8Array ? 1 : 0,
    PixelData: pixels.slice().buffer,
    ...changes,
  }); // prettier-ignore
};

describe('stored values', () => {
  it.each<[string, Dataset, string, number[]]>([
    [
      'signed 16 bit',
      picture(Int16Array.of(-32768, -1, 0, 32767)),
      'int16',
      [-32768, -1, 0, 32767],
    ],
    [
      'unsigned 16 bit that fits int16',
      picture(Uint16Array.of(0, 1, 2, 32767)),
      'int16',
      [0, 1, 2, 32767],
    ],
    [
      'unsigned 16 bit beyond int16',
      picture(Uint16Array.of(0, 1, 32768, 65535)),
      'uint16',
      [0, 1, 32768, 65535],
    ],
    ['8 bit', picture(Uint8Array.of(0, 7, 128, 255)), 'uint8', [0, 7, 128, 255]],
    ['signed 8 bit', picture(Int8Array.of(-128, -1, 0, 127)), 'int16', [-128, -1, 0, 127]],
    [
      'a CT rescale',
      picture(Uint16Array.of(0, 24, 1024, 4095), { RescaleSlope: 1, RescaleIntercept: -1024 }),
      'int16',
      [-1024, -1000, 0, 3071],
    ],
    [
      'a fractional slope',
      picture(Uint16Array.of(0, 1, 2, 3), { RescaleSlope: 0.5, RescaleIntercept: 10 }),
      'float32',
      [10, 10.5, 11, 11.5],
    ],
    [
      'a rescale beyond 16 bits',
      picture(Uint16Array.of(0, 1, 2, 60000), { RescaleSlope: 2, RescaleIntercept: -5 }),
      'float32',
      [-5, -3, -1, 119995],
    ],
    [
      '12 of 16 bits, signed',
      picture(Int16Array.of(0x0fff, 0x0800, 0x07ff, 5), { BitsStored: 12, HighBit: 11 }),
      'int16',
      [-1, -2048, 2047, 5],
    ],
    [
      'a value in the high bits',
      picture(Uint16Array.of(0x0010, 0x7ff0, 0xfff0, 0), { BitsStored: 12, HighBit: 15 }),
      'int16',
      [1, 2047, 4095, 0],
    ],
  ])('%s', async (_name, dataset, type, expected) => {
    const { volume } = await imported([dataset]);
    expect(volume.dataType).toBe(type);
    expect([...volume.voxels]).toEqual(expected);
    expect(volume.valueRange).toEqual([Math.min(...expected), Math.max(...expected)]);
    expect(codes(volume)).not.toContain('high-bits-masked');
  });

  it('loses an overlay in the bits above the value and says so', async () => {
    const { volume } = await imported([
      picture(Uint16Array.of(0x8003, 0x0fff, 0x1000, 7), { BitsStored: 12, HighBit: 11 }),
    ]);
    expect([...volume.voxels]).toEqual([3, 4095, 0, 7]);
    expect(codes(volume)).toContain('high-bits-masked');
  });

  it('are rescaled slice by slice', async () => {
    const datasets = stackDatasets(straightStack, (k) => ({
      Modality: 'PT', Units: 'BQML', RescaleSlope: k + 0.5, RescaleIntercept: 0,
      PixelData: new Int16Array(30).fill(10 * (k + 1)).buffer,
    })); // prettier-ignore
    const { series, volume } = await imported(datasets);
    expect(volume.dataType).toBe('float32');
    expect([0, 1, 2, 3].map((k) => volume.voxels[30 * k + 17])).toEqual([5, 30, 75, 140]);
    expect(codes(volume)).toContain('rescale-varies');
    expect(series.valueUnit).toBe('Bq/ml');
  });

  it('have one type whatever slice comes first', async () => {
    const high = (k: number) => ({
      PixelRepresentation: 0,
      PixelData: new Uint16Array(30).fill(k === 3 ? 40000 : k).buffer,
    });
    const { volume } = await imported(stackDatasets(straightStack, high));
    expect(volume.dataType).toBe('uint16');
    const { volume: reversed } = await imported(stackDatasets(straightStack, (k) => high(3 - k)));
    expect(reversed.dataType).toBe('uint16');
    expect([...reversed.voxels].toSorted()).toEqual([...volume.voxels].toSorted());
  });

  it('go through a modality table', async () => {
    const { volume } = await imported([
      picture(Uint16Array.of(9, 10, 12, 500), {
        Modality: 'DX',
        ModalityLUTSequence: [
          {
            LUTDescriptor: [3, 10, 16],
            LUTData: [100, 200, 400],
            ModalityLUTType: 'US',
            _vrMap: { LUTDescriptor: 'US', LUTData: 'US' },
          },
        ],
      }),
    ]);
    expect([...volume.voxels]).toEqual([100, 100, 400, 400]);
  });
});

describe('MONOCHROME1', () => {
  it('is turned round with its window, so that bright is high', async () => {
    const { volume } = await imported([
      picture(Uint16Array.of(0, 1, 1000, 4095), {
        Modality: 'DX',
        PhotometricInterpretation: 'MONOCHROME1',
        BitsStored: 12,
        HighBit: 11,
        WindowCenter: 1000,
        WindowWidth: 300,
      }),
    ]);
    expect([...volume.voxels]).toEqual([4095, 4094, 3095, 0]);
    expect(volume.windows).toEqual([{ level: 3095, width: 300 }]);
    expect(volume.issues).toContainEqual(
      expect.objectContaining({ code: 'monochrome1-inverted', severity: 'corrected' }),
    );
  });

  it('keeps Hounsfield units what they are', async () => {
    const { volume } = await imported([
      picture(Int16Array.of(-1000, 0, 40, 400), {
        PhotometricInterpretation: 'MONOCHROME1',
        RescaleType: 'HU',
        RescaleSlope: 1,
        RescaleIntercept: 0,
      }),
    ]);
    expect([...volume.voxels]).toEqual([-1000, 0, 40, 400]);
  });
});

describe('windows', () => {
  it('come in the order of the file, each once, without impossible ones', async () => {
    const { volume } = await imported([
      picture(Int16Array.of(0, 1, 2, 3), {
        WindowCenter: [40, 40, -600, 10, 5],
        WindowWidth: [400, 400, 1500, 0, 0.5],
      }),
    ]);
    expect(volume.windows).toEqual([
      { level: 40, width: 400 },
      { level: -600, width: 1500 },
      { level: 5, width: 0.5 },
    ]);
  });
});

describe('colour', () => {
  const rgb = {
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PixelSpacing: undefined,
    ImagePositionPatient: undefined,
  };
  const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7);

  it('by pixel stays as it is', async () => {
    const { volume } = await imported([picture(pixels, { ...rgb, PlanarConfiguration: 0 })]);
    expect(volume).toMatchObject({ channels: 3, dataType: 'uint8' });
    expect([...volume.voxels]).toEqual([...pixels]);
  });

  it('by plane is interleaved', async () => {
    const planes = Uint8Array.of(255, 0, 0, 9, 0, 255, 0, 8, 0, 0, 255, 7);
    const { volume } = await imported([picture(planes, { ...rgb, PlanarConfiguration: 1 })]);
    expect([...volume.voxels]).toEqual([...pixels]);
  });

  it('as luminance and chrominance becomes RGB', async () => {
    // ITU-R BT.601, full range: red, green, blue and grey.
    const ybr = Uint8Array.of(76, 85, 255, 150, 44, 21, 29, 255, 107, 128, 128, 128);
    const { volume } = await imported([
      picture(ybr, { ...rgb, PhotometricInterpretation: 'YBR_FULL', PlanarConfiguration: 0 }),
    ]);
    const expected = [254, 0, 0, 0, 255, 1, 0, 0, 254, 128, 128, 128];
    for (const [n, value] of volume.voxels.entries())
      expect(Math.abs(value - expected[n]!)).toBeLessThanOrEqual(1);
    expect(codes(volume)).toContain('ybr-converted');
  });

  it('of 16 bits is brought to 8', async () => {
    const wide = Uint16Array.of(65535, 0, 32768, 257, 1, 65278);
    const { volume } = await imported([picture(wide, { ...rgb, PlanarConfiguration: 0 })]);
    expect([...volume.voxels]).toEqual([255, 0, 128, 1, 0, 254]);
  });

  it('from a palette is looked up', async () => {
    const table = (values: number[]) => Uint16Array.from(values).buffer;
    const { volume } = await imported([
      picture(Uint8Array.of(0, 1, 2, 3), {
        PhotometricInterpretation: 'PALETTE COLOR', PixelSpacing: undefined, ImagePositionPatient: undefined,
        RedPaletteColorLookupTableDescriptor: [3, 1, 16], GreenPaletteColorLookupTableDescriptor: [3, 1, 16], BluePaletteColorLookupTableDescriptor: [3, 1, 16],
        RedPaletteColorLookupTableData: table([0, 0x1000, 0xff00]), GreenPaletteColorLookupTableData: table([0x0100, 0x2000, 0]), BluePaletteColorLookupTableData: table([0xff00, 0x3000, 0]),
        _vrMap: { PixelData: 'OW', RedPaletteColorLookupTableDescriptor: 'US', GreenPaletteColorLookupTableDescriptor: 'US', BluePaletteColorLookupTableDescriptor: 'US' },
      }), // prettier-ignore
    ]);
    // Index 0 lies before the table and takes its first entry.
    expect([...volume.voxels]).toEqual([0, 1, 255, 0, 1, 255, 0x10, 0x20, 0x30, 255, 0, 0]);
    expect(codes(volume)).toContain('palette-expanded');
  });
});

describe('an enhanced multi-frame file', () => {
  const slices = 5;
  /** Frames in no order of place, each with its own scale. */
  const order = [3, 0, 4, 1, 2];
  const enhanced = (changes: Dataset = {}): Dataset => ({
    ...sliceDataset(straightStack, 0),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1',
    ImagePositionPatient: undefined, ImageOrientationPatient: undefined, PixelSpacing: undefined, SliceThickness: undefined,
    NumberOfFrames: slices,
    PixelData: Int16Array.from({ length: 30 * slices }, (_, n) => 100 * order[Math.floor(n / 30)]! + (n % 30)).buffer,
    SharedFunctionalGroupsSequence: [
      {
        PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
        PixelMeasuresSequence: [{ PixelSpacing: [1.3, 0.7], SliceThickness: 2.5 }],
        FrameVOILUTSequence: [{ WindowCenter: 40, WindowWidth: 400 }],
      },
    ],
    PerFrameFunctionalGroupsSequence: order.map((k) => ({
      PlanePositionSequence: [{ ImagePositionPatient: positionOf(straightStack, k) }],
      PixelValueTransformationSequence: [{ RescaleSlope: 1, RescaleIntercept: -k, RescaleType: 'HU' }],
    })),
    ...changes,
  }); // prettier-ignore
  const clean = (dataset: Dataset) =>
    Object.fromEntries(Object.entries(dataset).filter(([, value]) => value !== undefined));

  it('becomes a volume, its frames in the order of their places', async () => {
    const { series, volume } = await imported([clean(enhanced())]);
    expect(series).toMatchObject({ kind: 'volume', measurable: true, valueUnit: 'HU' });
    expect(series.slices.map((slice) => slice.frame)).toEqual([1, 3, 4, 0, 2]);
    expect(series.geometry).toMatchObject({ sizeVx: [6, 5, 5], originMm: [-20, 10, 50] });
    expect(volume.geometry.spacingMm.map((mm) => Number(mm.toFixed(9)))).toEqual([0.7, 1.3, 2.5]);
    expect(volume.windows).toEqual([{ level: 40, width: 400 }]);
    expect([0, 1, 2, 3, 4].map((k) => volume.voxels[30 * k + 7])).toEqual(
      [0, 1, 2, 3, 4].map((k) => 99 * k + 7),
    );
  });

  it('with two time points is split', async () => {
    const temporal = order.map((k, n) => ({
      PlanePositionSequence: [{ ImagePositionPatient: positionOf(straightStack, n % 2) }],
      FrameContentSequence: [
        { TemporalPositionIndex: Math.floor(n / 2) + 1, FrameAcquisitionNumber: k },
      ],
    }));
    const plan = await planDicomFiles([
      folder.write(
        'temporal.dcm',
        dicomFile(
          clean(
            enhanced({ NumberOfFrames: 4, PerFrameFunctionalGroupsSequence: temporal.slice(0, 4) }),
          ),
        ),
      ),
    ]);
    expect(plan.series.map((series) => series.slices.map((slice) => slice.frame))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(plan.series[1]!.issues.map((issue) => issue.code)).toContain('temporal-frames-split');
  });
});

describe('a film', () => {
  const film = (changes: Dataset = {}): Dataset =>
    sliceDataset(straightStack, 0, {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.3.1', Modality: 'US', NumberOfFrames: 3,
      ImagePositionPatient: undefined, ImageOrientationPatient: undefined, PixelSpacing: undefined,
      PixelData: Int16Array.from({ length: 90 }, (_, n) => n).buffer,
      ...changes,
    }); // prettier-ignore
  const region = (mm: number) => ({
    RegionSpatialFormat: 1, PhysicalUnitsXDirection: 3, PhysicalUnitsYDirection: 3, PhysicalDeltaX: mm / 10, PhysicalDeltaY: mm / 10,
  }); // prettier-ignore

  it('of ultrasound is a stack with the spacing of its calibrated region', async () => {
    const { series, volume } = await imported([
      film({ SequenceOfUltrasoundRegions: [region(0.4)] }),
    ]);
    expect(series).toMatchObject({
      kind: 'stack',
      hasSpacing: true,
      measurable: true,
      issues: [],
    });
    expect(series.geometry!.sizeVx).toEqual([6, 5, 3]);
    expect(series.geometry!.spacingMm[0]).toBeCloseTo(0.4, 6);
    expect([...volume.voxels]).toEqual(Array.from({ length: 90 }, (_, n) => n));
  });

  it('with two scales has no spacing', async () => {
    const { series } = await imported([
      film({ SequenceOfUltrasoundRegions: [region(0.4), region(0.2)] }),
    ]);
    expect(series.hasSpacing).toBe(false);
  });

  it('of a nuclear tomogram is a volume', async () => {
    const { series } = await imported([
      film({
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.20', Modality: 'NM', ImageType: ['ORIGINAL', 'PRIMARY', 'RECON TOMO', 'EMISSION'],
        PixelSpacing: [4, 4], SpacingBetweenSlices: -3,
        DetectorInformationSequence: [{ ImagePositionPatient: [0, 0, 90], ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
      }), // prettier-ignore
    ]);
    expect(series).toMatchObject({ kind: 'volume', measurable: true });
    expect(series.geometry).toMatchObject({ originMm: [0, 0, 84], spacingMm: [4, 4, 3] });
    expect(series.slices.map((slice) => slice.frame)).toEqual([2, 1, 0]);
  });
});
