import { describe, expect, it } from 'vitest';
import { withUniquePaths } from './unique-paths.ts';

describe('withUniquePaths', () => {
  it('keeps every file of the same name', () => {
    const file = new File([], 'x');
    const paths = ['image.nii', 'a/image.nii', 'Image.nii', 'image.nii'];
    const unique = withUniquePaths(paths.map((relativePath) => ({ file, relativePath })));
    expect(unique.map(({ relativePath }) => relativePath)).toEqual([
      'image.nii',
      'a/image.nii',
      '2/Image.nii',
      '3/image.nii',
    ]);
  });
});
