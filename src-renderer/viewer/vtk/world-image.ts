import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray';
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData';
import type { VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Voxels } from '../voxels.ts';

/** A volume where it lies in the patient (LPS mm). The range is given, so that vtk does not look for it. */
export function worldImage(
  geometry: VolumeGeometry,
  voxels: Voxels,
  channels: 1 | 3,
  [min, max]: readonly [number, number],
): vtkImageData {
  const d = geometry.direction;
  const image = vtkImageData.newInstance();
  image.setDimensions(geometry.sizeVx);
  image.setSpacing(geometry.spacingMm);
  image.setOrigin(geometry.originMm);
  // vtk keeps the matrix by columns, the contract by rows.
  image.setDirection(d[0]!, d[3]!, d[6]!, d[1]!, d[4]!, d[7]!, d[2]!, d[5]!, d[8]!);
  const scalars = vtkDataArray.newInstance({ name: 'values', numberOfComponents: channels, values: voxels });
  for (let c = 0; c <= channels; c++) scalars.setRange({ min, max }, c);
  image.getPointData().setScalars(scalars);
  return image;
}
