import { sampleGeometry } from './sample-geometry.ts';
import type { Shape } from './shapes.ts';

/** Value at a point; `depth` is the signed distance to the surface of the shape being painted. */
export type Tissue = number | ((x: number, y: number, z: number, depth: number) => number);

const [ni, nj] = sampleGeometry.sizeVx;
const [pixelMm] = sampleGeometry.spacingMm;
const [x0, y0] = sampleGeometry.originMm;
/** Half the width over which an edge fades: what a pixel averages over. */
const softMm = pixelMm * 0.6;

/** One slice of the sample in HU, painted shape by shape, the later over the earlier. */
export interface SliceCanvas {
  hu: Float32Array;
  paint(shape: Shape, tissue: Tissue): void;
}

/** A canvas of air for the slice at this height. */
export function sliceCanvas(z: number): SliceCanvas {
  const hu = new Float32Array(ni * nj).fill(-1000);
  return {
    hu,
    paint: ({ distance, low, high }, tissue) => {
      if (z < low[2] - softMm || z > high[2] + softMm) return;
      const i0 = Math.max(0, Math.floor((low[0] - softMm - x0) / pixelMm));
      const i1 = Math.min(ni - 1, Math.ceil((high[0] + softMm - x0) / pixelMm));
      const j0 = Math.max(0, Math.floor((low[1] - softMm - y0) / pixelMm));
      const j1 = Math.min(nj - 1, Math.ceil((high[1] + softMm - y0) / pixelMm));
      for (let j = j0; j <= j1; j++) {
        const y = y0 + j * pixelMm;
        for (let i = i0; i <= i1; i++) {
          const x = x0 + i * pixelMm;
          const depth = distance(x, y, z);
          if (depth >= softMm) continue;
          const value = typeof tissue === 'number' ? tissue : tissue(x, y, z, depth);
          const pixel = i + ni * j;
          const part = depth <= -softMm ? 1 : (softMm - depth) / (2 * softMm);
          hu[pixel]! += (value - hu[pixel]!) * part;
        }
      }
    },
  };
}
