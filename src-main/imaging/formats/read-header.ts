import type { InputFile } from '../types.ts';
import { readMetaImage } from './meta-image.ts';
import { readNifti } from './nifti.ts';
import { readNrrd } from './nrrd.ts';
import type { RawImage } from './raw-image.ts';

const readers = { nifti: readNifti, nrrd: readNrrd, meta: readMetaImage };

export const isRawFormat = (format: string): format is RawImage['format'] => format in readers;

/** The header of a NIfTI, NRRD or MetaImage file. @throws RefusedInput */
export const readRawHeader = (file: InputFile, format: RawImage['format']): Promise<RawImage> =>
  readers[format](file);
