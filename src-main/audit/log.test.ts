import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from './log.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('the tail has the last lines in order, with area, level and facts', () => {
  const log = createLog(dir);
  log.info('library', 'Opened');
  log.warn('imports', 'A series was refused', { code: 'decode-failed', files: 3 });
  log.error('engine', 'Stopped');
  const tail = log.tail(2);
  expect(tail.map(({ level, area, text }) => ({ level, area, text }))).toEqual([
    { level: 'warn', area: 'imports', text: 'A series was refused code=decode-failed files=3' },
    { level: 'error', area: 'engine', text: 'Stopped' },
  ]);
  expect(Number.isNaN(Date.parse(tail[0]!.time))).toBe(false);
  log.close();
});

test('the tail reaches back to before the application was opened again and skips half a line', () => {
  const first = createLog(dir);
  first.info('library', 'First');
  first.close();
  appendFileSync(join(dir, 'medsam-workstation.log'), '{"time":"2026-\n');
  const second = createLog(dir);
  second.info('library', 'Second');
  expect(second.tail(10).map((line) => line.text)).toEqual(['First', 'Second']);
  second.close();
});

test('a large log is rotated and at most three old files are kept', () => {
  for (let n = 0; n < 6; n++) {
    const log = createLog(dir);
    log.info('library', 'x'.repeat(2.2 * 1024 ** 2));
    log.close();
  }
  const log = createLog(dir);
  log.info('library', 'Last');
  expect(log.tail(1).map((line) => line.text)).toEqual(['Last']);
  expect(statSync(join(dir, 'medsam-workstation.log')).size).toBeLessThan(10_000);
  expect(existsSync(join(dir, 'medsam-workstation.log.3'))).toBe(true);
  expect(existsSync(join(dir, 'medsam-workstation.log.4'))).toBe(false);
  log.close();
});
