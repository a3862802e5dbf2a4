import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isProcess } from '../../living-process.ts';

/*
 * A model is put together in `staging/` of the library and moved to `models/` in one step at the end: what a crash or a
 * power cut leaves is never a half model, and is swept away later.
 */

/** A new folder for one model; its name says whose it is, so that only what is abandoned is swept away. */
export function stagingFolder(libraryRoot: string): string {
  const root = join(libraryRoot, 'staging');
  mkdirSync(root, { recursive: true });
  for (const name of readdirSync(root)) {
    const owner = /^model-(\d+)-/.exec(name)?.[1];
    if (owner && !isProcess(Number(owner))) sweep(root, name, owner);
  }
  const folder = join(root, `model-${process.pid}-${randomUUID()}`);
  mkdirSync(folder);
  return folder;
}

/**
 * Removes what a killed process left. The process that read the checkpoint for it may outlive it by a moment and still
 * write: it loses the folder under its hands first, and `writeDurably` does not make it anew.
 */
function sweep(root: string, name: string, owner: string): void {
  const aside = join(root, `model-${owner}-${randomUUID()}`);
  try {
    renameSync(join(root, name), aside);
    rmSync(aside, { recursive: true, force: true });
  } catch {
    // Somebody else sweeps it, or holds a file of it: the next addition tries again.
  }
}

/** Writes a file and brings it to the disk; the folder over the file's own must be there. */
export function writeDurably(path: string, content: Uint8Array | string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) mkdirSync(folder);
  writeFileSync(path, content, { flush: true });
}

/** Makes a finished folder a model of the library. @throws Error with the code EEXIST when there is one of that id. */
export function publish(folder: string, libraryRoot: string, id: string): string {
  const models = join(libraryRoot, 'models');
  mkdirSync(models, { recursive: true });
  const target = join(models, id);
  if (existsSync(target)) throw Object.assign(new Error(target), { code: 'EEXIST' });
  syncFolder(folder);
  renameSync(folder, target);
  syncFolder(models);
  return target;
}

/** Windows has no such call and needs none. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
