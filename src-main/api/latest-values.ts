import { EventPublisher } from '@orpc/server';

/**
 * Turns a listener subscription into an async iterator that holds only the newest value: a slow
 * reader skips states rather than piling them up.
 */
export async function* latestValues<T>(
  subscribe: (listener: (value: T) => void) => () => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const publisher = new EventPublisher<{ value: T }>({ maxBufferedEvents: 1 });
  const unsubscribe = subscribe((value) => publisher.publish('value', value));
  try {
    yield* publisher.subscribe('value', { signal, maxBufferedEvents: 1 });
  } finally {
    unsubscribe();
  }
}
