import { describe, expect, it } from 'vitest';
import { isModelDrop } from './model-files.ts';

const drop = (...paths: string[]) => isModelDrop(paths.map((relativePath) => ({ relativePath })));

describe('a drop on the window', () => {
  it('is a model when it has a checkpoint or an ONNX file, whatever its case', () => {
    expect(drop('medsam_vit_b.pth')).toBe(true);
    expect(drop('mobile_sam.PT')).toBe(true);
    expect(drop('model/model.json', 'model/encoder.onnx')).toBe(true);
  });

  it('is images otherwise', () => {
    expect(drop('CT/IM0001', 'CT/IM0002.dcm', 'notes.json')).toBe(false);
    expect(drop('patient.pth.nii.gz')).toBe(false);
  });
});
