/** An upload that got no new file for so long is taken to be abandoned; on this machine a file takes minutes at most. */
export const ABANDONED_AFTER_MS = 60 * 60_000;

/** Calls `giveUp` once nothing has touched it for `afterMs`. */
export interface UploadClock {
  touch(): void;
  stop(): void;
}

export function createUploadClock(giveUp: () => void, afterMs: number): UploadClock {
  const timer = setTimeout(giveUp, afterMs).unref();
  return { touch: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}
