import { setTimeout as sleep } from 'node:timers/promises';
import {
  embeddingStoreExists,
  openEmbeddingStore,
  type EmbeddingStore,
} from './engine/embedding-store.ts';

/**
 * Erases from the cache what was kept of removed series. This process does it on the file itself, so that it needs no
 * engine; step by step, so that neither the window nor the engine waits for it.
 */
export interface EmbeddingRemoval {
  forget(seriesIds: readonly string[]): void;
  /** Forgets what is kept of other series, and takes up what was left unfinished. */
  forgetOthers(livingSeries: () => readonly string[]): void;
  /** Stops after the step under way; the rest is erased at the next start. */
  close(): Promise<void>;
}

/** While another process is in the way, or the disk is full. */
const RETRY_MS = 2000;
const MOST_RETRIES = 30;

export function createEmbeddingRemoval(
  /** Null when nothing is kept on disk. */
  folder: string | null,
  log: { warn(details: object, text: string): void },
): EmbeddingRemoval {
  const closing = new AbortController();
  /** Series that the cache could not be told of yet. */
  const untold = new Set<string>();
  let working: Promise<void> | null = null;

  async function erase(store: EmbeddingStore): Promise<void> {
    for (let retries = 0; !closing.signal.aborted;) {
      const told = untold.size === 0 || store.forget([...untold]);
      if (told) untold.clear();
      const step = told ? store.eraseSome() : 'busy';
      if (step === 'done') return;
      if (step === 'busy' && (retries += 1) > MOST_RETRIES) {
        log.warn({}, 'What was kept of removed series is erased at the next start only');
        return;
      }
      await sleep(step === 'busy' ? RETRY_MS : 0, undefined, { signal: closing.signal }).catch(
        () => undefined,
      );
    }
  }

  function start(cacheFolder: string): void {
    if (working || closing.signal.aborted) return;
    const store = openEmbeddingStore(cacheFolder, Infinity);
    working = erase(store)
      .catch((error: unknown) => log.warn({ error }, 'Removed series could not be erased'))
      .finally(() => {
        store.close();
        working = null;
      });
  }

  return {
    forget(seriesIds) {
      if (folder === null || seriesIds.length === 0) return;
      for (const id of seriesIds) untold.add(id);
      // Whoever is at work may just have looked for the last time.
      void (working ?? Promise.resolve()).then(() => untold.size > 0 && start(folder));
    },
    forgetOthers(livingSeries) {
      if (folder === null || !embeddingStoreExists(folder)) return;
      const store = openEmbeddingStore(folder, Infinity);
      const kept = store.seriesIds() ?? [];
      store.close();
      // Asked after the cache: a series is in the library before anything is kept of it.
      const living = new Set(livingSeries());
      for (const id of kept) if (!living.has(id)) untold.add(id);
      start(folder);
    },
    async close() {
      closing.abort();
      await working;
    },
  };
}
