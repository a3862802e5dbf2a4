import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LibraryDatabase, openDatabase } from '../library/database.ts';
import { settings } from '../library/schema/index.ts';
import { createSettingsService } from './settings-service.ts';

let dir: string;
let library: LibraryDatabase;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'settings-'));
  library = openDatabase(dir);
});
afterEach(() => {
  library.close();
  rmSync(dir, { recursive: true, force: true });
});

test('settings nobody has chosen have their defaults', () => {
  expect(createSettingsService(library.db).get()).toMatchObject({
    language: 'system',
    reader: '',
    fillOpacity: 0.3,
  });
});

test('changing one setting keeps the others and survives a restart', () => {
  const service = createSettingsService(library.db);
  service.update({ reader: 'Dr. Wu', fillOpacity: 0.5 });
  service.update({ language: 'zh-CN' });
  library.close();
  library = openDatabase(dir);
  const again = createSettingsService(library.db).get();
  expect(again).toMatchObject({
    reader: 'Dr. Wu',
    fillOpacity: 0.5,
    language: 'zh-CN',
    outlineWidthPx: 2,
  });
});

test('a stored value that no longer fits falls back to its default, the rest stays', () => {
  library.db
    .insert(settings)
    .values([
      { key: 'fillOpacity', value: 'thick' },
      { key: 'reader', value: 'Dr. Wu' },
    ])
    .run();
  expect(createSettingsService(library.db).get()).toMatchObject({
    fillOpacity: 0.3,
    reader: 'Dr. Wu',
  });
});

test('a value out of range is refused and nothing changes', () => {
  const service = createSettingsService(library.db);
  expect(() => service.update({ reader: 'Dr. Wu', fillOpacity: 7 })).toThrow();
  expect(service.get()).toMatchObject({ reader: '', fillOpacity: 0.3 });
});
