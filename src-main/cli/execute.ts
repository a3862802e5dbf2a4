import { CommanderError } from 'commander';
import type { CommandContext, Outcome } from './command.ts';
import { CommandError, exitCodes, failWithError, type ExitCode } from './exit-codes.ts';
import { createProgram, type GlobalOptions } from './program.ts';
import { createProgress, type ProgressStream } from './progress.ts';
import { text } from './texts.ts';

export interface Surroundings {
  stdout: { write(content: string): unknown };
  stderr: ProgressStream;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/**
 * Does what the arguments say and returns the exit code. Standard output gets the answer and nothing
 * else (with --json one document, also when the command fails); progress, warnings and errors go to
 * standard error.
 */
export async function execute(
  args: string[],
  { stdout, stderr, signal }: Surroundings,
): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  const answer = (document: object) => stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  const failed = ({ code, message, ...error }: CommandError) =>
    answer({ ok: false, exitCode: error.exitCode, error: { code, message } });

  async function run(
    work: (context: CommandContext) => Outcome | Promise<Outcome>,
    { library, json, quiet }: GlobalOptions,
  ): Promise<void> {
    const progress = createProgress(stderr, quiet);
    const context = { libraryDir: library, progress: progress.show, warn: progress.say, signal };
    try {
      const outcome = await work(context);
      progress.clear();
      exitCode = outcome.exitCode;
      if (json) answer({ ok: exitCode === exitCodes.done, exitCode, ...outcome.document });
      else stdout.write(`${outcome.lines.join('\n')}\n`);
    } catch (thrown) {
      const error = asCommandError(thrown, signal);
      exitCode = error.exitCode;
      if (json) failed(error);
      progress.say(text('error', { text: error.message }));
    }
  }

  const program = createProgram(run, {
    writeOut: (content) => stdout.write(content),
    writeErr: (content) => stderr.write(content),
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end this way, too.
    if (error.exitCode === 0) return exitCodes.done;
    if (args.includes('--json')) failed(new CommandError(exitCodes.usage, 'usage', error.message));
    return exitCodes.usage;
  }
  return exitCode;
}

function asCommandError(error: unknown, signal: AbortSignal): CommandError {
  if (error instanceof CommandError) return error;
  if (signal.aborted) return failWithError({ code: 'cancelled', params: {} });
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return failWithError({ code: 'internal', params: {}, detail });
}
