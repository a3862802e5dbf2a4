import type { ChosenFile } from './dropped-files.ts';

/** Endings of checkpoints; images never have them. */
const checkpointEnding = /\.(pth|pt)$/i;

/** What a file dialog for models offers; data of ONNX files and model.json come along with them. */
export const modelFileTypes = '.pth,.pt,.onnx,.json,.bin,.data,.u8';

/**
 * What of a drop is a model and what are images. ONNX files come with their description and data, so that such a drop is
 * a model as a whole; a checkpoint comes alone.
 */
export function sortDrop<T extends Pick<ChosenFile, 'relativePath'>>(
  files: readonly T[],
): { model: T[]; images: T[] } {
  if (files.some(({ relativePath }) => /\.onnx$/i.test(relativePath))) {
    return { model: [...files], images: [] };
  }
  const isCheckpoint = ({ relativePath }: T) => checkpointEnding.test(relativePath);
  return {
    model: files.filter(isCheckpoint),
    images: files.filter((file) => !isCheckpoint(file)),
  };
}
