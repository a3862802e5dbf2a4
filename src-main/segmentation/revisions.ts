import { EventEmitter, on } from 'node:events';
import type { LibraryDatabase } from '../library/database.ts';
import { revisionOf } from './edit-log.ts';

export interface RevisionEvent {
  seriesId: string;
  revision: number;
}

/** Between looks whether another process (command line beside the window) has changed the library. */
const otherProcessPollMs = 1000;

/** Tells those who watch a series that its segmentation has a new revision. */
export class Revisions {
  readonly #library: LibraryDatabase;
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #watched = new Map<string, number>();
  #dataVersion: unknown;
  #poll: NodeJS.Timeout | undefined;

  constructor(library: LibraryDatabase) {
    this.#library = library;
  }

  /** After a commit: tells the watchers of these series. */
  announce(seriesIds: Iterable<string>): void {
    for (const seriesId of seriesIds) {
      this.#emitter.emit(seriesId, revisionOf(this.#library.db, seriesId));
    }
  }

  /** The present revision at once, then every new one, until `signal` aborts or the loop is left. */
  async *watch(seriesId: string, signal?: AbortSignal): AsyncGenerator<RevisionEvent, void> {
    if (signal?.aborted) return;
    const events = on(this.#emitter, seriesId, signal ? { signal } : {});
    this.#enter(seriesId);
    try {
      let latest = revisionOf(this.#library.db, seriesId);
      yield { seriesId, revision: latest };
      for await (const [revision] of events as AsyncIterable<[number]>) {
        if (revision === latest) continue;
        latest = revision;
        yield { seriesId, revision };
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      this.#leave(seriesId);
    }
  }

  #enter(seriesId: string): void {
    this.#watched.set(seriesId, (this.#watched.get(seriesId) ?? 0) + 1);
    if (this.#poll) return;
    this.#dataVersion = this.#version();
    this.#poll = setInterval(() => this.#look(), otherProcessPollMs).unref();
  }

  #leave(seriesId: string): void {
    const left = (this.#watched.get(seriesId) ?? 1) - 1;
    if (left > 0) this.#watched.set(seriesId, left);
    else this.#watched.delete(seriesId);
    if (this.#watched.size === 0) this.close();
  }

  #look(): void {
    const version = this.#version();
    if (version === this.#dataVersion) return;
    this.#dataVersion = version;
    this.announce(this.#watched.keys());
  }

  /** Changes when another connection has committed. */
  #version(): unknown {
    return this.#library.sqlite.pragma('data_version', { simple: true });
  }

  close(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }
}
