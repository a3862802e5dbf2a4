import type { Result } from '../../src-shared/result.ts';
import type { DecodedVolume, ImportPlan, PlannedSeries } from '../imaging/types.ts';

/** What the library needs of the imaging pool. Aborted work throws. */
export interface Imaging {
  /** Finds the series in files and folders; archives are unpacked below `tempDir`. */
  plan(
    paths: readonly string[],
    options: {
      tempDir: string;
      signal?: AbortSignal;
      onProgress?: (progress: {
        phase: 'looking' | 'reading-headers';
        filesDone: number;
        filesTotal: number;
        current: string;
      }) => void;
    },
  ): Promise<ImportPlan>;
  /**
   * Reads one series into a volume; `onSlice` tells how many of its slices are done. A series that
   * cannot be read is a value, with the code as `params.issue`.
   */
  decode(
    planned: PlannedSeries,
    options?: { signal?: AbortSignal; onSlice?: (done: number) => void },
  ): Promise<Result<DecodedVolume>>;
}
