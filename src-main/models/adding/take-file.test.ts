import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/support/temporary-folder.ts';
import { takeFile } from './take-file.ts';

describe('taking a file into a model’s folder', () => {
  it('leaves the person’s own where it is, and takes no room', () => {
    const folder = temporaryFolder();
    const [from, to] = [join(folder, 'a.pth'), join(folder, 'checkpoint.pth')];
    writeFileSync(from, 'weights');
    const taken = takeFile(from, to, { owned: false });
    expect(['cloned', 'linked']).toContain(taken);
    expect([readFileSync(to, 'utf8'), existsSync(from)]).toEqual(['weights', true]);
  });

  it('takes what a symbolic link leads to, and never the link', () => {
    const folder = temporaryFolder();
    const [from, link, to] = ['a.pth', 'link.pth', 'checkpoint.pth'].map((name) =>
      join(folder, name),
    );
    writeFileSync(from!, 'weights');
    symlinkSync(from!, link!);
    takeFile(link!, to!, { owned: false });
    expect([lstatSync(to!).isFile(), readFileSync(to!, 'utf8')]).toEqual([true, 'weights']);
  });

  it('moves what the library owns', () => {
    const folder = temporaryFolder();
    const [from, to] = [join(folder, 'upload-0'), join(folder, 'checkpoint.pth')];
    writeFileSync(from, 'weights');
    expect(takeFile(from, to, { owned: true })).toBe('moved');
    expect([existsSync(from), readFileSync(to, 'utf8')]).toEqual([false, 'weights']);
  });
});
