import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Result } from '../src-shared/result.ts';
import { areaLogger } from './audit/area-logger.ts';
import type { Log } from './audit/log.ts';
import { createBurdenService, type BurdenService } from './burden/service.ts';
import { forkChild, type StartChild } from './child-process.ts';
import { applicationRoot } from './entry-file.ts';
import { createImagingPool } from './imaging/imaging-pool.ts';
import { engineChild } from './inference/engine-process.ts';
import { createInferenceService } from './inference/service.ts';
import type { InferenceController } from './inference/types.ts';
import { openLibrary } from './library/index.ts';
import type { ImportService } from './library/import-service.ts';
import type { LibraryService } from './library/library-service.ts';
import { claimLibraryForWindows } from './library/one-window-host.ts';
import { seriesIdsOf } from './library/series-records.ts';
import { addSamplePatient, ensureSamplePatient } from './library/sample-patient/index.ts';
import type { VolumeStore } from './library/volume-store.ts';
import { createModelAdding, type ModelAdding } from './models/adding/service.ts';
import { createModelRegistry, type ModelRegistry } from './models/registry.ts';
import { createSegmentationService } from './segmentation/service.ts';
import type { SegmentationService } from './segmentation/types.ts';
import type { SettingsService } from './settings/settings-service.ts';
import { createTrainingSetService, type TrainingSetService } from './training-set/service.ts';
import { unpackedPath } from './unpacked.ts';

/** The whole application, without any window: what every host serves. */
export interface App {
  about: {
    version: string;
    host: 'desktop' | 'browser' | 'cli';
    libraryPath: string;
    platform: string;
    nodeVersion: string;
  };
  log: Log;
  library: LibraryService;
  imports: ImportService;
  volumes: VolumeStore;
  segmentation: SegmentationService;
  burden: BurdenService;
  models: ModelRegistry;
  adding: ModelAdding;
  inference: InferenceController;
  settings: SettingsService;
  trainingSet: TrainingSetService;
  /** Puts the sample patient into the library, unless it is there. */
  addSamplePatient(): Promise<Result<{ patientId: string }>>;
  close(): Promise<void>;
}

export interface AppOptions {
  libraryDir: string;
  host: App['about']['host'];
  /** How child processes are started; forked under this Node when left out. */
  startChild?: StartChild;
}

/**
 * Builds the services over one library.
 *
 * @throws LibraryError when the library cannot be opened (another version's, locked, not a library, already shown)
 */
export async function createApp(options: AppOptions): Promise<App> {
  const root = applicationRoot();
  const startChild = options.startChild ?? forkChild;
  const releaseClaim =
    options.host === 'cli' ? () => undefined : claimLibraryForWindows(options.libraryDir);
  const imagingPool = createImagingPool();
  const opened = openOrRelease(
    () =>
      openLibrary({
        root: options.libraryDir,
        imagingPool,
        onSeriesRemoved: (ids) => inference.forgetSeries(ids),
      }),
    releaseClaim,
  );
  const { log, settings } = opened;
  const addedModels = join(opened.folder.root, 'models');
  const models = createModelRegistry({
    folders: [unpackedPath(join(root, 'models')), addedModels],
    addedModels,
    chosenDefault: () => settings.get().defaultModelId,
    checksOf: (modelSha256) => inference.checksOf(modelSha256),
  });
  const { provider, embeddingCacheBytes, draftMasks } = settings.get();
  const inference = createInferenceService({
    models,
    settings: { provider, embeddingCacheBytes, drafts: draftMasks },
    cacheDir: opened.folder.root,
    log: areaLogger(log, 'inference'),
    spawnEngine: () => startChild(engineChild()),
  });
  inference.forgetOtherSeries(() => seriesIdsOf(opened.db));
  const version = applicationVersion(root);
  const segmentation = createSegmentationService({
    database: opened.database,
    volumes: opened.volumes,
    inference,
    models,
    settings,
    log: areaLogger(log, 'segmentation'),
    appVersion: version,
  });
  const adding = createModelAdding({
    libraryRoot: opened.folder.root,
    models,
    inference,
    startChild,
  });
  log.info('app', 'Opened', { version, host: options.host });

  if (options.host !== 'cli') {
    // Both may take their time while the window opens; neither stops it.
    ensureSamplePatient(opened).catch((error: unknown) => {
      log.error('app', 'The sample patient could not be added', { reason: String(error) });
    });
    inference.warmUp(models.defaultModelId()).catch((error: unknown) => {
      log.warn('app', 'The model could not be loaded ahead', { reason: String(error) });
    });
  }

  return {
    about: {
      version,
      host: options.host,
      libraryPath: opened.folder.root,
      platform: `${process.platform}-${process.arch}`,
      nodeVersion: process.versions.node,
    },
    log,
    library: opened.library,
    imports: opened.imports,
    volumes: opened.volumes,
    segmentation,
    burden: createBurdenService({ database: opened.database }),
    models,
    adding,
    inference,
    settings,
    trainingSet: createTrainingSetService({
      database: opened.database,
      volumes: opened.volumes,
      libraryFolder: opened.folder.root,
      log: areaLogger(log, 'training-set'),
      appVersion: version,
    }),
    addSamplePatient: () => addSamplePatient(opened),
    async close() {
      await segmentation.close();
      adding.close();
      await inference.close();
      await opened.close();
      await imagingPool.close();
      releaseClaim();
    },
  };
}

function openOrRelease<T>(open: () => T, release: () => void): T {
  try {
    return open();
  } catch (error) {
    release();
    throw error;
  }
}

function applicationVersion(root: string): string {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
