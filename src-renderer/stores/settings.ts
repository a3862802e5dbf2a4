import { defineStore } from 'pinia';
import { ref } from 'vue';
import { settingsSchema, type Settings } from '../../src-shared/contract/settings.ts';
import { api } from '../api/client.ts';
import { setLanguage } from '../i18n.ts';

/** The settings kept in the library; defaults until they are loaded. */
export const useSettingsStore = defineStore('settings', () => {
  const settings = ref<Settings>(settingsSchema.parse({}));

  function take(next: Settings): void {
    settings.value = next;
    setLanguage(next.language);
  }

  const load = async () => take(await api.settings.get());
  const update = async (change: Partial<Settings>) => take(await api.settings.update(change));

  return { settings, load, update };
});
