import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import type { VoxelBlock } from './mask-composite.ts';
import type { Surface } from './surface.ts';
import type { SurfaceRequest } from './surface-worker.ts';

type Answer = { id: number; surface: Surface } | { id: number; error: string };

/** Surfaces computed off the main thread, one after another. */
export class SurfaceMaker {
  readonly #worker = new Worker(new URL('./surface-worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, { resolve: (s: Surface) => void; reject: (e: Error) => void }>();
  #next = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const asked = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('surface' in data) asked?.resolve(data.surface);
      else asked?.reject(new Error(data.error));
    };
    this.#worker.onerror = (event) => {
      for (const asked of this.#waiting.values()) asked.reject(new Error(event.message));
      this.#waiting.clear();
    };
  }

  make(block: VoxelBlock, geometry: VolumeGeometry): Promise<Surface> {
    const id = this.#next++;
    // A plain copy: a reactive object cannot be posted.
    const request: SurfaceRequest = { id, block, geometry: structuredClone(geometry) };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(request, [block.bits.buffer as ArrayBuffer]);
    });
  }

  dispose(): void {
    this.#worker.terminate();
    this.#waiting.clear();
  }
}
