import { exitCodes, type ExitCode } from './exit-codes.ts';

/** What every command is given. */
export interface CommandContext {
  libraryDir: string;
  /** Something on standard error while it runs; replaced by the next where that is a terminal. */
  progress(line: string): void;
  /** Something on standard error that stays. */
  warn(line: string): void;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** What a command ends with: lines for people, or one document for programs. */
export interface Outcome {
  exitCode: ExitCode;
  lines: string[];
  document: Record<string, unknown>;
}

export const done = (lines: string[], document: Record<string, unknown>): Outcome => ({
  exitCode: exitCodes.done,
  lines,
  document,
});
