import type { ChosenFile } from './dropped-files.ts';

/**
 * The same files with paths that differ (also where a disk ignores case): files of one name dropped
 * from several folders must not overwrite each other. A repeated one goes into a numbered folder.
 */
export function withUniquePaths(files: readonly ChosenFile[]): ChosenFile[] {
  const taken = new Set<string>();
  return files.map(({ file, relativePath }) => {
    let path = relativePath;
    for (let n = 2; taken.has(path.toLowerCase()); n++) path = `${n}/${relativePath}`;
    taken.add(path.toLowerCase());
    return { file, relativePath: path };
  });
}
