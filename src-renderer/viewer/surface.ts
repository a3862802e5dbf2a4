import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray';
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData';
import vtkPolyDataNormals from '@kitware/vtk.js/Filters/Core/PolyDataNormals';
import vtkImageMarchingCubes from '@kitware/vtk.js/Filters/General/ImageMarchingCubes';
import vtkWindowedSincPolyDataFilter from '@kitware/vtk.js/Filters/General/WindowedSincPolyDataFilter';
import { indexToWorld } from '../../src-shared/geometry/volume-geometry.ts';
import type { Vec3, VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import type { VoxelBlock } from './mask-composite.ts';

/** A closed triangle surface in world coordinates (LPS mm). */
export interface Surface {
  points: Float32Array<ArrayBuffer>;
  normals: Float32Array<ArrayBuffer>;
  /** vtk's cell array: 3, a, b, c, 3, a, b, c, … */
  polys: Uint32Array<ArrayBuffer>;
}

/**
 * The border of a block of voxels, smoothed (marching cubes at one half, then windowed sinc, which
 * keeps the enclosed volume). The block needs one empty voxel all around.
 */
export function surfaceOf(block: VoxelBlock, geometry: VolumeGeometry): Surface {
  const image = vtkImageData.newInstance();
  image.setDimensions(block.sizeVx);
  image.setSpacing(geometry.spacingMm);
  image.getPointData().setScalars(vtkDataArray.newInstance({ name: 'inside', values: block.bits }));
  const cubes = vtkImageMarchingCubes.newInstance({ contourValue: 0.5, computeNormals: false, mergePoints: true });
  cubes.setInputData(image);
  const smooth = vtkWindowedSincPolyDataFilter.newInstance({
    numberOfIterations: 20,
    passBand: 0.08,
    nonManifoldSmoothing: 1,
    normalizeCoordinates: 1,
  });
  smooth.setInputConnection(cubes.getOutputPort());
  const normals = vtkPolyDataNormals.newInstance();
  normals.setInputConnection(smooth.getOutputPort());
  const output = normals.getOutputData();
  const local = output.getPoints().getData();
  const points = new Float32Array(local.length);
  const spacing = geometry.spacingMm;
  const d = geometry.direction as Vec3 & number[];
  const localNormals = output.getPointData().getNormals().getData();
  const worldNormals = new Float32Array(local.length);
  for (let n = 0; n < local.length; n += 3) {
    const index: Vec3 = [0, 1, 2].map((a) => local[n + a]! / spacing[a]! + block.originVx[a]!) as Vec3;
    points.set(indexToWorld(geometry, index), n);
    for (const r of [0, 1, 2]) {
      worldNormals[n + r] =
        d[3 * r]! * localNormals[n]! + d[3 * r + 1]! * localNormals[n + 1]! + d[3 * r + 2]! * localNormals[n + 2]!;
    }
  }
  return { points, normals: worldNormals, polys: Uint32Array.from(output.getPolys().getData()) };
}
