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

/** The model window of a series until someone chooses another one. */
export function defaultModelWindow(series: { modality: string; dataType: string; channels: number }): ModelWindow {
  if (series.modality === 'CT') return { kind: 'named', name: 'soft-tissue' };
  if (series.channels === 3 || series.dataType === 'uint8') return { kind: 'identity' };
  return { kind: 'percentile' };
}
