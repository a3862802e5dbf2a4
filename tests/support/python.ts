import { spawnSync } from 'node:child_process';

/** A Python that has the given modules; null on a machine without one. */
export function pythonWith(...modules: string[]): string | null {
  const candidates = [process.env.MEDSAM_WORKSTATION_PYTHON, 'python3', '/usr/bin/python3', 'python'];
  return (
    candidates.find(
      (command): command is string =>
        !!command &&
        spawnSync(command, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0,
    ) ?? null
  );
} // prettier-ignore

/** For the title of a test that needs one. */
export const needsPython = (python: string | null, ...modules: string[]): string =>
  python ? '' : ` (SKIPPED: no Python with ${modules.join(', ')})`;

/** Runs a program text and returns what it prints. @throws Error with its standard error */
export function runPython(python: string, program: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ['-c', program, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
