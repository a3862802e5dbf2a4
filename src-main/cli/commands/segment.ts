import { isLowConfidence } from '../../../src-shared/confidence.ts';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import { defaultModelWindow, type ModelWindow } from '../../../src-shared/window.ts';
import type { App } from '../../app.ts';
import { createImagingPool } from '../../imaging/imaging-pool.ts';
import type { WantedProvider } from '../../inference/providers.ts';
import { done, type CommandContext, type Outcome } from '../command.ts';
import { exitCodes, failWith, failWithError } from '../exit-codes.ts';
import { isOnDisk, loadImage, type LoadedImage } from '../load-image.ts';
import { createMaskCanvas, type MaskCanvas } from '../mask-canvas.ts';
import { findSeries, libraryExists, withLibrary } from '../open-library.ts';
import { placedBox, type TypedBox } from '../options.ts';
import { checkMaskName, lowBelowOf, masksOfBoxes, writeMask } from '../segment-boxes.ts';
import { resolveModel, standAloneModels } from '../stand-alone-models.ts';
import { text } from '../texts.ts';

export interface SegmentOptions {
  boxes: TypedBox[];
  out: string;
  modelId?: string | undefined;
  window?: ModelWindow | undefined;
  provider: WantedProvider;
  seriesNumber?: number | undefined;
  /** Name of a segment to keep in the library. */
  save?: string | undefined;
}

/** `segment IMAGE|SERIES --box … --out FILE` */
export function segment(
  context: CommandContext,
  what: string,
  options: SegmentOptions,
): Promise<Outcome> {
  if (!isOnDisk(what)) return segmentSeries(context, what, options);
  if (options.save !== undefined) throw failWith(exitCodes.usage, 'save-needs-series');
  return segmentFile(context, what, options);
}

async function segmentFile(
  context: CommandContext,
  path: string,
  options: SegmentOptions,
): Promise<Outcome> {
  // Before minutes of reading; the number of slices is checked once it is known.
  checkMaskName(options.out, 1);
  const pool = createImagingPool({ size: 1 });
  try {
    context.progress(text('segment-loading', { path }));
    const { seriesNumber } = options;
    const image = await loadImage(pool, path, { seriesNumber, signal: context.signal });
    return await segmentImage(context, image, options);
  } finally {
    await pool.close();
  }
}

async function segmentSeries(
  context: CommandContext,
  typed: string,
  options: SegmentOptions,
): Promise<Outcome> {
  const library = context.libraryDir;
  const unknown = failWith(exitCodes.notFound, 'no-such-image', { text: typed, library });
  if (!libraryExists(library)) throw unknown;
  return withLibrary(library, { create: false }, async (app) => {
    const { id, modality } = findSeries(app, typed, unknown);
    if (options.save !== undefined) return segmentAndSave(context, app, id, options.save, options);
    const opened = app.library.open(id);
    if (!opened.ok) throw failWithError(opened.error);
    const { voxels, geometry, dataType, channels } = await app.volumes.readVolume(id);
    const { series, valueUnit, valueRange, percentileRange, windows } = opened.value;
    const { kind, measurable, issues, sourceFormat } = series;
    const facts = {
      sourceFormat,
      kind,
      measurable,
      issues,
      hasSpacing: series.spacingMm !== null,
      windows,
    };
    const image = {
      ...facts,
      id,
      modality,
      valueUnit,
      geometry,
      dataType,
      channels,
      voxels,
      valueRange,
      percentileRange,
    };
    return segmentImage(context, image, options);
  });
}

async function segmentImage(
  context: CommandContext,
  image: LoadedImage,
  options: SegmentOptions,
): Promise<Outcome> {
  const { sizeVx } = image.geometry;
  const placed = placedBoxes(options, sizeVx);
  const engine = standAloneModels(context.libraryDir, options.provider);
  try {
    const { id: modelId, model } = resolveModel(engine.models, options.modelId);
    const canvas = createMaskCanvas(image.geometry);
    const masks: BoxAnswer[] = [];
    const ask = { modelId, window: options.window };
    const numbered = placed.map((box, at) => ({ ...box, at }));
    const answers = masksOfBoxes(engine.inference, image, ask, numbered, context.signal);
    for await (const answer of answers) {
      if (!answer.masks.ok) throw failWithError(answer.masks.error);
      for (const [n, { text: box, sliceIndex, boxPx, at }] of answer.boxes.entries()) {
        const mask = answer.masks.value[n]!;
        canvas.add(sliceIndex, mask);
        const { areaPx, encoderMs, decoderMs, recipe, provider, expectedDsc } = mask;
        const lowBelow = lowBelowOf(model.manifest);
        const sure = { expectedDsc, lowConfidence: isLowConfidence({ expectedDsc, lowBelow }) };
        masks[at] = { boxPx, slice: sliceIndex, areaPx, ...sure, encoderMs, decoderMs, recipe, provider }; // prettier-ignore
        tell(context, box, masks[at]);
      }
    }
    await writeMask(options.out, canvas);
    return answered(options.out, canvas, {
      model: { id: modelId, name: model.manifest.name, sha256: model.sha256 },
      sizeVx,
      boxes: masks,
    });
  } finally {
    await engine.close();
  }
}

/** The same through the library's own service, which keeps boxes, masks and where they came from. */
async function segmentAndSave(
  context: CommandContext,
  app: App,
  seriesId: string,
  name: string,
  options: SegmentOptions,
): Promise<Outcome> {
  const opened = app.library.open(seriesId);
  if (!opened.ok) throw failWithError(opened.error);
  const { geometry, series, dataType, valueRange } = opened.value;
  const placed = placedBoxes(options, geometry.sizeVx);
  const { id: modelId, model } = resolveModel(app.models, options.modelId);
  if (options.provider !== 'auto') app.inference.setProvider(options.provider);
  const segment = await app.segmentation.addSegment({ seriesId, name });
  if (!segment.ok) throw failWithError(segment.error);
  const modelWindow = options.window ?? defaultModelWindow({ ...series, dataType, valueRange });
  const canvas = createMaskCanvas(geometry);
  const masks: BoxAnswer[] = [];
  for (const { text: box, sliceIndex, boxPx } of placed) {
    context.signal.throwIfAborted();
    const request = { seriesId, axis: 'k' as const, sliceIndex, boxPx, modelWindow, modelId };
    const answer = await app.segmentation.segment({ ...request, segmentId: segment.value.id });
    if (!answer.ok) throw failWithError(answer.error);
    const { mask, timings } = answer.value;
    const { originPx, sizePx, areaPx } = mask;
    canvas.add(sliceIndex, { originPx, sizePx, bits: app.segmentation.maskBytes(mask.id)! });
    const { encoderMs, decoderMs } = timings;
    const { recipe, executionProvider: provider, expectedDsc } = mask.provenance!;
    const sure = { expectedDsc, lowConfidence: isLowConfidence(mask.provenance) };
    masks.push({ boxPx, slice: sliceIndex, areaPx, ...sure, encoderMs, decoderMs, recipe, provider }); // prettier-ignore
    tell(context, box, masks.at(-1)!);
  }
  await writeMask(options.out, canvas);
  const outcome = answered(options.out, canvas, {
    model: { id: modelId, name: model.manifest.name, sha256: model.sha256 },
    sizeVx: geometry.sizeVx,
    boxes: masks,
    segmentId: segment.value.id,
  });
  return { ...outcome, lines: [...outcome.lines, text('saved-segment', { name })] };
}

interface BoxAnswer {
  boxPx: BoxPx;
  slice: number;
  areaPx: number;
  /** DSC that the model expects of the mask; null when it does not say. */
  expectedDsc: number | null;
  lowConfidence: boolean;
  encoderMs: number | null;
  decoderMs: number;
  recipe: string;
  provider: string;
}

function placedBoxes({ boxes, out }: SegmentOptions, sizeVx: Vec3) {
  checkMaskName(out, sizeVx[2]);
  return boxes.map((box) => ({ text: box.text, ...placedBox(box, sizeVx) }));
}

function tell(context: CommandContext, box: string, answer: BoxAnswer): void {
  const { slice, areaPx: area, encoderMs, decoderMs } = answer;
  if (area === 0) context.warn(text('segment-empty', { box, slice }));
  else if (answer.lowConfidence) {
    const dsc = answer.expectedDsc!.toFixed(2);
    context.warn(text('segment-low-confidence', { box, slice, dsc }));
  }
  const milliseconds = Math.round((encoderMs ?? 0) + decoderMs);
  context.progress(text('segmented-box', { box, slice, area, milliseconds }));
}

function answered(out: string, canvas: MaskCanvas, facts: Record<string, unknown>): Outcome {
  const voxels = canvas.voxelCount();
  const line = text('wrote', { path: out, what: text('wrote-mask', { voxels }) });
  return done([line], { out, voxelCount: voxels, ...facts });
}
