import { randomUUID } from 'node:crypto';
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Db } from '../library/database.ts';
import { lesions, segments, series, studies } from '../library/schema/index.ts';
import { nextColour } from '../../src-shared/segment-colours.ts';
import { nextLesionName, type NameLanguage } from './names.ts';

export type LesionRow = typeof lesions.$inferSelect;

export function insertLesion(
  tx: Db,
  values: { patientId: string; name: string; colour: string },
): LesionRow {
  const row = { id: randomUUID(), createdAt: new Date().toISOString(), ...values };
  tx.insert(lesions).values(row).run();
  return row;
}

/** A name and a colour that no live segment of the patient has. */
export function freshAppearance(
  db: Db,
  patientId: string,
  language?: NameLanguage,
): { name: string; colour: string } {
  const used = db
    .select({ name: segments.name, colour: segments.colour })
    .from(segments)
    .innerJoin(lesions, eq(lesions.id, segments.lesionId))
    .where(and(eq(lesions.patientId, patientId), eq(segments.live, true)))
    .all();
  return {
    name: nextLesionName(
      used.map(({ name }) => name),
      language,
    ),
    colour: nextColour(used.map(({ colour }) => colour)),
  };
}

/** Live segments that show a lesion, the earliest time point first (undated ones last). */
export function segmentsOfLesion(db: Db, lesionId: string) {
  return db
    .select({
      id: segments.id,
      seriesId: segments.seriesId,
      name: segments.name,
      colour: segments.colour,
    })
    .from(segments)
    .innerJoin(series, eq(series.id, segments.seriesId))
    .innerJoin(studies, eq(studies.id, series.studyId))
    .where(and(eq(segments.lesionId, lesionId), eq(segments.live, true)))
    .orderBy(
      sql`${studies.date} is null`,
      asc(studies.date),
      asc(series.importedAt),
      asc(segments.createdAt),
    )
    .all();
}

/** A lesion is called and coloured as its earliest segment; one without segments keeps what it had. */
export function refreshLesions(tx: Db, lesionIds: string[]): void {
  for (const id of new Set(lesionIds)) {
    const first = segmentsOfLesion(tx, id)[0];
    if (!first) continue;
    tx.update(lesions)
      .set({ name: first.name, colour: first.colour })
      .where(eq(lesions.id, id))
      .run();
  }
}
