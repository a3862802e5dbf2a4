import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A file that a person gave. */
export interface SourceFile {
  path: string;
  /** As the person knows it: the file's name, or its path below a folder that was given. */
  name: string;
  /** True for an upload, which the library may move. */
  owned: boolean;
}

/**
 * Files, and for a folder with a model.json the files in it; another folder gives none.
 *
 * @throws the file system's error
 */
export function sourcesOf(paths: readonly string[], owned: boolean): SourceFile[] {
  return paths.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [{ path, name: basename(path), owned }];
    if (!existsSync(join(path, 'model.json'))) return [];
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => ({
        path: file,
        name: file
          .slice(path.length)
          .replace(/^[\\/]+/, '')
          .replaceAll('\\', '/'),
        owned,
      }));
  });
}

/** ONNX files and what belongs to them, rather than a checkpoint. */
export const isOnnxModel = (sources: readonly SourceFile[]): boolean =>
  sources.some(({ name }) => /\.(onnx|json)$/i.test(name));
