import { type Db, writeTransaction } from '../../src-main/library/database.ts';
import { refreshPatient } from '../../src-main/library/patients.ts';
import { patients, series, studies } from '../../src-main/library/schema/index.ts';

/**
 * Fills a library with records (no files): each patient has two studies that share the series
 * between them, CT and MR. Returns the names in no special order.
 */
export function addManySeries(
  db: Db,
  count: { patients: number; seriesPerPatient: number },
): string[] {
  const names: string[] = [];
  writeTransaction(db, (tx) => {
    for (let n = 0; n < count.patients; n++) {
      const number = String((n * 7919) % count.patients).padStart(4, '0');
      const name = `Patient^Number${number}`;
      names.push(name);
      const patientId = crypto.randomUUID();
      const importedAt = new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString();
      tx.insert(patients)
        .values({
          id: patientId,
          identity: name,
          name,
          code: `C${n}`,
          birthDate: '1950-01-01',
          sex: 'O',
          createdAt: importedAt,
          importedAt,
        })
        .run();
      const twoStudies = [0, 1].map((s) => ({
        id: crypto.randomUUID(),
        patientId,
        uid: `${n}.${s}`,
        date: day((n * 37 + s * 90) % 2000),
        description: s ? 'MR liver' : 'CT abdomen',
        accessionNumber: `A${n}${s}`,
      }));
      tx.insert(studies).values(twoStudies).run();
      const rows = Array.from({ length: count.seriesPerPatient }, (_, m) => ({
        ...oneSeries,
        id: crypto.randomUUID(),
        studyId: twoStudies[m % 2]!.id,
        uid: `${n}.${m}`,
        modality: m % 2 ? 'MR' : 'CT',
        number: m,
        description: m % 2 ? 'T2 axial' : 'Portal venous 3 mm',
        importedAt,
      }));
      tx.insert(series).values(rows).run();
      refreshPatient(tx, patientId);
    }
  });
  return names;
}

const day = (after2020: number) =>
  new Date(Date.UTC(2020, 0, 1) + after2020 * 86_400_000).toISOString().slice(0, 10);

const oneSeries = {
  bodyPart: 'ABDOMEN',
  frameOfReferenceUid: null,
  kind: 'volume',
  hasSpacing: true,
  measurable: true,
  channels: 1,
  dataType: 'int16',
  geometry: {
    sizeVx: [512, 512, 200],
    spacingMm: [0.7, 0.7, 3],
    originMm: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  },
  valueMin: -1024,
  valueMax: 3000,
  percentileLow: 1,
  percentileHigh: 800,
  windows: [],
  valueUnit: 'HU',
  issues: [],
  sourceFormat: 'dicom',
  fileCount: 200,
  originalBytes: 105e6,
  volumeBytes: 105e6,
  volumeCrc32: 1,
} satisfies Partial<typeof series.$inferInsert>;
