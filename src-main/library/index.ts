import { createLog, type Log } from '../audit/log.ts';
import { createSettingsService, type SettingsService } from '../settings/settings-service.ts';
import { type Db, type LibraryDatabase, openDatabase } from './database.ts';
import type { Imaging } from './imaging.ts';
import { createImportService, type ImportService } from './import-service.ts';
import { createLibraryChanges, type LibraryChanges } from './library-changes.ts';
import { type LibraryFolder, openLibraryFolder } from './library-folder.ts';
import { createLibraryService, type LibraryService } from './library-service.ts';
import { watchOtherProcesses } from './other-processes.ts';
import { recoverLibrary } from './recovery.ts';
import { createVolumeStore, type VolumeStore } from './volume-store.ts';

/** One open library and the services over it. */
export interface OpenLibrary {
  database: LibraryDatabase;
  db: Db;
  folder: LibraryFolder;
  log: Log;
  changes: LibraryChanges;
  volumes: VolumeStore;
  library: LibraryService;
  imports: ImportService;
  settings: SettingsService;
  close(): Promise<void>;
}

/**
 * Opens (or makes) the library in a folder and clears away what a crash left behind.
 *
 * @throws LibraryError see `openDatabase`
 */
export function openLibrary(options: {
  root: string;
  imagingPool: Imaging;
  volumeMemoryBytes?: number;
  /** Told of series that are in the library no more (deleted, or replaced by what was sent again). */
  onSeriesRemoved?: (seriesIds: readonly string[]) => void;
  /** How often to look for what other processes have done. */
  watchEveryMs?: number;
}): OpenLibrary {
  const database = openDatabase(options.root);
  const { db } = database;
  const folder = openLibraryFolder(options.root);
  const log = createLog(folder.logs);
  const dead = recoverLibrary(db, folder);
  if (dead > 0) log.warn('library', 'Cleared away imports that did not end', { imports: dead });
  const changes = createLibraryChanges();
  const stopWatching = watchOtherProcesses(database, changes, options.watchEveryMs);
  const volumes = createVolumeStore({
    db,
    folder,
    imaging: options.imagingPool,
    memoryBytes: options.volumeMemoryBytes,
  });
  const forget = (seriesIds: readonly string[]) => {
    volumes.forget(seriesIds);
    options.onSeriesRemoved?.(seriesIds);
  };
  const imports = createImportService({
    db,
    folder,
    imagingPool: options.imagingPool,
    log,
    changes,
    forget,
  });
  return {
    database,
    db,
    folder,
    log,
    changes,
    volumes,
    library: createLibraryService({ database, folder, volumes, changes, forget, log }),
    imports,
    settings: createSettingsService(db),
    close: async () => {
      stopWatching();
      await imports.close();
      log.close();
      database.close();
    },
  };
}
