import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PixelLayout } from './header-types.ts';
import { PixelDataError } from './pixel-data.ts';
import { singleFrameFile } from './single-frame-file.ts';

/**
 * Decodes JPEG with more than 8 bits (process 4) through GDCM. GDCM reads files, not frames, and
 * applies rescaling; so the frame is put into a file of its own that says nothing but its layout.
 */
export async function decodeJpeg12(bytes: Uint8Array, layout: PixelLayout): Promise<Uint8Array> {
  if (layout.samplesPerPixel !== 1) throw new PixelDataError('12-bit JPEG in colour is not read');
  const { InterfaceTypes, runPipelineNode } = await import('itk-wasm');
  const pipelines = join(
    dirname(fileURLToPath(import.meta.resolve('@itk-wasm/image-io'))),
    'pipelines',
  );
  const file = { path: 'frame.dcm', data: singleFrameFile(bytes, layout) };
  const { returnValue, outputs } = await runPipelineNode(
    join(pipelines, 'gdcm-read-image'),
    [file.path, '0', '1', '--memory-io'],
    [{ type: InterfaceTypes.JsonCompatible }, { type: InterfaceTypes.Image }],
    [{ type: InterfaceTypes.BinaryFile, data: file }],
  );
  const image = outputs[1]?.data as { size: number[]; data: ArrayLike<number> | null } | undefined;
  if (returnValue !== 0 || !image?.data)
    throw new PixelDataError('the 12-bit JPEG picture is damaged');
  if (image.size[0] !== layout.columns || image.size[1] !== layout.rows) {
    throw new PixelDataError('the 12-bit JPEG picture has another size than its header says');
  }
  const values = Uint16Array.from(image.data);
  return new Uint8Array(values.buffer);
}
