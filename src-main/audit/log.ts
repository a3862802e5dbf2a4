import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { z } from 'zod';

type Facts = Record<string, string | number | boolean | null>;

/**
 * The application's log. It says what was done and what went wrong, by identifiers, counts and
 * codes: never a patient's name, a file's path or a value from an image.
 */
export interface Log {
  info(area: string, text: string, facts?: Facts): void;
  warn(area: string, text: string, facts?: Facts): void;
  error(area: string, text: string, facts?: Facts): void;
  /** The last lines, the newest last. */
  tail(lines: number): LogLine[];
  close(): void;
}

export interface LogLine {
  time: string;
  level: string;
  area: string;
  text: string;
}

const rotateBytes = 2 * 1024 ** 2;
const oldFiles = 3;

const lineSchema = z.looseObject({
  time: z.string(),
  level: z.string(),
  area: z.string(),
  msg: z.string(),
});

/** Opens `medsam-workstation.log` in a folder: one JSON object a line, older lines in `.1`, `.2` …. */
export function createLog(folder: string): Log {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'medsam-workstation.log');
  rotateIfLarge(path);
  // Synchronous: the last line before a crash is the one that is wanted.
  const destination = pino.destination({ dest: path, sync: true });
  const logger = pino(
    {
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  );
  let written = 0;
  let closed = false;
  const write = (
    level: 'info' | 'warn' | 'error',
    area: string,
    text: string,
    facts: Facts = {},
  ) => {
    if (closed) return;
    logger[level]({ ...facts, area }, text);
    written++;
    if (written % 1000 === 0 && rotateIfLarge(path)) destination.reopen();
  };
  return {
    info: (area, text, facts) => write('info', area, text, facts),
    warn: (area, text, facts) => write('warn', area, text, facts),
    error: (area, text, facts) => write('error', area, text, facts),
    tail: (lines) => {
      const current = readLines(path);
      return (current.length < lines ? [...readLines(`${path}.1`), ...current] : current).slice(
        -lines,
      );
    },
    close: () => {
      closed = true;
      destination.end();
    },
  };
}

function rotateIfLarge(path: string): boolean {
  if (!existsSync(path) || statSync(path).size < rotateBytes) return false;
  for (let n = oldFiles; n > 1; n--) {
    if (existsSync(`${path}.${n - 1}`)) renameSync(`${path}.${n - 1}`, `${path}.${n}`);
  }
  renameSync(path, `${path}.1`);
  return true;
}

function readLines(path: string): LogLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const { time, level, area, msg, pid: _pid, ...facts } = lineSchema.parse(JSON.parse(line));
        const details = Object.entries(facts).map(([key, value]) => `${key}=${String(value)}`);
        return [{ time, level, area, text: [msg, ...details].join(' ') }];
      } catch {
        // Empty, or half a line of a process that was killed while writing it.
        return [];
      }
    });
}
