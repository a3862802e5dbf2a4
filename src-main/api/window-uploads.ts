/** What one window has uploaded, or is about to, and has not used yet. */
export interface WindowUploads {
  /** `giveUp` must do nothing for what was used meanwhile. */
  hold(giveUp: () => void): void;
  /** The window is gone: what it holds is given up after a while, in which what it sent last may still arrive. */
  leave(): void;
}

export function createWindowUploads(giveUpAfterMs: number): WindowUploads {
  const held: (() => void)[] = [];
  let isGone = false;
  const giveUpLater = () => setTimeout(() => held.splice(0).forEach((giveUp) => giveUp()), giveUpAfterMs).unref();
  return {
    hold(giveUp) {
      held.push(giveUp);
      if (isGone) giveUpLater();
    },
    leave() {
      isGone = true;
      giveUpLater();
    },
  };
}
