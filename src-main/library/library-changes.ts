import { EventEmitter, on } from 'node:events';
import type { z } from 'zod';
import type { libraryEventSchema } from '../../src-shared/contract/library.ts';

export type LibraryEvent = z.infer<typeof libraryEventSchema>;

/** Tells whoever listens what has changed in the library. */
export interface LibraryChanges {
  publish(event: LibraryEvent): void;
  /** Events from now on, until the signal aborts. */
  subscribe(signal?: AbortSignal): AsyncIterableIterator<LibraryEvent>;
}

export function createLibraryChanges(): LibraryChanges {
  const events = new EventEmitter();
  events.setMaxListeners(0);
  return {
    publish: (event) => void events.emit('change', event),
    subscribe: (signal) => {
      // Registered here, not at the first `next`, so that nothing published in between is missed.
      const stream = on(events, 'change', { signal }) as AsyncIterableIterator<[LibraryEvent]>;
      return (async function* () {
        try {
          for await (const [event] of stream) yield event;
        } catch (error) {
          if (!signal?.aborted) throw error;
        }
      })();
    },
  };
}
