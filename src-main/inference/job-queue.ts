/** What the order depends on. */
export interface Queued {
  /** Boxes of one lane (one pointer) supersede each other while they wait. */
  lane?: string | undefined;
}

/**
 * Interactive jobs first, in the order they came; background jobs after, in the order given. Pure bookkeeping: what
 * falls out is returned, and the caller answers it.
 */
export interface JobQueue<T extends Queued> {
  /** Returns the jobs of the same lane that it supersedes. */
  addInteractive(job: T): T[];
  /** Replaces all background jobs that wait; returns those. */
  replaceBackground(jobs: T[]): T[];
  take(): { job: T; background: boolean } | null;
  /** False when the job does not wait (any more). */
  remove(job: T): boolean;
  /** Takes everything out. */
  clear(): T[];
  readonly length: number;
}

export function createJobQueue<T extends Queued>(): JobQueue<T> {
  let interactive: T[] = [];
  let background: T[] = [];
  return {
    addInteractive(job) {
      const superseded = interactive.filter(({ lane }) => lane !== undefined && lane === job.lane);
      interactive = [...interactive.filter((waiting) => !superseded.includes(waiting)), job];
      return superseded;
    },
    replaceBackground(jobs) {
      const dropped = background;
      background = [...jobs];
      return dropped;
    },
    take() {
      const first = interactive.shift();
      if (first) return { job: first, background: false };
      const next = background.shift();
      return next ? { job: next, background: true } : null;
    },
    remove(job) {
      const before = interactive.length + background.length;
      interactive = interactive.filter((waiting) => waiting !== job);
      background = background.filter((waiting) => waiting !== job);
      return interactive.length + background.length < before;
    },
    clear() {
      const all = [...interactive, ...background];
      interactive = [];
      background = [];
      return all;
    },
    get length() {
      return interactive.length + background.length;
    },
  };
}
