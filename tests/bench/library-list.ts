import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src-main/library/database.ts';
import { openLibrary } from '../../src-main/library/index.ts';
import { rawImaging } from '../support/raw-imaging.ts';
import { addManySeries } from '../support/many-series.ts';

/** Time of listing, searching and opening in a library of 10,000 patients with one series each, the worst split. */
const root = mkdtempSync(join(tmpdir(), 'medsam-workstation-'));
const database = openDatabase(root);
addManySeries(database.db, { patients: 10_000, seriesPerPatient: 1 });
database.close();
const opening = performance.now();
const { library, close } = openLibrary({ root, imagingPool: rawImaging() });
console.log(`open the library: ${(performance.now() - opening).toFixed(1)} ms`);
const request = { search: '', sort: 'name', descending: false, limit: 200, offset: 0 } as const;
const someone = library.list(request).patients[7]!.id;
const detail = library.patient(someone);
const someSeries = detail.ok ? detail.value.studies[0]!.series[0]!.id : '';

const cases: [string, () => unknown][] = [
  ['list, first page', () => library.list(request)],
  [
    'list, by study date, page 40',
    () => library.list({ ...request, sort: 'latestStudyDate', descending: true, offset: 8000 }),
  ],
  ['list, all 10,000', () => library.list({ ...request, limit: 10_000 })],
  ['search of one patient', () => library.list({ ...request, search: 'number7531' })],
  [
    'search of four words that fit all',
    () => library.list({ ...request, search: 'patient abdomen ct portal' }),
  ],
  ['search without a hit', () => library.list({ ...request, search: 'nobody' })],
  ['patient detail', () => library.patient(someone)],
  ['open a series', () => library.open(someSeries)],
  ['preview of a deletion', () => library.deletionPreview('patient', someone)],
];
for (const [name, work] of cases) {
  const times = Array.from({ length: 15 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  console.log(`${name}: median ${times[7]!.toFixed(1)} ms, worst ${times[14]!.toFixed(1)} ms`);
}
await close();
rmSync(root, { recursive: true, force: true });
