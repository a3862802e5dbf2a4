import { describe, expect, it } from 'vitest';
import { sortDrop } from './model-files.ts';

const drop = (...paths: string[]) => {
  const { model, images } = sortDrop(paths.map((relativePath) => ({ relativePath })));
  return [model, images].map((files) => files.map(({ relativePath }) => relativePath));
};

describe('a drop on the window', () => {
  it('is a model where it is a checkpoint, whatever its case', () => {
    expect(drop('medsam_vit_b.pth')).toEqual([['medsam_vit_b.pth'], []]);
    expect(drop('mobile_sam.PT')).toEqual([['mobile_sam.PT'], []]);
  });

  it('is a model as a whole where it has an ONNX file', () => {
    const files = ['model/model.json', 'model/encoder.onnx', 'model/weights.bin'];
    expect(drop(...files)).toEqual([files, []]);
  });

  it('loses nothing of a checkpoint and images together', () => {
    expect(drop('CT/IM0001', 'a.pth', 'notes.json')).toEqual([
      ['a.pth'],
      ['CT/IM0001', 'notes.json'],
    ]);
  });

  it('is images otherwise', () => {
    const files = ['CT/IM0001', 'CT/IM0002.dcm', 'patient.pth.nii.gz'];
    expect(drop(...files)).toEqual([[], files]);
  });
});
