import { applicationApi } from './application.ts';
import { burdenApi } from './burden.ts';
import { os } from './implementer.ts';
import { importsApi } from './imports.ts';
import { libraryApi } from './library.ts';
import { modelsApi } from './models.ts';
import { segmentationApi } from './segmentation.ts';
import { settingsApi } from './settings.ts';
import { trainingSetApi } from './training-set.ts';

/** The whole contract, one area per file. */
export const router = os.router({
  application: applicationApi,
  library: libraryApi,
  imports: importsApi,
  segmentation: segmentationApi,
  burden: burdenApi,
  models: modelsApi,
  settings: settingsApi,
  trainingSet: trainingSetApi,
});
