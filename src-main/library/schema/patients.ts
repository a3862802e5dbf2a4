import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/**
 * A patient, with what the library's list shows and sorts by kept ready (`refreshPatient` brings it
 * up to date in the transaction that changes anything below).
 */
export const patients = sqliteTable(
  'patients',
  {
    id: text('id').primaryKey(),
    /** Name and code in one comparable form; patients of one key differ in birth date or study. */
    identity: text('identity').notNull(),
    name: text('name').notNull(),
    code: text('code').notNull(),
    birthDate: text('birth_date'),
    sex: text('sex').notNull(),
    isSample: integer('is_sample', { mode: 'boolean' }).notNull().default(false),
    createdAt: text('created_at').notNull(),

    studyCount: integer('study_count').notNull().default(0),
    seriesCount: integer('series_count').notNull().default(0),
    modalities: text('modalities', { mode: 'json' }).$type<string[]>().notNull().default([]),
    latestStudyDate: text('latest_study_date'),
    /** Time of the latest import. */
    importedAt: text('imported_at').notNull(),
    storedBytes: integer('stored_bytes').notNull().default(0),
    /** Lower-case words of name, code, descriptions, modalities and dates, for the search. */
    searchText: text('search_text').notNull().default(''),
    /** Name as it is sorted: lower case, without carets. */
    sortName: text('sort_name').notNull().default(''),
  },
  (t) => [
    index('patients_identity').on(t.identity),
    index('patients_sort_name').on(t.sortName),
    index('patients_code').on(t.code),
    index('patients_latest_study_date').on(t.latestStudyDate),
    index('patients_imported_at').on(t.importedAt),
    index('patients_stored_bytes').on(t.storedBytes),
  ],
);

export const studies = sqliteTable(
  'studies',
  {
    id: text('id').primaryKey(),
    patientId: text('patient_id')
      .notNull()
      .references(() => patients.id, { onDelete: 'cascade' }),
    /** DICOM Study Instance UID, or the identity made from the file. */
    uid: text('uid').notNull(),
    /** YYYY-MM-DD */
    date: text('date'),
    description: text('description').notNull(),
    accessionNumber: text('accession_number').notNull(),
  },
  (t) => [uniqueIndex('studies_patient_uid').on(t.patientId, t.uid)],
);
