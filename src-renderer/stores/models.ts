import { defineStore } from 'pinia';
import { ref, watch } from 'vue';
import type { EngineStatus, ModelSummary } from '../../src-shared/contract/models.ts';
import { api } from '../api/client.ts';
import { connectionCount } from '../api/connection.ts';

/** The models and the state of the engine, kept up to date while the window is open. */
export const useModelsStore = defineStore('models', () => {
  const models = ref<ModelSummary[]>([]);
  const engine = ref<EngineStatus | null>(null);

  async function load(): Promise<void> {
    models.value = await api.models.list();
  }

  async function follow(): Promise<void> {
    engine.value = await api.models.engineStatus();
    for await (const status of await api.models.engineChanges()) engine.value = status;
  }

  // A lost connection ends the stream with an error; the next connection starts it again.
  watch(connectionCount, () => void follow().catch(() => undefined), { immediate: true });
  void load();

  return { models, engine, load };
});
