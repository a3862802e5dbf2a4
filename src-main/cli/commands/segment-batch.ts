import { resolve } from 'node:path';
import { isLowConfidence } from '../../../src-shared/confidence.ts';
import type { ModelWindow } from '../../../src-shared/window.ts';
import { createImagingPool, type ImagingPool } from '../../imaging/imaging-pool.ts';
import type { WantedProvider } from '../../inference/providers.ts';
import { readBatch, type BatchRow } from '../batch-rows.ts';
import type { CommandContext, Outcome } from '../command.ts';
import { CommandError, exitCodes, failWith, failWithError, type ExitCode } from '../exit-codes.ts';
import { isOnDisk, loadImage, type LoadedImage } from '../load-image.ts';
import { createMaskCanvas } from '../mask-canvas.ts';
import { placedBox } from '../options.ts';
import {
  checkMaskName,
  lowBelowOf,
  masksOfBoxes,
  writeMask,
  type PlacedBox,
} from '../segment-boxes.ts';
import { resolveModel, standAloneModels, type StandAloneModels } from '../stand-alone-models.ts';
import { text } from '../texts.ts';

export interface BatchOptions {
  modelId?: string | undefined;
  window?: ModelWindow | undefined;
  provider: WantedProvider;
}

type GoodRow = Extract<BatchRow, { ok: true }>;

interface RowResult {
  row: number;
  image: string;
  out: string;
  ok: boolean;
  areaPx?: number;
  expectedDsc?: number | null;
  lowConfidence?: boolean;
  error?: { code: string; message: string };
}

/**
 * `segment --batch jobs.csv`: one process, the model loaded once. Rows are done file by file (in the
 * order in which the files are first named), so that only one mask is in memory. A row that fails is
 * reported and the others go on; a file is written when at least one of its rows gave a mask.
 */
export async function segmentBatch(
  context: CommandContext,
  path: string,
  options: BatchOptions,
): Promise<Outcome> {
  const rows = await readBatch(path);
  const pool = createImagingPool({ size: 1 });
  const engine = standAloneModels(context.libraryDir, options.provider);
  const results: RowResult[] = [];
  const written: { out: string; voxelCount: number }[] = [];
  let worst: ExitCode = exitCodes.done;
  const fail = ({ row, image, out }: BatchRow, error: CommandError) => {
    results.push({
      row,
      image,
      out,
      ok: false,
      error: { code: error.code, message: error.message },
    });
    context.warn(text('batch-row-failed', { row, text: error.message }));
    worst = worseOf(worst, error.exitCode);
  };
  try {
    const { id: modelId, model } = resolveModel(engine.models, options.modelId);
    const batch: Batch = {
      context,
      engine,
      images: imageReader(pool, context.signal),
      modelId,
      lowBelow: lowBelowOf(model.manifest),
      window: options.window,
    };
    for (const row of rows) {
      if (!row.ok) fail(row, new CommandError(exitCodes.refused, 'bad-row', row.problem));
    }
    for (const group of groupsByOut(rows.filter((row) => row.ok))) {
      const outcome = await segmentGroup(batch, group, rows.length, results, fail);
      if (outcome) written.push(outcome);
    }
  } finally {
    await engine.close();
    await pool.close();
  }
  results.sort((a, b) => a.row - b.row);
  const succeeded = results.filter(({ ok }) => ok).length;
  return {
    exitCode: worst,
    lines: [
      ...written.map(({ out, voxelCount }) =>
        text('wrote', { path: out, what: text('wrote-mask', { voxels: voxelCount }) }),
      ),
      text('batch-summary', { done: succeeded, total: rows.length, files: written.length }),
    ],
    document: { rows: results, files: written },
  };
}

interface Batch {
  context: CommandContext;
  engine: StandAloneModels;
  images: (path: string) => Promise<LoadedImage>;
  modelId: string;
  lowBelow: number | null;
  window: ModelWindow | undefined;
}

/** All rows of one output file. */
async function segmentGroup(
  { context, engine, images, modelId, lowBelow, window }: Batch,
  rows: GoodRow[],
  total: number,
  results: RowResult[],
  fail: (row: BatchRow, error: CommandError) => void,
): Promise<{ out: string; voxelCount: number } | null> {
  const { image: path, out } = rows[0]!;
  const good: RowResult[] = [];
  const placed: (PlacedBox & { row: GoodRow; image: LoadedImage })[] = [];
  for (const row of rows) {
    context.signal.throwIfAborted();
    context.progress(text('batch-progress', { done: row.row, total, image: row.image }));
    try {
      if (resolve(row.image) !== resolve(path)) {
        throw failWith(exitCodes.refused, 'batch-row-other-image', { out });
      }
      const image = await images(path);
      checkMaskName(out, image.geometry.sizeVx[2]);
      placed.push({ ...placedBox(row.box, image.geometry.sizeVx), row, image });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      fail(row, error);
    }
  }
  if (placed.length === 0) return null;
  // Rows of one file are of one image.
  const { image } = placed[0]!;
  const canvas = createMaskCanvas(image.geometry);
  const ask = { modelId, window };
  const answers = masksOfBoxes(engine.inference, image, ask, placed, context.signal);
  for await (const { boxes, masks } of answers) {
    for (const [n, { row, sliceIndex }] of boxes.entries()) {
      if (!masks.ok) {
        fail(row, failWithError(masks.error));
        continue;
      }
      const mask = masks.value[n]!;
      canvas.add(sliceIndex, mask);
      const { areaPx, expectedDsc } = mask;
      const lowConfidence = isLowConfidence({ expectedDsc, lowBelow });
      good.push({ row: row.row, image: row.image, out, ok: true, areaPx, expectedDsc, lowConfidence }); // prettier-ignore
    }
  }
  if (good.length === 0) return null;
  try {
    await writeMask(out, canvas);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    for (const row of rows.filter(({ row }) => good.some((done) => done.row === row)))
      fail(row, error);
    return null;
  }
  results.push(...good);
  return { out, voxelCount: canvas.voxelCount() };
}

function groupsByOut(rows: GoodRow[]): GoodRow[][] {
  const groups = new Map<string, GoodRow[]>();
  for (const row of rows) {
    const key = resolve(row.out);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** Reads images; the last one is kept, failed ones too, since rows of one image follow each other. */
function imageReader(
  pool: ImagingPool,
  signal: AbortSignal,
): (path: string) => Promise<LoadedImage> {
  let last: { path: string; image: Promise<LoadedImage> } | null = null;
  return (path) => {
    if (last?.path !== path) {
      const image = isOnDisk(path)
        ? loadImage(pool, path, { signal })
        : Promise.reject(failWith(exitCodes.notFound, 'no-such-file', { path }));
      last = { path, image };
    }
    return last.image;
  };
}

/** Trouble with the engine or the disk outweighs bad rows; all bad rows together are "partly refused". */
function worseOf(a: ExitCode, b: ExitCode): ExitCode {
  const serious: ExitCode[] = [
    exitCodes.interrupted,
    exitCodes.internal,
    exitCodes.library,
    exitCodes.model,
  ];
  for (const code of serious) if (a === code || b === code) return code;
  return exitCodes.refused;
}
