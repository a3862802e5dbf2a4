import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Row } from './figures.ts';

/** What adding a checkpoint costs (add-checkpoint.ts), in a process of its own. */
export function importRows(say: (text: string) => void): Promise<Row[]> {
  say('Adding a checkpoint …');
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('./add-checkpoint.ts', import.meta.url));
    const child = fork(script, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    child.once('message', (rows) => resolve(rows as Row[]));
    child.once('exit', (code) => reject(new Error(`Adding the checkpoint ended with ${code}.`)));
  });
}
