/**
 * User-timing marks of the waits a person feels. `performance.getEntriesByType('measure')` lists
 * them; a measure ends after the frame that shows the result has been painted.
 */
const started = new Set<string>();

/** Runs after the next frame has been painted. */
function afterPaint(task: () => void): void {
  requestAnimationFrame(() => setTimeout(task));
}

export const marks = {
  /** Begins an episode, e.g. 'open', 'box-pointer-up'. */
  start(name: string): void {
    performance.mark(name);
    started.add(name);
  },
  /** Measures `measure` from the start of an episode to the paint of what was just drawn. */
  end(measure: string, from: string, last = true): void {
    if (!started.has(from)) return;
    if (last) started.delete(from);
    const mark = performance.getEntriesByName(from, 'mark').at(-1);
    if (!mark) return;
    afterPaint(() => {
      performance.measure(measure, { start: mark.startTime, end: performance.now() });
    });
  },
  running: (name: string): boolean => started.has(name),
};
