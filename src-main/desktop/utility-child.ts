import { utilityProcess } from 'electron';
import {
  KEPT_ERROR_OUTPUT,
  nodeOptions,
  type ChildOptions,
  type ChildProcess,
} from '../child-process.ts';
import { entryFile } from '../entry-file.ts';

/** Starts a child as one of Electron's utility processes; only after Electron is ready. */
export function startUtilityChild(options: ChildOptions): ChildProcess {
  const child = utilityProcess.fork(entryFile(options.entry), [], {
    serviceName: options.serviceName,
    env: options.env ?? process.env,
    execArgv: nodeOptions(options),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errorOutput = '';
  child.stderr?.on('data', (data: Buffer) => {
    errorOutput = (errorOutput + data.toString('utf8')).slice(-KEPT_ERROR_OUTPUT);
  });
  return {
    send: (message) => child.postMessage(message),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) =>
      child.on('exit', (code) => {
        const how = `ended with code ${code}`;
        listener(errorOutput ? `${how}: ${errorOutput.trim()}` : how);
      }),
    // `kill` of a utility process is SIGTERM; a run in native code does not see it, so the signal
    // that cannot be ignored is sent to the process itself.
    kill() {
      const { pid } = child;
      try {
        if (pid === undefined) child.kill();
        else process.kill(pid, 'SIGKILL');
      } catch (error) {
        // It may have ended by itself a moment ago.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
  };
}
