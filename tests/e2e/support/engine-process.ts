import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Processes as pid, parent and command line: from /proc where there is one, else from ps. */
function processes(): { pid: number; parent: number; command: string }[] {
  if (existsSync('/proc/self/stat')) {
    return readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return [];
      try {
        // The name in brackets may hold spaces; the parent is the second field behind it.
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), parent: Number(fields[1]), command }];
      } catch {
        return []; // ended in the meantime
      }
    });
  }
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), command: command! }] : [];
  });
}

/** The engine of a host: the forked Node, or Electron's utility process. Null while there is none. */
export function enginePid(hostPid: number): number | null {
  const engine = processes().find(
    ({ parent, command }) => parent === hostPid && /[\\/]engine\.js|node\.mojom\.NodeService/.test(command),
  );
  return engine?.pid ?? null;
}
