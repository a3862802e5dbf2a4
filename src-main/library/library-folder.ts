import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const appFolder = 'MedSAM Workstation';

/**
 * Where a person's library is unless they say otherwise: `MEDSAM_WORKSTATION_LIBRARY`, else the
 * place that the platform gives to an application's data.
 */
export function defaultLibraryFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (env.MEDSAM_WORKSTATION_LIBRARY) return env.MEDSAM_WORKSTATION_LIBRARY;
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), appFolder);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', appFolder);
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), appFolder);
}

/** The folders of one library. Paths are made from checked identifiers only, so none leads outside. */
export interface LibraryFolder {
  root: string;
  volumes: string;
  thumbnails: string;
  staging: string;
  embeddings: string;
  logs: string;
  /** An original by the SHA-256 of its content. */
  originalPath(sha256: string): string;
  /** The decoded voxels of a series, raw little-endian, x-fastest. */
  volumePath(seriesId: string): string;
  thumbnailPath(seriesId: string): string;
  /** Where one import puts what is not yet in the library. */
  importStaging(importId: string): string;
}

/** Opens the folder of a library and makes what is missing in it. */
export function openLibraryFolder(root: string): LibraryFolder {
  const at = (name: string) => join(root, name);
  for (const name of ['originals', 'volumes', 'thumbnails', 'staging', 'embeddings', 'logs']) {
    mkdirSync(at(name), { recursive: true });
  }
  return {
    root,
    volumes: at('volumes'),
    thumbnails: at('thumbnails'),
    staging: at('staging'),
    embeddings: at('embeddings'),
    logs: at('logs'),
    originalPath: (sha256) => join(root, originalFile(sha256)),
    volumePath: (seriesId) => join(root, volumeFile(seriesId)),
    thumbnailPath: (seriesId) => join(root, thumbnailFile(seriesId)),
    importStaging: (importId) => join(root, 'staging', checkedId(importId)),
  };
}

/** Paths below the library folder, as `loose_files` keeps them. */
export const originalFile = (sha256: string): string => {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error('Not a SHA-256');
  return `originals/${sha256.slice(0, 2)}/${sha256}`;
};
export const volumeFile = (seriesId: string): string => `volumes/${checkedId(seriesId)}.raw`;
export const thumbnailFile = (seriesId: string): string => `thumbnails/${checkedId(seriesId)}.png`;

function checkedId(id: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    throw new Error('Not an identifier of this library');
  return id;
}
