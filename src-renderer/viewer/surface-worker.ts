import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import type { VoxelBlock } from './mask-composite.ts';
import { surfaceOf } from './surface.ts';

// vtk's marching cubes writes its time to the console each run.
Object.assign(console, { time: () => undefined, timeEnd: () => undefined });

export interface SurfaceRequest {
  id: number;
  block: VoxelBlock;
  geometry: VolumeGeometry;
}

self.onmessage = ({ data }: MessageEvent<SurfaceRequest>) => {
  try {
    const surface = surfaceOf(data.block, data.geometry);
    self.postMessage({ id: data.id, surface }, {
      transfer: [surface.points.buffer, surface.normals.buffer, surface.polys.buffer],
    });
  } catch (cause) {
    self.postMessage({ id: data.id, error: String(cause) });
  }
};
