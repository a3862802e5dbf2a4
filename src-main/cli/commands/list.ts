import { done, type CommandContext, type Outcome } from '../command.ts';
import { everyPatient, withLibrary, type ListedPatient } from '../open-library.ts';
import { text } from '../texts.ts';
import { seriesLine } from './import.ts';

/** `list`: patients, their studies and series. */
export function listLibrary(
  context: CommandContext,
  { search = '' }: { search?: string },
): Promise<Outcome> {
  return withLibrary(context.libraryDir, { create: false }, async (app) => {
    const patients = everyPatient(app, search);
    const lines = patients.flatMap(linesOf);
    if (patients.length === 0) lines.push(text(search ? 'list-none-found' : 'list-empty'));
    const document = {
      library: app.about.libraryPath,
      patients: patients.map(({ patient, studies }) => ({ ...patient, studies })),
    };
    return done(lines, document);
  });
}

const linesOf = ({ patient, studies }: ListedPatient): string[] => [
  [patient.id, patient.name, patient.code, patient.birthDate ?? ''].filter(Boolean).join('  '),
  ...studies.flatMap((study) => [
    `  ${[study.date ?? '', study.description].filter(Boolean).join('  ') || '–'}`,
    ...study.series.map((series) => `    ${seriesLine(series)}`),
  ]),
];
