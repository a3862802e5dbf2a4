import type { Segment } from '../../../src-shared/contract/segmentation.ts';
import type { App } from '../../app.ts';
import {
  formatOfName,
  writeImage,
  writtenExtensions,
  type ImageToWrite,
} from '../../interchange/write-image.ts';
import { visitUnion } from '../../segmentation/union.ts';
import { done, type CommandContext, type Outcome } from '../command.ts';
import { exitCodes, failWith, failWithError } from '../exit-codes.ts';
import { findSeries, withLibrary } from '../open-library.ts';
import { text } from '../texts.ts';

export interface ExportOptions {
  out: string;
  masks?: boolean | undefined;
  /** Name or identifier of one segment. */
  segment?: string | undefined;
}

/** `export SERIES --out FILE`: the image, or with --masks / --segment its masks. */
export function exportSeries(
  context: CommandContext,
  typed: string,
  options: ExportOptions,
): Promise<Outcome> {
  const { out } = options;
  if (!formatOfName(out)) {
    throw failWith(exitCodes.usage, 'wrong-out', {
      path: out,
      extensions: writtenExtensions.join(', '),
    });
  }
  return withLibrary(context.libraryDir, { create: false }, async (app) => {
    const { id: seriesId, sizeVx } = findSeries(app, typed);
    if (formatOfName(out) === 'png' && sizeVx[2] > 1) {
      throw failWith(exitCodes.usage, 'png-is-flat', { path: out, slices: sizeVx[2] });
    }
    const masks = options.masks || options.segment !== undefined;
    const made = masks
      ? await labelMap(app, seriesId, options)
      : { image: await app.volumes.readVolume(seriesId) };
    const written = await writeImage(out, made.image);
    if (!written.ok) throw failWithError(written.error);
    const size = sizeVx.join(' × ');
    const labels = 'labels' in made ? made.labels : [];
    const lines = [text('wrote', { path: out, what: text('wrote-image', { size }) })];
    if (labels.length > 0) {
      const list = labels.map(({ label, name }) => `${label} = ${name}`).join(', ');
      lines.push(text('labels', { list }));
    }
    const overlap = 'overlap' in made ? made.overlap : 0;
    if (overlap > 0) context.warn(text('labels-overlap', { count: overlap }));
    return done(lines, {
      out,
      seriesId,
      sizeVx,
      bytes: written.value.bytes,
      ...(masks ? { labels, overlapVoxels: overlap } : {}),
    });
  });
}

interface LabelMap {
  image: ImageToWrite;
  labels: { label: number; name: string; segmentId: string; voxelCount: number }[];
  /** Voxels that more than one segment covers. */
  overlap: number;
}

async function labelMap(
  app: App,
  seriesId: string,
  { out, segment }: ExportOptions,
): Promise<LabelMap> {
  const [opened, state] = [app.library.open(seriesId), await app.segmentation.state(seriesId)];
  if (!opened.ok) throw failWithError(opened.error);
  if (!state.ok) throw failWithError(state.error);
  const { geometry } = opened.value;
  const chosen = chosenSegments(state.value.segments, segment);
  const [ni, nj, nk] = geometry.sizeVx;
  const voxels = chosen.length > 255 ? new Uint16Array(ni * nj * nk) : new Uint8Array(ni * nj * nk);
  let overlap = 0;
  const labels = chosen.map(({ id, name }, n) => {
    const masks = state.value.masks
      .filter((mask) => mask.segmentId === id && mask.state === 'done')
      .map((mask) => ({ ...mask, pixels: app.segmentation.maskBytes(mask.id)! }));
    let voxelCount = 0;
    visitUnion(masks, geometry.sizeVx, (voxel) => {
      voxelCount++;
      if (voxels[voxel] !== 0) overlap++;
      voxels[voxel] = n + 1;
    });
    return { label: n + 1, name, segmentId: id, voxelCount };
  });
  // One label in a picture: 255, where 1 could not be seen.
  const visible = chosen.length === 1 && formatOfName(out) === 'png';
  const image = {
    geometry,
    channels: 1 as const,
    voxels: visible ? voxels.map((v) => v * 255) : voxels,
  };
  return { image, labels, overlap };
}

function chosenSegments(segments: Segment[], typed: string | undefined): Segment[] {
  if (segments.length === 0) throw failWith(exitCodes.notFound, 'no-segments');
  if (typed === undefined) return segments;
  const found = segments.filter(({ id, name }) => id === typed || name === typed);
  if (found.length === 1) return found;
  if (found.length > 1)
    throw failWith(exitCodes.usage, 'ambiguous', { text: typed, count: found.length });
  const names = segments.map(({ name }) => name).join(', ');
  throw failWith(exitCodes.notFound, 'no-such-segment', { text: typed, names });
}
