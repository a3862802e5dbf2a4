import { and, eq } from 'drizzle-orm';
import { writeFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { appErrorSchema, fail, ok, type Result } from '../../../src-shared/result.ts';
import { stoppingError } from '../import-errors.ts';
import { valueOf } from '../database.ts';
import type { OpenLibrary } from '../index.ts';
import { patients, settings } from '../schema/index.ts';
import { sampleDicomFiles } from './dicom-files.ts';

export { sampleTimepoints, type SampleTimepoint } from './timepoints.ts';

type Library = Pick<OpenLibrary, 'db' | 'imports' | 'folder'>;

/** Kept in the settings' table: the sample patient was offered once and is not put back by itself. */
const offeredKey = 'samplePatientOffered';

/** Puts the sample patient into a library that has never had anyone in it. */
export async function ensureSamplePatient(library: Library): Promise<void> {
  const { db } = library;
  if (db.select().from(settings).where(eq(settings.key, offeredKey)).get()) return;
  const someone = db.select({ id: patients.id }).from(patients).limit(1).get();
  if (!someone) valueOf(await addSamplePatient(library));
  db.insert(settings).values({ key: offeredKey, value: true }).onConflictDoNothing().run();
}

/**
 * Imports the sample patient, two synthetic CT studies with lesions of known volume, the way any
 * study is imported; one that is there already is left as it is. Gives way to other work after
 * every slice that it makes.
 */
export async function addSamplePatient(library: Library): Promise<Result<{ patientId: string }>> {
  const { db, imports, folder } = library;
  const present = db
    .select({ id: patients.id })
    .from(patients)
    .where(and(eq(patients.isSample, true), eq(patients.studyCount, 2)))
    .get();
  if (present) return ok({ patientId: present.id });
  const staged = imports.stage();
  if (!staged.ok) return staged;
  const { importId } = staged.value;
  try {
    for (const { relativePath, content } of sampleDicomFiles()) {
      await writeFile(valueOf(await imports.stagedFilePath(importId, relativePath)), content);
      await nextTurn();
    }
  } catch (error) {
    await imports.cancel(importId);
    return { ok: false, error: stoppingError(error, folder.root) };
  }
  valueOf(imports.startStaged(importId, { isSample: true }));
  const summary = await imports.finished(importId);
  const series = summary.accepted[0] ?? summary.alreadyPresent[0];
  if (series && summary.state === 'done') return ok({ patientId: series.patientId });
  const stopped = appErrorSchema.safeParse(summary.error);
  if (stopped.success) return { ok: false, error: stopped.data };
  const reason = summary.refused[0]?.issue.code ?? summary.state;
  return fail('internal', {}, `the sample patient was not imported: ${reason}`);
}
