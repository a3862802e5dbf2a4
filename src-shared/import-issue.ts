import { z } from 'zod';

/**
 * What import found about a series or file. The texts are in `messages/*.json` under
 * `issues.<code>`; `params` fill their placeholders.
 * - corrected: put right on import, measurements are sound;
 * - warning: opened, with the reason on screen (`notMeasurable` says whether volumes may be read);
 * - refused: not imported.
 */
export const issueCodes = [
  // series geometry
  'missing-slices',
  'irregular-spacing',
  'uneven-spacing-averaged',
  'slices-refused',
  'one-position-stack',
  'gantry-tilt',
  'gantry-tilt-corrected',
  'mixed-sizes-split',
  'mixed-formats-split',
  'mixed-orientations',
  'mixed-orientations-split',
  'duplicate-positions-split',
  'duplicate-instances-ignored',
  'no-position',
  'no-pixel-spacing',
  'spacing-from-imager',
  'spacing-from-magnification',
  'single-slice',
  'slice-thickness-differs',
  'gaps-between-slices',
  'blank-uid',
  'temporal-frames-split',
  'unit-unknown',
  'rescale-varies',
  'no-orientation',
  'non-orthogonal-axes',
  // pixel data
  'truncated-pixel-data',
  'decode-failed',
  'no-pixel-data',
  'unsupported-transfer-syntax',
  'unsupported-photometric',
  'unsupported-bits',
  'lossy-compressed',
  'palette-expanded',
  'ybr-converted',
  'monochrome1-inverted',
  'high-bits-masked',
  'constant-image',
  // files
  'not-an-image',
  'unsupported-format',
  'unsupported-object',
  'broken-dicom',
  'broken-image',
  'broken-archive',
  'encrypted-archive',
  'unsafe-archive-path',
  'archive-too-large',
  'missing-companion-file',
  'dicomdir-used-as-index',
  'empty-file',
  'unreadable-file',
  'already-in-library',
  'replaced-by-more-complete',
  'kept-beside-earlier',
  'too-large',
  'alpha-dropped',
  'vector-image',
  'time-points-split',
  'orientation-forms-disagree',
  'orientation-assumed',
  'precision-reduced',
  'colour-depth-reduced',
  'damage-found',
  'system-file-ignored',
  'picture-turned',
  'picture-not-turned',
  'mixed-spacings-split',
] as const;
export type IssueCode = (typeof issueCodes)[number];

export const importIssueSchema = z.object({
  code: z.enum(issueCodes),
  severity: z.enum(['note', 'corrected', 'warning', 'refused']),
  /** True when volumes and lengths of the series must not be read because of this issue. */
  notMeasurable: z.boolean().default(false),
  params: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});
export type ImportIssue = z.infer<typeof importIssueSchema>;

/** A file that was not imported, and why. `path` is as the person gave it; `a.zip!/b.dcm` inside an archive. */
export const refusedFileSchema = z.object({ path: z.string(), issue: importIssueSchema });
export type RefusedFile = z.infer<typeof refusedFileSchema>;
