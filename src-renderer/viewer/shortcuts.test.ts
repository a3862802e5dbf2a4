import { expect, it } from 'vitest';
import en from '../locales/en/viewer.json' with { type: 'json' };
import zh from '../locales/zh-CN/viewer.json' with { type: 'json' };
import { actionOf, shortcuts } from './shortcuts.ts';

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  actionOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });

it('finds the action of a key, with Ctrl or Command where it is asked for', () => {
  expect(press('b')).toBe('tool-box');
  expect(press('B', { shiftKey: true })).toBe('tool-box');
  expect(press('z')).toBeNull();
  expect(press('z', { ctrlKey: true })).toBe('undo');
  expect(press('Z', { metaKey: true, shiftKey: true })).toBe('redo');
  expect(press('y', { ctrlKey: true })).toBe('redo');
  expect(press('b', { ctrlKey: true })).toBeNull();
  expect(press('3')).toBe('preset-3');
  expect(press('b', { altKey: true })).toBeNull();
});

it('gives every combination one action and every action a text in both languages', () => {
  const combinations = shortcuts.map((s) => `${s.ctrl ? 'ctrl ' : ''}${s.shift ? 'shift ' : ''}${s.key}`);
  expect(new Set(combinations).size).toBe(combinations.length);
  for (const texts of [en, zh]) {
    for (const { labelKey } of shortcuts) {
      expect(texts.shortcuts).toHaveProperty([labelKey.split('.').at(-1)!]);
    }
  }
});

it('has the same texts in both languages', () => {
  const keys = (value: unknown, path = ''): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([k, v]) => keys(v, `${path}.${k}`))
      : [path];
  expect(keys(zh)).toEqual(keys(en));
});
