import {
  trainingSetRequestSchema,
  type TrainingSelection,
  type TrainingSetSummary,
} from '../../../src-shared/contract/training-set.ts';
import type { App } from '../../app.ts';
import type { CommandContext, Outcome } from '../command.ts';
import { exitCodes, failWith, failWithError } from '../exit-codes.ts';
import { findPatientOrSeries, withLibrary } from '../open-library.ts';
import { parseWindow } from '../options.ts';
import { text } from '../texts.ts';

/** As they were typed. */
export interface TrainingSetOptions {
  out: string;
  reader?: string;
  window?: string;
  anatomy?: string;
  minimumVoxels: string;
  minimumSlicePixels: string;
}

/** `training-set [PATIENT|SERIES …] --out FOLDER`: images and masks for training, de-identified. */
export function writeTrainingSet(
  context: CommandContext,
  what: string[],
  options: TrainingSetOptions,
): Promise<Outcome> {
  const anatomy = trainingSetRequestSchema.shape.anatomy.safeParse(options.anatomy);
  if (!anatomy.success) {
    throw failWith(exitCodes.usage, 'wrong-anatomy', { text: options.anatomy ?? '' });
  }
  const wishes = {
    folder: options.out,
    anatomy: anatomy.data,
    reader: options.reader,
    modelWindow: options.window === undefined ? undefined : parseWindow(options.window),
    minimumVoxels: wholeNumber(options.minimumVoxels),
    minimumSlicePx: wholeNumber(options.minimumSlicePixels),
  };
  return withLibrary(context.libraryDir, { create: false }, async (app) => {
    const request = { ...wishes, selection: selectionOf(app, what) };
    for await (const event of app.trainingSet.write(request, context.signal)) {
      if (event.kind === 'progress') {
        context.progress(text('training-progress', { done: event.done + 1, total: event.total }));
      } else if (event.kind === 'failed') {
        throw failWithError(event.error);
      } else {
        return outcomeOf(context, event.summary);
      }
    }
    throw failWithError({ code: 'internal', params: {}, detail: 'The export did not end.' });
  });
}

function selectionOf(app: App, what: string[]): TrainingSelection {
  if (what.length === 0) return { kind: 'library' };
  const seriesIds = what.flatMap((typed) => {
    const found = findPatientOrSeries(app, typed);
    if ('series' in found) return [found.series.id];
    const whole = app.library.patient(found.patient.id);
    if (!whole.ok) throw failWithError(whole.error);
    return whole.value.studies.flatMap(({ series }) => series.map(({ id }) => id));
  });
  return { kind: 'series', seriesIds: [...new Set(seriesIds)] };
}

function outcomeOf(context: CommandContext, summary: TrainingSetSummary): Outcome {
  const { folder, failedSeries, files } = summary;
  if (failedSeries > 0)
    context.warn(text('training-failed-series', { count: failedSeries, folder }));
  if (files === 0) context.warn(text('training-nothing-left', { folder }));
  return {
    // The report is there in any case; a part of the input was refused.
    exitCode: failedSeries > 0 || files === 0 ? exitCodes.refused : exitCodes.done,
    lines: [
      text('training-written', { ...summary }),
      text('training-not-used', { ...summary }),
      text('training-pixels'),
    ],
    document: { ...summary },
  };
}

/** @throws CommandError */
function wholeNumber(typed: string): number {
  const value = Number(typed);
  if (!Number.isInteger(value) || value < 0) {
    throw failWith(exitCodes.usage, 'wrong-minimum', { text: typed });
  }
  return value;
}
