import { expect, test } from 'vitest';
import { unpackedPath } from './unpacked.ts';

test.each([
  ['/opt/MedSAM Workstation/resources/app.asar/models', '/opt/MedSAM Workstation/resources/app.asar.unpacked/models'],
  ['/opt/w/resources/app.asar', '/opt/w/resources/app.asar.unpacked'],
  ['C:\\Program Files\\w\\resources\\app.asar\\models\\default', 'C:\\Program Files\\w\\resources\\app.asar.unpacked\\models\\default'],
])('a path into the archive becomes one that native code can open: %s', (packed, onDisk) => {
  expect(unpackedPath(packed)).toBe(onDisk);
});

test.each([
  '/home/reader/workstation/models',
  '/opt/w/resources/app.asar.unpacked/models',
  '/home/reader/app.asar-notes/models',
  '/home/reader/my-app.asar/models',
])('any other path stays: %s', (path) => {
  expect(unpackedPath(path)).toBe(path);
});
