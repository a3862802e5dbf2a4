import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PatientRow, Study } from '../../src-shared/contract/library.ts';
import type { SeriesSummary } from '../../src-shared/contract/series.ts';
import type { App } from '../app.ts';
import { exitCodes, failWith, failWithError, type CommandError } from './exit-codes.ts';

export const libraryExists = (libraryDir: string): boolean =>
  existsSync(join(libraryDir, 'library.sqlite'));

/**
 * Runs `work` on the library in a folder and closes it. The application's services are loaded here,
 * so that commands without a library start without them. @throws CommandError
 */
export async function withLibrary<T>(
  libraryDir: string,
  { create }: { create: boolean },
  work: (app: App) => Promise<T>,
): Promise<T> {
  if (!create && !libraryExists(libraryDir)) {
    throw failWith(exitCodes.notFound, 'no-library', { library: libraryDir });
  }
  const [{ createApp }, { LibraryError }] = await Promise.all([
    import('../app.ts'),
    import('../library/database.ts'),
  ]);
  let app: App | null = null;
  try {
    app = await createApp({ libraryDir, host: 'cli' });
    return await work(app);
  } catch (error) {
    if (error instanceof LibraryError) throw failWithError(error.error);
    const code = (error as NodeJS.ErrnoException).code;
    if (!app && typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
      throw failWith(exitCodes.library, 'library-unusable', {
        library: libraryDir,
        reason: String(error),
      });
    }
    throw error;
  } finally {
    await app?.close();
  }
}

export interface ListedPatient {
  patient: PatientRow;
  studies: Study[];
}

/** All patients with their studies and series, by name. @throws CommandError */
export function everyPatient({ library }: App, search = ''): ListedPatient[] {
  const found: ListedPatient[] = [];
  const limit = 1000;
  for (let offset = 0; ; offset += limit) {
    const page = library.list({ search, sort: 'name', descending: false, limit, offset });
    for (const { id } of page.patients) {
      const whole = library.patient(id);
      if (whole.ok) found.push(whole.value);
    }
    if (page.patients.length < limit) return found;
  }
}

const allSeries = (app: App): SeriesSummary[] =>
  everyPatient(app).flatMap(({ studies }) => studies.flatMap((study) => study.series));

/** The series whose identifier is, or alone begins with, what was typed. @throws CommandError */
export function findSeries(app: App, typed: string, otherwise?: CommandError): SeriesSummary {
  const series = oneOf(allSeries(app), typed);
  if (series) return series;
  const library = app.about.libraryPath;
  throw otherwise ?? failWith(exitCodes.notFound, 'no-such-series', { library, text: typed });
}

/** A patient by identifier or code, or a series. @throws CommandError */
export function findPatientOrSeries(
  app: App,
  typed: string,
): { patient: PatientRow } | { series: SeriesSummary } {
  const patients = everyPatient(app).map(({ patient }) => patient);
  const byCode = patients.filter(({ code }) => code !== '' && code === typed);
  if (byCode.length > 1) {
    throw failWith(exitCodes.usage, 'ambiguous', { text: typed, count: byCode.length });
  }
  const patient = byCode[0] ?? oneOf(patients, typed);
  if (patient) return { patient };
  const series = oneOf(allSeries(app), typed);
  if (series) return { series };
  const library = app.about.libraryPath;
  throw failWith(exitCodes.notFound, 'no-such-patient', { library, text: typed });
}

/** Shorter beginnings than this fit by accident. */
const shortestPrefix = 4;

function oneOf<T extends { id: string }>(all: T[], typed: string): T | null {
  const exact = all.find(({ id }) => id === typed);
  if (exact) return exact;
  const fitting = typed.length < shortestPrefix ? [] : all.filter(({ id }) => id.startsWith(typed));
  if (fitting.length > 1) {
    throw failWith(exitCodes.usage, 'ambiguous', { text: typed, count: fitting.length });
  }
  return fitting[0] ?? null;
}
