import { join, relative, resolve, isAbsolute } from 'node:path';

/**
 * The place below `root` for a relative path that came from outside, or null when it is not plainly
 * a path below it: absolute, with `..`, a drive letter, a NUL, or empty parts.
 */
export function stagedPathBelow(root: string, relativePath: string): string | null {
  if (relativePath.length === 0 || relativePath.length > 4096 || relativePath.includes('\0'))
    return null;
  const parts = relativePath.split(/[\\/]/);
  const isPlain = (part: string) =>
    part !== '' && part !== '.' && part !== '..' && !/^[a-z]:/i.test(part);
  if (!parts.every(isPlain)) return null;
  const path = resolve(join(root, ...parts));
  const back = relative(root, path);
  return back === '' || back.startsWith('..') || isAbsolute(back) ? null : path;
}
