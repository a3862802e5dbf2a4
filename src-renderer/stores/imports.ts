import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import type { ImportProgress, ImportSummary } from '../../src-shared/contract/imports.ts';
import { api } from '../api/client.ts';
import { connectionCount } from '../api/connection.ts';
import { desktopHost } from '../api/host.ts';
import { translate } from '../i18n.ts';
import type { ChosenFile } from '../imports/dropped-files.ts';
import { withUniquePaths } from '../imports/unique-paths.ts';
import { uploadFiles } from '../imports/upload.ts';
import { useNoticesStore } from './notices.ts';

/** Where this window remembers over a reload which import it was showing. */
const followedKey = 'followed-import';

/** The import under way, and the summary of the last one. One at a time: a second start waits in main. */
export const useImportsStore = defineStore('imports', () => {
  const notices = useNoticesStore();
  const uploading = ref<{ done: number; total: number } | null>(null);
  const progress = ref<ImportProgress | null>(null);
  const summary = ref<ImportSummary | null>(null);
  const running = computed(() => uploading.value !== null || progress.value !== null);
  let upload: AbortController | null = null;

  async function importPaths(paths: string[]): Promise<void> {
    if (paths.length === 0) return;
    const started = await notices.ask(api.imports.startPaths({ paths }));
    if (started) await follow(started.importId);
  }

  /** Files from a drop or a file dialog of the page. */
  async function importFiles(files: ChosenFile[]): Promise<void> {
    if (files.length === 0) return;
    if (desktopHost) return importPaths(files.map(({ file }) => desktopHost!.pathOfFile(file)));
    const staged = await notices.ask(api.imports.stage());
    if (!staged) return;
    upload = new AbortController();
    uploading.value = { done: 0, total: files.length };
    try {
      await uploadFiles(staged.uploadUrl, withUniquePaths(files), {
        signal: upload.signal,
        onProgress: (done) => (uploading.value = { done, total: files.length }),
      });
    } catch (error) {
      await api.imports.cancel({ importId: staged.importId });
      if (!upload.signal.aborted) {
        const full = error instanceof Error && error.message === 'disk-full';
        notices.say(translate(full ? 'errors.disk-full' : 'imports.uploadFailed'), 'error');
      }
      return;
    } finally {
      uploading.value = null;
    }
    const started = await notices.ask(api.imports.startStaged({ importId: staged.importId }));
    if (started) await follow(started.importId);
  }

  /** After a reload or a lost connection: what was followed, and what runs in main, is shown again to its end. */
  async function resume(): Promise<void> {
    const followed = sessionStorage.getItem(followedKey);
    const running = (await api.imports.running()).map(({ importId }) => importId);
    for (const importId of new Set([...(followed ? [followed] : []), ...running])) {
      if (importId !== progress.value?.importId) await follow(importId);
    }
  }
  watch(connectionCount, () => void resume().catch(() => undefined), { immediate: true });

  async function follow(importId: string): Promise<void> {
    sessionStorage.setItem(followedKey, importId);
    try {
      for await (const event of await api.imports.progress({ importId })) {
        progress.value = event;
        if (event.summary) summary.value = event.summary;
      }
      sessionStorage.removeItem(followedKey);
    } catch {
      notices.say(translate('shell.noAnswer'), 'error');
    } finally {
      progress.value = null;
    }
  }

  async function cancel(): Promise<void> {
    if (uploading.value) upload?.abort();
    else if (progress.value) await notices.ask(api.imports.cancel({ importId: progress.value.importId }));
  }

  async function showLast(): Promise<void> {
    const [last] = await api.imports.history({ limit: 1 });
    if (last) summary.value = last;
    else notices.say(translate('imports.none'));
  }

  return { uploading, progress, summary, running, importPaths, importFiles, cancel, showLast };
});
