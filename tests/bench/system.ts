import { readFileSync, readdirSync } from 'node:fs';

/* What the system says of processes; Linux only. */

/** Largest resident memory of a process so far, in MB. */
export function peakMegabytes(pid: number): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return line ? Number(line[1]) / 1024 : NaN;
}

/** Resident memory of a process now, in bytes; 0 where it is gone. */
export function residentBytes(pid: number): number {
  try {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line ? Number(line[1]) * 1024 : 0;
  } catch {
    return 0;
  }
}

export const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );

/** Processor time of a process and all below it so far, in ms (clock ticks of 10 ms); 0 where it is gone. */
export function processorMs(pid: number): number {
  try {
    // After the name, which may hold spaces: fields 14 and 15 are user and system time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    const own = (Number(fields[11]) + Number(fields[12])) * 10;
    return childrenOf(pid).reduce((sum, child) => sum + processorMs(child), own);
  } catch {
    return 0;
  }
}
