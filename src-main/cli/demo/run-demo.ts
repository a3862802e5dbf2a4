import { mean } from './mean.ts';
import { readerBoxes, type ReaderBox } from './reader-boxes.ts';
import { isLowConfidence } from '../../../src-shared/confidence.ts';
import type { BurdenTable } from '../../../src-shared/contract/burden.ts';
import type { SliceMask } from '../../../src-shared/contract/segmentation.ts';
import type { VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';
import { diceCoefficient } from '../../../src-shared/metrics/dice.ts';
import { normalisedSurfaceDice, surfaceDistances } from '../../../src-shared/metrics/surface-distance.ts';
import type { Result } from '../../../src-shared/result.ts';
import type { App } from '../../app.ts';
import { createMaskCanvas } from '../mask-canvas.ts';
import { sampleTimepoints } from '../../library/sample-patient/timepoints.ts';

/** Tolerance of the surface Dice in mm, as the paper's. */
export const toleranceMm = 2;

export interface DemoLesion {
  studyDate: string;
  name: string;
  boxes: number;
  knownMl: number;
  measuredMl: number;
  /** (measured − known) / known, in percent. */
  errorPercent: number;
  dice: number;
  normalisedSurfaceDice: number;
  /** DSC that the model expects, mean over the lesion's masks weighted by area; null when it does not say. */
  expectedDice: number | null;
  /** Masks that the model is not sure of. */
  lowConfidence: number;
}

export interface DemoTimepoint {
  studyDate: string;
  seriesId: string;
  geometry: VolumeGeometry;
  lesions: { row: DemoLesion; truth: Uint8Array; mask: Uint8Array; boxes: ReaderBox[]; colour: string }[];
}

export interface DemoResult {
  model: string;
  timepoints: DemoTimepoint[];
  burden: BurdenTable;
  meanDice: number;
  meanNormalisedSurfaceDice: number;
  meanAbsoluteErrorPercent: number;
  largestAbsoluteErrorPercent: number;
  medianDecoderMs: number;
}

/** The value of an answer; a demo that cannot go on ends with the reason. */
function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code} ${JSON.stringify(result.error.params)} ${result.error.detail ?? ''}`);
}

function confidenceOf(masks: SliceMask[]): Pick<DemoLesion, 'expectedDice' | 'lowConfidence'> {
  let [area, sum] = [0, 0];
  for (const { areaPx, provenance } of masks) {
    if (provenance?.expectedDsc == null) continue;
    area += areaPx;
    sum += areaPx * provenance.expectedDsc;
  }
  return {
    expectedDice: area === 0 ? null : sum / area,
    lowConfidence: masks.filter(({ provenance }) => isLowConfidence(provenance)).length,
  };
}

/**
 * The main job on the sample patient, through the same services as the window: import, a box on each
 * axial slice of each lesion, masks, burden; compared with the volumes that are known by construction.
 */
export async function runDemo(app: App, progress: (line: string) => void): Promise<DemoResult> {
  progress('Importing the sample patient …');
  const { patientId } = must(await app.addSamplePatient());
  const { studies } = must(app.library.patient(patientId));
  const modelId = app.models.defaultModelId();
  const model = must(app.models.resolve(modelId));
  const lesionIds = new Map<string, string>();
  const decoderMs: number[] = [];
  const timepoints: DemoTimepoint[] = [];

  for (const sample of sampleTimepoints()) {
    const study = studies.find(({ date }) => date === sample.studyDate);
    const series = study?.series[0];
    if (!series) throw new Error(`The sample has no series of ${sample.studyDate}`);
    const { geometry } = must(app.library.open(series.id));
    const lesions: DemoTimepoint['lesions'] = [];
    for (const known of sample.lesions) {
      progress(`${sample.studyDate}: ${known.name} …`);
      const lesionId = lesionIds.get(known.name);
      const segment = must(
        await app.segmentation.addSegment({ seriesId: series.id, name: known.name, lesionId }),
      );
      lesionIds.set(known.name, segment.lesionId);
      const boxes = readerBoxes(known.truth, geometry.sizeVx);
      for (const box of boxes) {
        const { timings } = must(
          await app.segmentation.segment({
            seriesId: series.id,
            segmentId: segment.id,
            axis: 'k',
            ...box,
            modelWindow: { kind: 'named', name: 'soft-tissue' },
            modelId,
          }),
        );
        decoderMs.push(timings.decoderMs);
      }
      const state = must(await app.segmentation.state(series.id));
      const canvas = createMaskCanvas(geometry);
      for (const { id, segmentId, sliceIndex, originPx, sizePx } of state.masks) {
        const bits = segmentId === segment.id ? app.segmentation.maskBytes(id) : null;
        if (bits) canvas.add(sliceIndex, { originPx, sizePx, bits });
      }
      const mask = canvas.voxels;
      const measuredMl = state.segments.find(({ id }) => id === segment.id)?.statistics.volumeMl ?? NaN;
      const distances = surfaceDistances(known.truth, mask, geometry.sizeVx, geometry.spacingMm);
      lesions.push({
        truth: known.truth,
        mask,
        boxes,
        colour: segment.colour,
        row: {
          studyDate: sample.studyDate,
          name: known.name,
          boxes: boxes.length,
          knownMl: known.volumeMl,
          measuredMl,
          errorPercent: (100 * (measuredMl - known.volumeMl)) / known.volumeMl,
          dice: diceCoefficient(known.truth, mask),
          normalisedSurfaceDice: normalisedSurfaceDice(distances, toleranceMm),
          ...confidenceOf(state.masks.filter(({ segmentId }) => segmentId === segment.id)),
        },
      });
    }
    timepoints.push({ studyDate: sample.studyDate, seriesId: series.id, geometry, lesions });
  }

  const rows = timepoints.flatMap(({ lesions }) => lesions.map(({ row }) => row));
  const errors = rows.map(({ errorPercent }) => Math.abs(errorPercent));
  return {
    model: `${model.manifest.name} ${model.manifest.version}`,
    timepoints,
    burden: must(app.burden.table(patientId)),
    meanDice: mean(rows.map(({ dice }) => dice)),
    meanNormalisedSurfaceDice: mean(rows.map((row) => row.normalisedSurfaceDice)),
    meanAbsoluteErrorPercent: mean(errors),
    largestAbsoluteErrorPercent: Math.max(...errors),
    medianDecoderMs: decoderMs.sort((a, b) => a - b)[Math.floor(decoderMs.length / 2)] ?? NaN,
  };
}
