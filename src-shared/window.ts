import { z } from 'zod';

/** A window in stored units (HU for CT): shows level ± width / 2. */
export const windowSchema = z.object({ level: z.number(), width: z.number().positive() });
export type Window = z.infer<typeof windowSchema>;

/** Named windows. The paper's lung window differs from the usual one; both are offered by name. */
export const namedWindows = {
  'soft-tissue': { level: 40, width: 400 },
  lung: { level: -600, width: 1500 },
  'lung-paper': { level: -160, width: 1500 },
  brain: { level: 40, width: 80 },
  bone: { level: 400, width: 1800 },
  mediastinum: { level: 50, width: 350 },
} as const satisfies Record<string, Window>;
export type NamedWindow = keyof typeof namedWindows;

/**
 * How stored intensities become the 0–255 view that a model is given (never the display's state,
 * so that a mask does not depend on how the screen was last dragged):
 * - named: a CT window;
 * - custom: a window typed in by hand;
 * - percentile: 0.5–99.5 % of the strictly positive voxels of the whole volume (MedSAM's MR recipe);
 * - identity: 8-bit pictures as they are.
 */
export const modelWindowSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('named'), name: z.enum(Object.keys(namedWindows) as [NamedWindow]) }),
  z.object({ kind: z.literal('custom'), window: windowSchema }),
  z.object({ kind: z.literal('percentile') }),
  z.object({ kind: z.literal('identity') }),
]);
export type ModelWindow = z.infer<typeof modelWindowSchema>;

/** What is known of a series' values. */
export interface SeriesValues {
  modality: string;
  dataType: string;
  channels: number;
  valueRange: readonly [number, number];
}

/**
 * A file that does not name its modality (NIfTI, NRRD) but whose values can hardly be anything but
 * Hounsfield units: air near −1000, tissue above 0. It is treated as CT, and the window says so.
 */
export const looksLikeCt = ({ modality, dataType, channels, valueRange: [low, high] }: SeriesValues): boolean =>
  modality === 'OT' && channels === 1 && dataType !== 'uint8' && low <= -500 && low >= -5000 && high >= 50 && high <= 32767;

/** The model window of a series until someone chooses another one. */
export function defaultModelWindow(series: SeriesValues): ModelWindow {
  if (series.modality === 'CT' || looksLikeCt(series)) return { kind: 'named', name: 'soft-tissue' };
  if (series.channels === 3 || series.dataType === 'uint8') return { kind: 'identity' };
  return { kind: 'percentile' };
}
