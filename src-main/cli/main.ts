import { execute } from './execute.ts';
import { exitCodes } from './exit-codes.ts';

/** Entry of the command line. Ctrl-C ends what runs in order; a second one at once. */
const interrupt = new AbortController();
process.on('SIGINT', () => {
  if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
  interrupt.abort();
});
// Libraries that print must not print into the answer.
console.log = console.error;
console.info = console.error;

const { stdout, stderr } = process;
process.exitCode = await execute(process.argv.slice(2), {
  stdout,
  stderr,
  signal: interrupt.signal,
});
