import type { SegmentationService } from '../../src-main/segmentation/types.ts';
import { createSegmentationService } from '../../src-main/segmentation/service.ts';
import { openDatabase, type LibraryDatabase } from '../../src-main/library/database.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import type { ModelWindow } from '../../src-shared/window.ts';
import { geometry } from './geometries.ts';
import { insertSeries, memoryVolumes, temporaryFolder } from './test-library.ts';
import { ThresholdInference, thresholdModels } from './threshold-inference.ts';

export const ballSize: Vec3 = [32, 30, 28];
export const ballCentre: Vec3 = [15, 14, 13];
export const ballRadius = 9;
export const ballGeometry = geometry({ sizeVx: ballSize, spacingMm: [0.5, 0.8, 2] });

/** 100 inside a ball (in voxels), −100 outside; the middle of the soft-tissue window is 0 then. */
export const ballVoxels = Int16Array.from(
  { length: ballSize[0] * ballSize[1] * ballSize[2] },
  (_, n) => {
    const at = [
      n % ballSize[0],
      Math.floor(n / ballSize[0]) % ballSize[1],
      Math.floor(n / ballSize[0] / ballSize[1]),
    ];
    return Math.hypot(...at.map((v, a) => v - ballCentre[a]!)) <= ballRadius ? 100 : -100;
  },
);
export const ballVoxelCount = ballVoxels.filter((value) => value === 100).length;
export const window: ModelWindow = { kind: 'custom', window: { level: 0, width: 200 } };

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A segmentation service over a library on disk with the series `ball`; `reopen` starts it anew. */
export class SegmentationFixture {
  readonly #folder: { path: string; remove: () => void };
  database: LibraryDatabase;
  inference = new ThresholdInference();
  service: SegmentationService;
  reader = 'Dr. Wu';

  /** @param path a folder that stays; else a temporary one, removed by `remove` */
  constructor(path?: string) {
    this.#folder = path ? { path, remove: () => undefined } : temporaryFolder();
    this.database = openDatabase(this.#folder.path);
    insertSeries(this.database.db, { id: 'ball', geometry: ballGeometry, valueRange: [-100, 100] });
    this.service = this.start();
  }

  start(database = this.database): SegmentationService {
    return createSegmentationService({
      database,
      volumes: memoryVolumes({
        ball: { geometry: ballGeometry, voxels: ballVoxels },
        later: { geometry: ballGeometry, voxels: ballVoxels },
      }),
      inference: this.inference,
      models: thresholdModels,
      settings: { get: () => ({ reader: this.reader }) },
      log: quiet,
      appVersion: '0.1.0',
    });
  }

  /** As after the application was closed and started again. */
  async reopen(): Promise<void> {
    await this.service.close();
    this.database.close();
    this.database = openDatabase(this.#folder.path);
    this.service = this.start();
    await this.service.resumed;
  }

  /** A second service on a connection of its own, as another process has it. */
  otherProcess(): { service: SegmentationService; close: () => Promise<void> } {
    const database = openDatabase(this.#folder.path);
    const service = this.start(database);
    return {
      service,
      close: async () => {
        await service.close();
        database.close();
      },
    };
  }

  async remove(): Promise<void> {
    await this.service.close();
    this.database.close();
    this.#folder.remove();
  }

  /** The state of a series without what differs from start to start; throws when there is none. */
  async state(seriesId = 'ball') {
    const state = await this.service.state(seriesId);
    if (!state.ok) throw new Error(JSON.stringify(state.error));
    return state.value;
  }

  async newSegment(seriesId = 'ball') {
    const segment = await this.service.addSegment({ seriesId });
    if (!segment.ok) throw new Error(JSON.stringify(segment.error));
    return segment.value;
  }
}

/** A request for the whole of slice k. */
export const wholeSlice = (sliceIndex: number) => ({
  seriesId: 'ball',
  axis: 'k' as const,
  sliceIndex,
  boxPx: [0, 0, ballSize[0], ballSize[1]] as [number, number, number, number],
  modelWindow: window,
});
