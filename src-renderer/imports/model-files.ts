import type { ChosenFile } from './dropped-files.ts';

/** Endings of files that hold a model; images never have them. */
const modelEnding = /\.(pth|pt|onnx)$/i;

/** What a file dialog for models offers; data of ONNX files and model.json come along with them. */
export const modelFileTypes = '.pth,.pt,.onnx,.json,.bin,.data,.u8';

/** Whether a drop is a model rather than images: it has a checkpoint or an ONNX file. */
export const isModelDrop = (files: readonly Pick<ChosenFile, 'relativePath'>[]): boolean =>
  files.some(({ relativePath }) => modelEnding.test(relativePath));
