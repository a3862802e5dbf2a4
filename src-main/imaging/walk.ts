import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { RefusedFile } from '../../src-shared/import-issue.ts';
import { note, refusal } from './refused-input.ts';
import type { InputFile } from './types.ts';

export interface Walked {
  /** Regular, non-empty files in natural order, each once. */
  files: InputFile[];
  /** Everything else that was met: ignored system files (notes), unreadable and empty files. */
  refused: RefusedFile[];
}

const systemFiles = new Set(['thumbs.db', 'desktop.ini', '__macosx', '$recycle.bin']);

/** Files and folders that operating systems leave behind: hidden ones and the well-known names. */
export function isSystemFile(name: string): boolean {
  return name.startsWith('.') || systemFiles.has(name.toLowerCase());
}

/**
 * All files below the given files and folders. Symbolic links are followed; a folder reached a
 * second time (a link to its own parent) is not entered again, and a file reached twice counts once.
 * What a person names themselves is taken even if hidden.
 */
export async function walk(
  paths: readonly string[],
  { signal }: { signal?: AbortSignal } = {},
): Promise<Walked> {
  const files: InputFile[] = [];
  const refused: RefusedFile[] = [];
  const seen = new Set<string>();

  async function visit(path: string, shownPath: string): Promise<void> {
    signal?.throwIfAborted();
    try {
      const real = await realpath(path);
      if (seen.has(real)) return;
      seen.add(real);
      const entry = await stat(path);
      if (entry.isDirectory()) return await visitFolder(path, shownPath);
      if (!entry.isFile()) throw new Error('not a regular file');
      if (entry.size === 0) refused.push({ path: shownPath, issue: refusal('empty-file') });
      else files.push({ path, shownPath });
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      refused.push({ path: shownPath, issue: refusal('unreadable-file', { reason }) });
    }
  }

  async function visitFolder(path: string, shownPath: string): Promise<void> {
    const names = (await readdir(path)).sort(naturalOrder);
    for (const name of names) {
      const shown = join(shownPath, name);
      if (isSystemFile(name)) refused.push({ path: shown, issue: note('system-file-ignored') });
      else await visit(join(path, name), shown);
    }
  }

  for (const path of paths) await visit(resolve(path), path);
  return { files, refused };
}

const collator = new Intl.Collator('en', { numeric: true });
/** slice2 before slice10. */
export const naturalOrder = (a: string, b: string): number => collator.compare(a, b);

/** Name without folder and extension; `.nii.gz` counts as one extension. */
export function stemOf(path: string): string {
  const name = basename(path);
  return name.replace(/(\.(nii|hdr|img))?\.gz$|\.[^.]{1,5}$/i, '') || name;
}
