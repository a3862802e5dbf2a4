import { onScopeDispose } from 'vue';

/**
 * When the person rests. Surfaces, the picture in 3D and tables may wait until then: on two cores
 * without a graphics card such work is felt as a box that is slow.
 */
let lastInputMs = 0;
let lastMoveMs = 0;
let pressed = false;
/** A pointer that only moves about puts work off for so long and no longer. */
const longestForMovesMs = 1500;

const touched = (): void => {
  lastInputMs = performance.now();
};
if (typeof window !== 'undefined') {
  const watch = (name: string, heard: (event: Event) => void) =>
    window.addEventListener(name, heard, { capture: true, passive: true });
  for (const name of ['wheel', 'keydown']) watch(name, touched);
  watch('pointermove', () => (lastMoveMs = performance.now()));
  watch('pointerdown', () => {
    touched();
    pressed = true;
  });
  for (const name of ['pointerup', 'pointercancel', 'blur']) {
    watch(name, () => {
      touched();
      pressed = false;
    });
  }
}

/**
 * A task that runs once the person has rested for `restMs` and nothing is `busy`; asked for again
 * before that, it still runs once.
 */
export function useWhenQuiet(task: () => void, restMs: () => number, busy: () => boolean): () => void {
  let due: ReturnType<typeof setTimeout> | undefined;
  let askedMs = 0;
  function look(): void {
    const now = performance.now();
    const since = Math.max(lastInputMs, askedMs, Math.min(lastMoveMs, askedMs + longestForMovesMs));
    const left = since + restMs() - now;
    if (pressed || busy() || left > 0) {
      due = setTimeout(look, Math.max(left, 50));
      return;
    }
    due = undefined;
    task();
  }
  onScopeDispose(() => clearTimeout(due));
  return () => {
    askedMs = performance.now();
    due ??= setTimeout(look, restMs());
  };
}
