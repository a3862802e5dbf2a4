import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { niftiWriteImageNode } from '@itk-wasm/image-io';
import { PNG } from 'pngjs';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import { sameGrid } from '../../src-shared/geometry/same-grid.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import { dataTypeOf } from '../imaging/formats/compact-voxels.ts';
import { readRawHeader } from '../imaging/formats/read-header.ts';
import { checkVoxelBytes } from '../imaging/formats/voxel-bytes.ts';
import type { Voxels } from '../imaging/types.ts';

/** A picture, volume or mask to be written: x-fastest, RGB interleaved when `channels` is 3. */
export interface ImageToWrite {
  geometry: VolumeGeometry;
  channels: 1 | 3;
  voxels: Voxels;
}

const extensions = {
  '.nii.gz': 'nifti',
  '.nii': 'nifti',
  '.nrrd': 'nrrd',
  '.mha': 'meta',
  '.png': 'png',
} as const;
export type WrittenFormat = (typeof extensions)[keyof typeof extensions];

export const writtenExtensions = Object.keys(extensions);

/** The format that a file name asks for; null for one that is not written. */
export function formatOfName(path: string): WrittenFormat | null {
  const name = basename(path).toLowerCase();
  const extension = (Object.keys(extensions) as (keyof typeof extensions)[]).find((e) =>
    name.endsWith(e),
  );
  return extension ? extensions[extension] : null;
}

/** Loaded when the first volume is written: pictures do without. */
async function writerOf(format: Exclude<WrittenFormat, 'png'>) {
  const io = await import('@itk-wasm/image-io');
  return {
    nifti: io.niftiWriteImageNode,
    nrrd: io.nrrdWriteImageNode,
    meta: io.metaWriteImageNode,
  }[format];
}

/**
 * Writes an image as NIfTI, NRRD, MetaImage (compressed, with its place in the patient) or PNG (one
 * slice, 8 bits) as the name asks. The file appears whole or not at all: it is written beside its
 * place, read back, and then moved there.
 */
export async function writeImage(
  path: string,
  image: ImageToWrite,
): Promise<Result<{ bytes: number }>> {
  const format = formatOfName(path);
  if (!format) return fail('unsupported-format', { format: basename(path), file: path });
  const target = resolve(path);
  let folder: string | null = null;
  try {
    folder = await mkdtemp(join(dirname(target), '.writing-'));
    const temporary = join(folder, basename(target).toLowerCase());
    if (format === 'png') {
      const png = encodePng(image);
      if (!png)
        return fail('unsupported-format', {
          format: 'PNG of a volume or of more than 8 bits',
          file: path,
        });
      await writeFile(temporary, png);
    } else {
      const writeItk = await writerOf(format);
      const useCompression = !temporary.endsWith('.nii');
      const { couldWrite } = await writeItk(itkImage(image), temporary, { useCompression });
      if (!couldWrite) throw new Error('the writer does not take this image');
      // A full disk does not make the writer fail.
      const written = await readRawHeader({ path: temporary, shownPath: path }, format);
      await checkVoxelBytes(written.parts);
      // NIfTI and MetaImage writers straighten skewed axes, which would move voxels.
      if (!sameGrid(written.geometry, image.geometry)) {
        return fail('geometry-not-kept', { path, format });
      }
    }
    await rename(temporary, target);
    return ok({ bytes: (await stat(target)).size });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') return fail('disk-full', { path });
    return fail(
      'file-not-written',
      { path },
      error instanceof Error ? error.message : String(error),
    );
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}

type ItkImage = Parameters<typeof niftiWriteImageNode>[0];

function itkImage({ geometry, channels, voxels }: ImageToWrite): ItkImage {
  return {
    imageType: {
      dimension: 3,
      componentType: dataTypeOf(voxels),
      pixelType: channels === 3 ? 'RGB' : 'Scalar',
      components: channels,
    },
    name: 'image',
    size: [...geometry.sizeVx],
    spacing: [...geometry.spacingMm],
    origin: [...geometry.originMm],
    direction: Float64Array.from(geometry.direction),
    metadata: new Map(),
    data: voxels,
  };
}

/** One 8-bit slice, grey or RGB; null for anything else. */
function encodePng({ geometry, channels, voxels }: ImageToWrite): Buffer | null {
  const [width, height, slices] = geometry.sizeVx;
  if (slices !== 1 || !(voxels instanceof Uint8Array)) return null;
  const colorType = channels === 3 ? 2 : 0;
  const png = new PNG({
    width,
    height,
    colorType,
    inputColorType: colorType,
    bitDepth: 8,
    inputHasAlpha: false,
  });
  png.data = Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength);
  return PNG.sync.write(png, {
    colorType,
    inputColorType: colorType,
    bitDepth: 8,
    inputHasAlpha: false,
  });
}
