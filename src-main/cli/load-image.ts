import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImagingPool } from '../imaging/imaging-pool.ts';
import type { DecodedVolume, PlannedSeries } from '../imaging/types.ts';
import { exitCodes, failWith, failWithError } from './exit-codes.ts';
import { issueText } from './texts.ts';

export interface LoadedImage extends DecodedVolume {
  /** Stable for the same content. */
  id: string;
  modality: string;
  valueUnit: string;
  sourceFormat: PlannedSeries['sourceFormat'];
}

/** Whether an argument names something on the disk (rather than a series of the library). */
export const isOnDisk = (argument: string): boolean => existsSync(argument);

/**
 * Reads one series from a file, folder or archive without the library.
 * `seriesNumber` (from 1) chooses among several. @throws CommandError
 */
export async function loadImage(
  pool: ImagingPool,
  path: string,
  { seriesNumber, signal }: { seriesNumber?: number | undefined; signal?: AbortSignal } = {},
): Promise<LoadedImage> {
  const tempDir = await mkdtemp(join(tmpdir(), 'medsam-workstation-'));
  try {
    const plan = await pool.plan([path], { tempDir, ...(signal ? { signal } : {}) });
    if (plan.series.length === 0) {
      const list = plan.refused
        .map((file) => `  ${file.path}: ${issueText(file.issue)}`)
        .join('\n');
      throw failWith(exitCodes.refused, 'nothing-readable', { path, list });
    }
    const planned = plan.series[seriesNumber === undefined ? 0 : seriesNumber - 1];
    if (!planned || (plan.series.length > 1 && seriesNumber === undefined)) {
      const list = plan.series.map((series, n) => `  ${n + 1}  ${titleOf(series)}`).join('\n');
      throw failWith(exitCodes.usage, 'several-series', { path, count: plan.series.length, list });
    }
    const decoded = await pool.decode(planned, signal ? { signal } : {});
    if (!decoded.ok) throw failWithError(decoded.error);
    const { uid: id, modality, valueUnit, sourceFormat } = planned;
    return { ...decoded.value, id, modality, valueUnit, sourceFormat };
  } finally {
    await rm(tempDir, { recursive: true, force: true });
  }
}

const titleOf = ({ modality, description, slices }: PlannedSeries) =>
  `${modality} ${description} (${slices.length})`;
