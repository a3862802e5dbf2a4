import * as namespace from 'dicom-parser';

/**
 * The parser is a CommonJS bundle: Node puts its exports under `default`, a bundler may give them
 * by name. Both come out of here.
 */
export const parseDicom: typeof namespace.parseDicom =
  (namespace as unknown as { default?: typeof namespace }).default?.parseDicom ??
  namespace.parseDicom;
export type { DataSet, Element } from 'dicom-parser';
