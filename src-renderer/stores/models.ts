import { defineStore } from 'pinia';
import { ref, watch } from 'vue';
import type { EngineStatus, ModelSummary } from '../../src-shared/contract/models.ts';
import { api } from '../api/client.ts';
import { connectionCount } from '../api/connection.ts';
import { calmStatus } from './calm-status.ts';

/** The models and the state of the engine, kept up to date while the window is open. */
export const useModelsStore = defineStore('models', () => {
  const models = ref<ModelSummary[]>([]);
  const engine = ref<EngineStatus | null>(null);

  async function load(): Promise<void> {
    models.value = await api.models.list();
  }

  const show = calmStatus((status) => (engine.value = status));
  async function follow(): Promise<void> {
    show(await api.models.engineStatus());
    for await (const status of await api.models.engineChanges()) show(status);
  }

  // A lost connection ends the stream with an error; the next connection starts it again.
  watch(connectionCount, () => void follow().catch(() => undefined), { immediate: true });
  void load();

  return { models, engine, load };
});
