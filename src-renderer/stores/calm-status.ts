import type { EngineStatus } from '../../src-shared/contract/models.ts';

/** Longer than a box takes on a prepared slice. */
const restMs = 400;

/** All but what changes with every box: whether the engine is at work, on how much, and how long the last took. */
const lasting = (status: EngineStatus): string => {
  const { state } = status;
  const passing = { queued: 0, lastEncoderMs: null, lastDecoderMs: null };
  return JSON.stringify({ ...status, ...passing, state: state === 'busy' ? 'ready' : state });
};

/**
 * Shows the engine's status: what changes with every box some tenths of a second late, all else at once. Without a
 * graphics card a frame for the status bar costs what one for the whole window does, and would come between a box and
 * its mask.
 */
export function calmStatus(show: (status: EngineStatus) => void): (status: EngineStatus) => void {
  let shown: EngineStatus | null = null;
  let newest: EngineStatus;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const catchUp = (): void => {
    clearTimeout(timer);
    timer = undefined;
    shown = newest;
    show(newest);
  };
  return (status) => {
    newest = status;
    if (!shown || lasting(shown) !== lasting(status)) catchUp();
    else timer ??= setTimeout(catchUp, restMs);
  };
}
