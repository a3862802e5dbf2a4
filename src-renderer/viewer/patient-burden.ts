import { effectScope, ref, shallowRef, watch } from 'vue';
import { api } from '../api/client.ts';
import type { BurdenTable } from '../../src-shared/contract/burden.ts';
import type { AppError } from '../../src-shared/result.ts';
import { useSegmentationStore } from '../stores/segmentation.ts';
import { useViewingStore } from '../stores/viewing.ts';
import { latestOnly } from './latest-only.ts';
import { useWhenQuiet } from './quiet.ts';

function create() {
  const viewing = useViewingStore();
  const segmentation = useSegmentationStore();
  const table = shallowRef<BurdenTable | null>(null);
  const error = shallowRef<AppError | null>(null);
  const loading = ref(false);

  const refresh = latestOnly(async () => {
    const patientId = viewing.open?.series.patientId;
    if (!patientId) {
      table.value = null;
      return;
    }
    loading.value = true;
    try {
      const answer = await api.burden.table({ patientId });
      if (viewing.open?.series.patientId !== patientId) return;
      error.value = answer.ok ? null : answer.error;
      table.value = answer.ok ? answer.value : null;
    } finally {
      loading.value = false;
    }
  });
  const load = () => void refresh().catch(() => undefined);
  const loadSoon = useWhenQuiet(load, () => 150, () => segmentation.waiting > 0); // prettier-ignore
  watch(() => viewing.open?.series.patientId, load, { immediate: true });
  watch(() => segmentation.state?.revision, loadSoon);
  return { table, error, loading, refresh };
}

let shared: ReturnType<typeof create> | null = null;

/** The burden table of the open series' patient, fetched again once edits rest; one for the whole page. */
export function usePatientBurden(): ReturnType<typeof create> {
  shared ??= effectScope(true).run(create)!;
  return shared;
}
