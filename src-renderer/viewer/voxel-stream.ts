import type { OpenSeries } from '../../src-shared/contract/series.ts';
import { voxelView } from './voxels.ts';
import type { Voxels } from './voxels.ts';

export interface VoxelStreamEvents {
  /** Memory is there (filled with the lowest value) and slice `k` may be in it already. */
  started: (voxels: Voxels) => void;
  /** Voxels of slice k have arrived ahead of the rest. */
  firstSlice: (k: number) => void;
  progress: (bytesDone: number, bytesTotal: number) => void;
}

async function bytesOf(url: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal, credentials: 'same-origin' });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${url}`);
  return response;
}

/**
 * Fetches the voxels of a series into one array: the slice `firstK` at once, the rest as it streams
 * in. Rejects when the answer is shorter or longer than the series says: a volume must not be shown
 * with silent holes.
 */
export async function streamVoxels(
  open: Pick<OpenSeries, 'volumeUrl' | 'sliceUrlTemplate' | 'byteLength' | 'dataType' | 'valueRange' | 'geometry'>,
  firstK: number,
  signal: AbortSignal,
  events: VoxelStreamEvents,
): Promise<Voxels> {
  const bytes = new Uint8Array(open.byteLength);
  const voxels = voxelView(open.dataType, bytes.buffer);
  if (open.valueRange[0] !== 0) voxels.fill(open.valueRange[0]);
  events.started(voxels);
  const sliceBytes = open.byteLength / open.geometry.sizeVx[2];
  const whole = bytesOf(open.volumeUrl, signal);
  whole.catch(() => undefined); // its failure is reported where it is awaited below
  let done = 0;
  if (open.geometry.sizeVx[2] > 1) {
    const slice = await bytesOf(open.sliceUrlTemplate.replace('{k}', String(firstK)), signal);
    const data = new Uint8Array(await slice.arrayBuffer());
    if (data.length !== sliceBytes) throw new Error(`${data.length} ≠ ${sliceBytes}`);
    bytes.set(data, firstK * sliceBytes);
    events.firstSlice(firstK);
  }
  const reader = (await whole).body!.getReader();
  for (;;) {
    const { done: end, value } = await reader.read();
    if (end) break;
    if (done + value.length > bytes.length) throw new Error(`> ${bytes.length}`);
    bytes.set(value, done);
    done += value.length;
    events.progress(done, bytes.length);
  }
  if (done !== bytes.length) throw new Error(`${done} ≠ ${bytes.length}`);
  return voxels;
}
