import { utilityProcess } from 'electron';
import { entryFile } from '../entry-file.ts';
import { engineEnvironment, type EngineProcess } from '../inference/engine-process.ts';

const keptErrorOutput = 4000;

/** Starts the engine as one of Electron's utility processes; only after Electron is ready. */
export function spawnUtilityEngine(): EngineProcess {
  const child = utilityProcess.fork(entryFile('engine'), [], {
    serviceName: 'MedSAM Workstation engine',
    env: engineEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errorOutput = '';
  child.stderr?.on('data', (data: Buffer) => {
    errorOutput = (errorOutput + data.toString('utf8')).slice(-keptErrorOutput);
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
