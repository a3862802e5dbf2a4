import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { RefusedInput } from '../refused-input.ts';
import type { InputFile } from '../types.ts';

const exists = (path: string) =>
  stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );

/**
 * The data file that a header names, beside the header or below its folder. A name that points
 * elsewhere is not followed: a header must not make the application read other files.
 * @throws RefusedInput
 */
export async function companionOf(header: InputFile, name: string): Promise<InputFile> {
  const folder = dirname(header.path);
  const path = join(folder, name.replaceAll('\\', '/'));
  const inside = relative(folder, path);
  const escapes = isAbsolute(name) || inside.startsWith('..') || isAbsolute(inside);
  if (escapes || !(await exists(path))) {
    throw new RefusedInput('missing-companion-file', { file: name });
  }
  return { path, shownPath: join(dirname(header.shownPath), inside) };
}

/** The `.img` or `.img.gz` of a NIfTI header. */
export async function niftiCompanion(
  header: InputFile,
): Promise<{ companion: InputFile; gzip: boolean }> {
  const stem = basename(header.path).replace(/(\.hdr)?(\.gz)?$/i, '');
  for (const extension of ['.img', '.img.gz', '.IMG']) {
    if (await exists(join(dirname(header.path), stem + extension))) {
      return {
        companion: await companionOf(header, stem + extension),
        gzip: extension.endsWith('.gz'),
      };
    }
  }
  throw new RefusedInput('missing-companion-file', { file: `${stem}.img` });
}

/** Headers of the same name that stand beside a data file. */
export async function headersBeside(data: InputFile): Promise<InputFile[]> {
  const stem = basename(data.path).replace(/(\.[^.]+?)(\.gz)?$/i, '');
  const headers: InputFile[] = [];
  for (const extension of ['.mhd', '.nhdr', '.hdr', '.hdr.gz']) {
    const path = join(dirname(data.path), stem + extension);
    if (path !== data.path && (await exists(path))) {
      headers.push({ path, shownPath: join(dirname(data.shownPath), stem + extension) });
    }
  }
  return headers;
}
