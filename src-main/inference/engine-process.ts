import { forkChild, type ChildOptions, type ChildProcess } from '../child-process.ts';

/** A running engine process, however it was started. */
export type EngineProcess = ChildProcess;

/** Starts an engine process. */
export type SpawnEngine = () => EngineProcess;

/**
 * Without arenas of its own, onnxruntime asks the C library for every tensor. glibc would give the large ones back to
 * the system each time, and a slice would cost millions of page faults; so it is told to keep them. All graphs then
 * share one heap. Other C libraries do not know these names.
 */
export function engineEnvironment(): NodeJS.ProcessEnv {
  const large = String(4 * 1024 ** 3);
  return { ...process.env, MALLOC_MMAP_THRESHOLD_: large, MALLOC_TRIM_THRESHOLD_: large };
}

/** The engine as a child process of any host. */
export const engineChild = (): ChildOptions => ({
  entry: 'engine',
  serviceName: 'MedSAM Workstation engine',
  env: engineEnvironment(),
});

/** Starts the engine under the Node that runs this. */
export const forkEngine: SpawnEngine = () => forkChild(engineChild());
