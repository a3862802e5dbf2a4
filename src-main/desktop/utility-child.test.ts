import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as electron from '../../tests/support/electron-stand-in.ts';
import { entryFile } from '../entry-file.ts';
import { engineChild } from '../inference/engine-process.ts';
import { startUtilityChild } from './utility-child.ts';

vi.mock('electron', () => import('../../tests/support/electron-stand-in.ts'));

beforeEach(() => electron.forgetAll());
afterEach(() => electron.utilityProcess.last?.child.kill('SIGKILL'));

test('the engine is a utility process with a name that shows in the task manager', () => {
  startUtilityChild(engineChild());
  const [[file, args, options]] = electron.callsOf('utilityProcess.fork') as [
    [string, string[], object],
  ];
  expect(file).toBe(entryFile('engine'));
  expect(args).toEqual([]);
  expect(options).toMatchObject({
    serviceName: 'MedSAM Workstation engine',
    env: { MALLOC_TRIM_THRESHOLD_: expect.any(String) },
  });
});

test('messages go both ways', () => {
  const engine = startUtilityChild(engineChild());
  const heard: unknown[] = [];
  engine.onMessage((message) => heard.push(message));
  electron.utilityProcess.last!.emit('message', { type: 'ready' });
  expect(heard).toEqual([{ type: 'ready' }]);
  engine.send({ type: 'load' });
  expect(electron.callsOf('utilityProcess.postMessage')).toEqual([[{ type: 'load' }]]);
});

test('killing cannot be ignored, and its end is told', async () => {
  const engine = startUtilityChild(engineChild());
  const ended = new Promise<string>((resolve) => engine.onExit(resolve));
  engine.kill();
  expect(await ended).toMatch(/^ended with code/);
  expect(electron.utilityProcess.last!.child.signalCode).toBe('SIGKILL');
  // Once more, as a time-out that comes late would: nothing is thrown.
  engine.kill();
});

test('what the engine wrote before it fell is part of how it ended', async () => {
  const engine = startUtilityChild(engineChild());
  const child = electron.utilityProcess.last!;
  const ended = new Promise<string>((resolve) => engine.onExit(resolve));
  child.stderr!.emit('data', Buffer.from('bad alloc\n'));
  child.child.kill('SIGKILL');
  expect(await ended).toMatch(/: bad alloc$/);
});

test('a child with a limit is told it', () => {
  startUtilityChild({ entry: 'model-worker', serviceName: 'reader', mostHeapMb: 512 });
  const [[file, , options]] = electron.callsOf('utilityProcess.fork') as [
    [string, string[], { execArgv: string[] }],
  ];
  expect(file).toBe(entryFile('model-worker'));
  expect(options.execArgv).toContain('--max-old-space-size=512');
});
