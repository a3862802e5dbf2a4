import type { AppError, ErrorCode } from '../../src-shared/result.ts';
import { errorText, text, type TextKey } from './texts.ts';

/** What the process tells its caller; documented in docs/command-line.md and in --help. */
export const exitCodes = {
  done: 0,
  internal: 1,
  usage: 2,
  refused: 3,
  notFound: 4,
  model: 5,
  library: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const exitCodeOfError: Partial<Record<ErrorCode, ExitCode>> = {
  'invalid-request': exitCodes.usage,
  'box-outside-image': exitCodes.usage,
  'box-too-small': exitCodes.usage,
  'not-found': exitCodes.notFound,
  cancelled: exitCodes.interrupted,
  'disk-full': exitCodes.library,
  'library-busy': exitCodes.library,
  'library-open-elsewhere': exitCodes.library,
  'library-newer-version': exitCodes.library,
  'file-not-written': exitCodes.library,
  'folder-not-empty': exitCodes.usage,
  'folder-in-library': exitCodes.usage,
  'nothing-to-export': exitCodes.notFound,
  'file-unreadable': exitCodes.refused,
  'unsupported-format': exitCodes.refused,
  'decode-failed': exitCodes.refused,
  'not-an-image': exitCodes.refused,
  'series-not-measurable': exitCodes.refused,
  'geometry-mismatch': exitCodes.refused,
  'geometry-not-kept': exitCodes.refused,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  if (/^(checkpoint|onnx)-/.test(code)) return exitCodes.refused;
  if (/^(model|engine|provider)/.test(code)) return exitCodes.model;
  return exitCodeOfError[code] ?? exitCodes.internal;
}

/** Ends a command with a sentence and an exit code. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  /** Short name for programs that read the JSON document. */
  readonly code: string;

  constructor(exitCode: ExitCode, code: string, message: string) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** A sentence of the command line as the end of a command. */
export const failWith = (
  exitCode: ExitCode,
  key: TextKey,
  params: Record<string, string | number> = {},
): CommandError => new CommandError(exitCode, key, text(key, params));

export const failWithError = (error: AppError): CommandError =>
  new CommandError(exitCodeOf(error.code), error.code, errorText(error));
