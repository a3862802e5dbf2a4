import { applicationContract } from './application.ts';
import { burdenContract } from './burden.ts';
import { importsContract } from './imports.ts';
import { libraryContract } from './library.ts';
import { modelsContract } from './models.ts';
import { segmentationContract } from './segmentation.ts';
import { settingsContract } from './settings.ts';
import { trainingSetContract } from './training-set.ts';

/**
 * All that the renderer may ask of main, one area per file.
 *
 * Bytes do not travel here. They are GET routes beside it (same origin, same token):
 * - `/volume/<seriesId>` all voxels, raw little-endian, x-fastest, RGB interleaved;
 * - `/volume/<seriesId>/<k>` the voxels of slice k;
 * - `/mask/<maskId or previewId>` one byte (0 or 1) per pixel of the mask's rectangle, row by row;
 * - `/mask/<maskId>/border` one byte (0…15 for a probability of 0…1) per pixel of `uncertainRectPx`;
 * - `/thumbnail/<seriesId>` PNG;
 * - `/model-view/<id>` RGBA bytes;
 * - POST `/upload/<importId>/<encoded relative path>` one staged file;
 * - POST `/upload-model/<stageId>/<encoded name>` one file of a model.
 */
export const contract = {
  application: applicationContract,
  library: libraryContract,
  imports: importsContract,
  segmentation: segmentationContract,
  burden: burdenContract,
  models: modelsContract,
  settings: settingsContract,
  trainingSet: trainingSetContract,
};
