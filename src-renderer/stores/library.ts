import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import type { PatientRow, Study } from '../../src-shared/contract/library.ts';
import type { SeriesSummary } from '../../src-shared/contract/series.ts';
import { api } from '../api/client.ts';
import { connectionCount } from '../api/connection.ts';
import { useNoticesStore } from './notices.ts';

export type SortKey = 'name' | 'code' | 'latestStudyDate' | 'importedAt' | 'storedBytes';

/** One line of the list: the open patients' studies and series stand below them. */
export type LibraryRow =
  | { kind: 'patient'; id: string; patient: PatientRow; open: boolean }
  | { kind: 'study'; id: string; study: Study; patient: PatientRow; open: boolean }
  | { kind: 'series'; id: string; series: SeriesSummary; study: Study; patient: PatientRow };

/** Patients fetched at a time: a screenful comes at once, the rest while scrolling. */
const pageSize = 300;

export const useLibraryStore = defineStore('library', () => {
  const notices = useNoticesStore();
  const search = ref('');
  const sort = ref<SortKey>('importedAt');
  const descending = ref(true);
  const patients = ref<PatientRow[]>([]);
  const total = ref(0);
  const loaded = ref(false);
  const openPatients = ref(new Map<string, Study[]>());
  /** Studies are open unless they were folded. */
  const foldedStudies = ref<ReadonlySet<string>>(new Set());
  let asked = 0;
  let fetchingMore = false;

  const page = (limit: number, offset: number) =>
    api.library.list({ search: search.value, sort: sort.value, descending: descending.value, limit, offset });

  /** The list anew, as far down as it was fetched before. */
  async function load(): Promise<void> {
    const number = ++asked;
    const answer = await page(Math.max(pageSize, patients.value.length), 0);
    // A slower answer to an older search must not replace a newer one.
    if (number !== asked) return;
    patients.value = answer.patients;
    total.value = answer.total;
    loaded.value = true;
    const [only] = answer.patients;
    if (answer.patients.length === 1 && only && !openPatients.value.has(only.id)) await open(only.id);
  }

  /** The next patients, when the end of the list comes into sight. */
  async function loadMore(): Promise<void> {
    if (patients.value.length >= total.value || fetchingMore) return;
    fetchingMore = true;
    const number = asked;
    try {
      const answer = await page(pageSize, patients.value.length);
      if (number === asked) patients.value = [...patients.value, ...answer.patients];
    } finally {
      fetchingMore = false;
    }
  }

  async function open(patientId: string): Promise<void> {
    const detail = await notices.ask(api.library.patient({ patientId }));
    if (detail) openPatients.value = new Map(openPatients.value).set(patientId, detail.studies);
  }

  function close(patientId: string): void {
    const next = new Map(openPatients.value);
    next.delete(patientId);
    openPatients.value = next;
  }

  const toggle = (patientId: string) =>
    openPatients.value.has(patientId) ? close(patientId) : void open(patientId);

  function toggleStudy(studyId: string): void {
    const next = new Set(foldedStudies.value);
    if (!next.delete(studyId)) next.add(studyId);
    foldedStudies.value = next;
  }

  function sortBy(key: SortKey): void {
    if (sort.value === key) descending.value = !descending.value;
    else {
      sort.value = key;
      descending.value = key !== 'name' && key !== 'code';
    }
  }

  const rows = computed<LibraryRow[]>(() =>
    patients.value.flatMap((patient): LibraryRow[] => {
      const studies = openPatients.value.get(patient.id);
      const first: LibraryRow = { kind: 'patient', id: patient.id, patient, open: studies !== undefined };
      const below = (studies ?? []).flatMap((study): LibraryRow[] => {
        const open = !foldedStudies.value.has(study.id);
        const series = open ? study.series : [];
        return [
          { kind: 'study', id: study.id, study, patient, open },
          ...series.map((one): LibraryRow => ({ kind: 'series', id: one.id, series: one, study, patient })),
        ];
      });
      return [first, ...below];
    }),
  );

  async function follow(): Promise<void> {
    await load();
    for await (const event of await api.library.changes()) {
      await load();
      for (const patientId of event.patientIds) {
        const stillThere = patients.value.some((patient) => patient.id === patientId);
        if (!stillThere) close(patientId);
        else if (openPatients.value.has(patientId)) await open(patientId);
      }
    }
  }

  // The stream ends when the connection is lost; the next connection starts it again.
  watch(connectionCount, () => void follow().catch(() => undefined), { immediate: true });
  watch([search, sort, descending], () => {
    patients.value = patients.value.slice(0, pageSize);
    void load();
  });

  return { search, sort, descending, patients, total, loaded, openPatients, rows, loadMore, toggle, toggleStudy, open, close, sortBy };
});
