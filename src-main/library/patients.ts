import { and, eq } from 'drizzle-orm';
import type { PlannedSeries } from '../imaging/types.ts';
import type { Db } from './database.ts';
import { patients, series, studies } from './schema/index.ts';

/** Lower case without accents, so that "muller" finds "Müller". */
export function searchable(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** A DICOM person name as it is shown and sorted: carets are separators. */
const plainName = (name: string) => name.replace(/[\^=,\s]+/g, ' ').trim();

/**
 * Two imports are of one patient when code and name agree. The code alone does not tell (two
 * hospitals, one number), and joining two people is worse than listing one twice. Files that name
 * nobody stay with their study: also those of formats without a patient, whose name is the file's
 * (two people's `image.nii.gz` are not one person).
 */
function identityOf(planned: PlannedSeries, isSample: boolean): string {
  const code = planned.patient.code.trim().toLowerCase();
  const name = searchable(plainName(planned.patient.name));
  const names = planned.sourceFormat === 'dicom' || code !== '';
  const who = names && (code || name) ? `${code}\n${name}` : `study\n${planned.study.uid}`;
  return isSample ? `sample\n${who}` : who;
}

/** Finds the patient of a series, or makes a record for them; returns its id. */
export function patientFor(tx: Db, planned: PlannedSeries, isSample: boolean, now: string): string {
  const identity = identityOf(planned, isSample);
  const { birthDate, sex, name, code } = planned.patient;
  const known = tx.select().from(patients).where(eq(patients.identity, identity)).all();
  // A contradicting birth date is another person; a missing one must fit exactly one.
  const fitting = known.filter((p) => p.birthDate === null || birthDate === null);
  const match =
    known.find((p) => p.birthDate === birthDate) ?? (fitting.length === 1 ? fitting[0] : undefined);
  if (match) {
    const filled = { birthDate: match.birthDate ?? birthDate, sex: match.sex || sex };
    tx.update(patients).set(filled).where(eq(patients.id, match.id)).run();
    return match.id;
  }
  const id = crypto.randomUUID();
  tx.insert(patients)
    .values({ id, identity, name, code, birthDate, sex, isSample, createdAt: now, importedAt: now })
    .run();
  return id;
}

/** Finds the study of a series under its patient, or makes a record for it; returns its id. */
export function studyFor(tx: Db, patientId: string, study: PlannedSeries['study']): string {
  const known = tx
    .select({ id: studies.id })
    .from(studies)
    .where(and(eq(studies.patientId, patientId), eq(studies.uid, study.uid)))
    .get();
  if (known) return known.id;
  const id = crypto.randomUUID();
  tx.insert(studies)
    .values({ id, patientId, ...study })
    .run();
  return id;
}

/**
 * Brings what the list shows of a patient up to date. Studies without series and a patient without
 * studies vanish. To be called in the transaction that changed anything below the patient.
 */
export function refreshPatient(tx: Db, patientId: string): void {
  const patient = tx.select().from(patients).where(eq(patients.id, patientId)).get();
  if (!patient) return;
  const studyRows = tx.select().from(studies).where(eq(studies.patientId, patientId)).all();
  const seriesRows = tx
    .select({
      studyId: series.studyId,
      modality: series.modality,
      description: series.description,
      bodyPart: series.bodyPart,
      originalBytes: series.originalBytes,
      volumeBytes: series.volumeBytes,
      importedAt: series.importedAt,
    })
    .from(series)
    .innerJoin(studies, eq(series.studyId, studies.id))
    .where(eq(studies.patientId, patientId))
    .all();
  const used = new Set(seriesRows.map((row) => row.studyId));
  const kept = studyRows.filter((study) => used.has(study.id));
  for (const study of studyRows) {
    if (!used.has(study.id)) tx.delete(studies).where(eq(studies.id, study.id)).run();
  }
  if (kept.length === 0) {
    tx.delete(patients).where(eq(patients.id, patientId)).run();
    return;
  }
  const modalities = [...new Set(seriesRows.map((row) => row.modality))].filter(Boolean).sort();
  const dates = kept.flatMap((study) => (study.date ? [study.date] : [])).sort();
  const words = [
    plainName(patient.name),
    patient.name,
    patient.code,
    patient.birthDate ?? '',
    ...modalities,
    ...dates.flatMap((date) => [date, date.replaceAll('-', '')]),
    ...kept.flatMap((study) => [study.description, study.accessionNumber]),
    ...seriesRows.flatMap((row) => [row.description, row.bodyPart]),
  ];
  tx.update(patients)
    .set({
      studyCount: kept.length,
      seriesCount: seriesRows.length,
      modalities,
      latestStudyDate: dates.at(-1) ?? null,
      importedAt: seriesRows
        .map((row) => row.importedAt)
        .sort()
        .at(-1)!,
      storedBytes: seriesRows.reduce((sum, row) => sum + row.originalBytes + row.volumeBytes, 0),
      searchText: [...new Set(words.filter(Boolean).map(searchable))].join('\n'),
      sortName: searchable(plainName(patient.name)),
    })
    .where(eq(patients.id, patientId))
    .run();
}
