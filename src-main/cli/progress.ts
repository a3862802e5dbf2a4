import type { WriteStream } from 'node:tty';

/** Standard error: a terminal, or anything that can be written to. */
export type ProgressStream = Pick<WriteStream, 'write'> &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'clearLine' | 'cursorTo'>>;

export interface Progress {
  /** A line that the next one replaces (on a terminal), or one of few (in a log). */
  show(line: string): void;
  /** A line that stays. */
  say(line: string): void;
  /** Takes the replaceable line away. */
  clear(): void;
}

/** Where nobody watches, a line every few seconds is enough. */
const logEveryMs = 3000;

export function createProgress(stream: ProgressStream, quiet: boolean): Progress {
  let shown = false;
  let last = -Infinity;
  const clear = () => {
    if (!shown) return;
    stream.clearLine?.(0);
    stream.cursorTo?.(0);
    shown = false;
  };
  return {
    show(line) {
      if (quiet) return;
      if (stream.isTTY) {
        clear();
        stream.write(line.slice(0, (stream.columns ?? 80) - 1));
        shown = true;
      } else if (Date.now() - last >= logEveryMs) {
        last = Date.now();
        stream.write(`${line}\n`);
      }
    },
    say(line) {
      clear();
      stream.write(`${line}\n`);
    },
    clear,
  };
}
