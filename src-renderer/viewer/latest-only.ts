/**
 * Runs `task` one at a time. Calls made while it runs are one further run, started when it ends:
 * with a task that reads the newest state, one request is in flight and the newest wins.
 * The promise of a call resolves when a run that began after the call has ended.
 */
export function latestOnly(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const run = (): Promise<void> => {
    running = task().finally(() => {
      running = null;
    });
    return running;
  };
  return () => {
    if (next) return next;
    if (!running) return run();
    next = running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return run();
      });
    return next;
  };
}
