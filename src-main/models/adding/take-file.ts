import { constants, copyFileSync, linkSync, realpathSync, renameSync } from 'node:fs';

/** How a file came into a model's folder; all but `copied` take neither time nor space. */
export type Taken = 'moved' | 'cloned' | 'linked' | 'copied';

/**
 * Puts a file into a folder of the library without copying its bytes where that can be avoided. A file that the
 * library owns already (an upload) is moved. Else it is cloned, where the file system can share blocks (APFS, Btrfs,
 * XFS, ReFS), or hard-linked on the same volume; the person's own file stays where it is. onnxruntime and the registry
 * follow no symbolic link out of a model's folder, so that none is made.
 *
 * @throws the file system's error
 */
export function takeFile(from: string, to: string, { owned }: { owned: boolean }): Taken {
  if (owned) {
    renameSync(from, to);
    return 'moved';
  }
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return 'cloned';
  } catch {
    // No cloning here.
  }
  try {
    // The file itself: a second name of a symbolic link would lead out of the folder.
    linkSync(realpathSync(from), to);
    return 'linked';
  } catch {
    // Another volume, or a file system without links.
  }
  copyFileSync(from, to);
  return 'copied';
}
