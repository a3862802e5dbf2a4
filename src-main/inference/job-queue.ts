/** What the order depends on. */
export interface Queued {
  /** Boxes of one lane (one pointer) supersede each other while they wait. */
  lane?: string | undefined;
}

/** A job taken out, which may be put back unfinished. */
export interface Taken<T> {
  job: T;
  background: boolean;
  /**
   * Makes it the first of its kind again. Returns false, and leaves it out, for a background job whose list was replaced
   * meanwhile, and for a box that a newer one of its lane supersedes.
   */
  putBack(): boolean;
}

/**
 * Interactive jobs first, in the order they came; then those that make a draft exact; then background jobs, in the
 * order given. Pure bookkeeping: what falls out is returned, and the caller answers it.
 */
export interface JobQueue<T extends Queued> {
  /** Returns the jobs of the same lane that it supersedes. */
  addInteractive(job: T): T[];
  addRefining(job: T): void;
  /** Replaces all background jobs that wait; returns those. */
  replaceBackground(jobs: T[]): T[];
  take(): Taken<T> | null;
  /** False when the job does not wait (any more). */
  remove(job: T): boolean;
  /** Takes out and returns all that wait and are meant. */
  removeWhere(isMeant: (job: T) => boolean): T[];
  /** Takes everything out. */
  clear(): T[];
  readonly length: number;
}

export function createJobQueue<T extends Queued>(): JobQueue<T> {
  const order = ['interactive', 'refining', 'background'] as const;
  const waiting: Record<(typeof order)[number], T[]> = {
    interactive: [],
    refining: [],
    background: [],
  };
  /** Which list of background jobs it is. */
  let list = 0;

  const ofLane = (lane: string | undefined) =>
    waiting.interactive.filter((job) => lane !== undefined && job.lane === lane);
  const length = () => order.reduce((sum, kind) => sum + waiting[kind].length, 0);

  return {
    addInteractive(job) {
      const superseded = ofLane(job.lane);
      const others = waiting.interactive.filter((other) => !superseded.includes(other));
      waiting.interactive = [...others, job];
      return superseded;
    },
    addRefining(job) {
      waiting.refining.push(job);
    },
    replaceBackground(jobs) {
      const dropped = waiting.background;
      waiting.background = [...jobs];
      list += 1;
      return dropped;
    },
    take() {
      const kind = order.find((one) => waiting[one].length > 0);
      const job = kind && waiting[kind].shift();
      if (!kind || !job) return null;
      const takenFrom = list;
      const putBack = () => {
        const passed =
          (kind === 'background' && takenFrom !== list) ||
          (kind === 'interactive' && ofLane(job.lane).length > 0);
        if (!passed) waiting[kind].unshift(job);
        return !passed;
      };
      return { job, background: kind === 'background', putBack };
    },
    remove(job) {
      const before = length();
      for (const kind of order) waiting[kind] = waiting[kind].filter((other) => other !== job);
      return length() < before;
    },
    removeWhere(isMeant) {
      const meant = order.flatMap((kind) => waiting[kind].filter(isMeant));
      for (const kind of order) waiting[kind] = waiting[kind].filter((job) => !isMeant(job));
      return meant;
    },
    clear() {
      const all = order.flatMap((kind) => waiting[kind].splice(0));
      list += 1;
      return all;
    },
    get length() {
      return length();
    },
  };
}
