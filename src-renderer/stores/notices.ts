import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { AppError, Result } from '../../src-shared/result.ts';
import { translate } from '../i18n.ts';

export interface Notice {
  id: number;
  tone: 'info' | 'error';
  text: string;
}

/** An error in the person's words. */
export function errorText(error: AppError): string {
  return translate(`errors.${error.code}`, error.params);
}

/** Short messages at the lower right. Errors stay until they are closed: what went wrong must be readable. */
export const useNoticesStore = defineStore('notices', () => {
  const notices = ref<Notice[]>([]);
  let last = 0;

  function close(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  }

  function say(text: string, tone: Notice['tone'] = 'info'): void {
    const id = ++last;
    notices.value = [...notices.value.slice(-4), { id, tone, text }];
    if (tone === 'info') setTimeout(() => close(id), 5000);
  }

  /** The value of an answer, or null after its error was shown. */
  async function ask<T>(answer: Promise<Result<T>>): Promise<T | null> {
    try {
      const result = await answer;
      if (result.ok) return result.value;
      say(errorText(result.error), 'error');
    } catch {
      say(translate('shell.noAnswer'), 'error');
    }
    return null;
  }

  return { notices, say, close, ask };
});
