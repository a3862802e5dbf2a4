import { describe, expect, it } from 'vitest';
import { burdenTableSchema } from '../contract/burden.ts';
import { burdenTable, type BurdenMeasurement, type BurdenStudy } from './burden-table.ts';

const study = (studyId: string, date: string | null, importedAt = '2024-01-01'): BurdenStudy => ({
  studyId,
  date,
  description: `CT ${studyId}`,
  importedAt,
});

const measurement = (
  studyId: string,
  lesionId: string,
  volumeMl: number | null,
  more: Partial<BurdenMeasurement> = {},
): BurdenMeasurement => ({
  studyId,
  seriesId: `series of ${studyId}`,
  importedAt: '2024-01-01',
  segmentId: `${lesionId} in ${studyId}`,
  lesion: { id: lesionId, name: `Lesion ${lesionId}`, colour: '#e69f00' },
  voxelCount: Math.round((volumeMl ?? 1) * 1000),
  volumeMl,
  complete: true,
  doubtful: false,
  keySlice: { axis: 'k', sliceIndex: 4 },
  ...more,
});

const studies = [
  study('third', '2024-09-01'),
  study('first', '2024-01-01'),
  study('second', '2024-05-01'),
];

describe('burden table', () => {
  it('puts lesions beside time points in the order of dates, with totals and change', () => {
    const table = burdenTable('p', studies, [
      measurement('second', '1', 5),
      measurement('first', '1', 10),
      measurement('first', '2', 4),
      measurement('second', '2', 6),
      measurement('third', '2', 3),
      measurement('third', '3', 1),
    ]);
    expect(burdenTableSchema.parse(table)).toEqual(table);
    expect(
      table.timepoints.map((t) => [
        t.studyId,
        t.totalMl,
        t.changeMl,
        t.changePercent,
        t.lesionCount,
      ]),
    ).toEqual([
      ['first', 14, null, null, 2],
      ['second', 11, -3, (-3 / 14) * 100, 2],
      ['third', 4, -7, (-7 / 11) * 100, 2],
    ]);
    expect(
      table.lesions.map((l) => [
        l.name,
        l.isNew,
        l.cells.map((c) => c && [c.volumeMl, c.changePercent]),
      ]),
    ).toEqual([
      ['Lesion 1', false, [[10, null], [5, -50], null]],
      [
        'Lesion 2',
        false,
        [
          [4, null],
          [6, 50],
          [3, -50],
        ],
      ],
      ['Lesion 3', true, [null, null, [1, null]]],
    ]);
  });

  it('compares a lesion with the previous time point that has it', () => {
    const table = burdenTable('p', studies, [
      measurement('first', '1', 10),
      measurement('second', '2', 1),
      measurement('third', '1', 20),
    ]);
    expect(table.lesions[0]!.cells.map((c) => c?.changePercent ?? null)).toEqual([null, null, 100]);
  });

  it('gives no change in percent from nothing', () => {
    const table = burdenTable('p', studies, [
      measurement('first', '1', 0, { voxelCount: 0 }),
      measurement('second', '1', 2),
    ]);
    expect(table.lesions[0]!.cells.map((c) => [c?.changePercent, c?.caution])).toEqual([
      [null, 'empty'],
      [null, null],
    ]);
    expect(table.timepoints[1]).toMatchObject({ changeMl: 2, changePercent: null });
  });

  it('has no total and no change where a lesion cannot be measured', () => {
    const table = burdenTable('p', studies, [
      measurement('first', '1', 10),
      measurement('second', '1', null),
      measurement('second', '2', 3),
      measurement('third', '1', 5),
    ]);
    expect(table.timepoints.map((t) => [t.totalMl, t.changeMl])).toEqual([
      [10, null],
      [null, null],
      [5, null],
    ]);
    expect(table.lesions[0]!.cells.map((c) => [c?.caution, c?.changePercent])).toEqual([
      [null, null],
      ['not-measurable', null],
      [null, null],
    ]);
  });

  it('counts a lesion seen in two series of a study once, from the series imported first', () => {
    const table = burdenTable('p', studies, [
      measurement('first', '1', 12, { seriesId: 'late', importedAt: '2024-03-01' }),
      measurement('first', '1', 10, { seriesId: 'early', importedAt: '2024-02-01' }),
    ]);
    expect(table.lesions[0]!.cells[0]).toMatchObject({
      seriesId: 'early',
      volumeMl: 10,
      caution: 'measured-twice',
    });
    expect(table.timepoints[0]).toMatchObject({ totalMl: 10, lesionCount: 1 });
  });

  it('warns of boxes without a mask', () => {
    const table = burdenTable('p', studies, [measurement('first', '1', 12, { complete: false })]);
    expect(table.lesions[0]!.cells[0]!.caution).toBe('pending-masks');
  });

  it('puts undated studies last and compares nothing with them', () => {
    const some = [
      study('undated later', null, '2024-08-01'),
      study('undated', null, '2024-07-01'),
      ...studies,
    ];
    const table = burdenTable('p', some, [
      measurement('undated', '1', 7),
      measurement('undated later', '1', 9),
      measurement('undated', '2', 1),
      measurement('first', '1', 10),
    ]);
    expect(table.timepoints.map((t) => [t.studyId, t.totalMl, t.changeMl])).toEqual([
      ['first', 10, null],
      ['undated', 8, null],
      ['undated later', 9, null],
    ]);
    expect(
      table.lesions.map((l) => [l.isNew, l.cells.map((c) => c?.changePercent ?? null)]),
    ).toEqual([
      [false, [null, null, null]],
      [false, [null, null, null]],
    ]);
  });

  it('sorts lesions of one time point by the number in their name', () => {
    const table = burdenTable(
      'p',
      studies,
      ['10', '2', '1'].map((id) => measurement('first', id, 1)),
    );
    expect(table.lesions.map(({ lesionId }) => lesionId)).toEqual(['1', '2', '10']);
  });

  it('of a patient without segments is empty', () => {
    expect(burdenTable('p', studies, [])).toEqual({ patientId: 'p', timepoints: [], lesions: [] });
  });
});
