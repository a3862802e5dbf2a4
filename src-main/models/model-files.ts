import { createHash, type Hash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { InstalledModel } from './manifest.ts';

/** Every file the manifest names, with its role; the verification slice among them. */
export function filesOf({
  manifest,
}: InstalledModel): { role: string; path: string; sha256: string; sizeBytes: number }[] {
  const files = Object.entries(manifest.files).map(([role, file]) => ({ role, ...file }));
  if (!manifest.verification) return files;
  const { path, sha256, widthPx, heightPx, channels } = manifest.verification.slice;
  return [
    ...files,
    { role: 'verification slice', path, sha256, sizeBytes: widthPx * heightPx * channels },
  ];
}

/**
 * The absolute path of a file of a model.
 * Errors: `model-damaged` when it is missing, leads out of the folder (also through a link) or has another size.
 */
export function modelFilePath(
  model: Pick<InstalledModel, 'folder' | 'manifest'>,
  file: { path: string; sizeBytes: number },
): Result<string> {
  const damaged = (detail: string) =>
    fail('model-damaged', { name: model.manifest.name, file: file.path }, detail);
  const path = join(model.folder, file.path);
  try {
    const inside = relative(realpathSync(model.folder), realpathSync(path));
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      return damaged(`${file.path} leads out of the model folder ${model.folder}.`);
    }
    const stat = statSync(path);
    if (!stat.isFile()) return damaged(`${path} is not a file.`);
    if (stat.size !== file.sizeBytes) {
      return damaged(
        `${path} has ${stat.size} bytes; model.json says ${file.sizeBytes}. Install the model again.`,
      );
    }
    return ok(path);
  } catch (error) {
    return damaged(`${path} cannot be read: ${(error as Error).message}. Install the model again.`);
  }
}

/** Files up to this size are hashed and loaded from the same bytes; larger ones are hashed piece by piece. */
const IN_MEMORY_BYTES = 64 * 1024 ** 2;
const PIECE_BYTES = 4 * 1024 ** 2;

/** All pieces go through one buffer: a stream, which takes new memory for each, needs a third more time. */
async function updateWithFile(hash: Hash, path: string): Promise<void> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return;
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/**
 * The file's content after its hash was found right: its bytes when small, its path when large.
 * Errors: `model-damaged`.
 */
export async function checkedModelFile(
  model: Pick<InstalledModel, 'folder' | 'manifest'>,
  file: { path: string; sha256: string; sizeBytes: number },
): Promise<Result<{ path: string; bytes: Uint8Array | null }>> {
  const found = modelFilePath(model, file);
  if (!found.ok) return found;
  const damaged = (detail: string) =>
    fail('model-damaged', { name: model.manifest.name, file: file.path }, detail);
  try {
    const hash = createHash('sha256');
    let bytes: Uint8Array | null = null;
    if (file.sizeBytes <= IN_MEMORY_BYTES) {
      bytes = readFileSync(found.value);
      hash.update(bytes);
    } else {
      await updateWithFile(hash, found.value);
    }
    const sha256 = hash.digest('hex');
    if (sha256 !== file.sha256) {
      return damaged(
        `${found.value} has SHA-256 ${sha256}; model.json says ${file.sha256}. Install the model again.`,
      );
    }
    return ok({ path: found.value, bytes });
  } catch (error) {
    return damaged(`${found.value} cannot be read: ${(error as Error).message}`);
  }
}
