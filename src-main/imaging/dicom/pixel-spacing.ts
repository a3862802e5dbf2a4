import type { Attributes } from './attributes.ts';
import type { FrameHeader } from './header-types.ts';

type Spacing = Pick<FrameHeader, 'pixelSpacingMm' | 'spacingSource'>;

/**
 * Pixel spacing of a frame, and where it comes from. `measures` is the frame's Pixel Measures
 * macro, or the root in files without functional groups.
 */
export function pixelSpacing(root: Attributes, measures: Attributes | null): Spacing {
  const inPatient = pair(measures?.decimals('00280030') ?? []);
  const atDetector = pair(root.decimals('00181164')) ?? pair(root.decimals('00182010'));
  // Both alike and no calibration named: a projection whose pixels nobody took back to the patient.
  const uncalibrated =
    inPatient && atDetector && closeTo(inPatient, atDetector) && !root.has('00280a02');
  if (inPatient && !uncalibrated) return { pixelSpacingMm: inPatient, spacingSource: 'pixel' };
  const region = ultrasoundSpacing(root);
  if (region) return { pixelSpacingMm: region, spacingSource: 'ultrasound-region' };
  if (atDetector) {
    const magnification = root.decimal('00181114');
    if (magnification !== null && magnification >= 1) {
      return {
        pixelSpacingMm: [atDetector[0] / magnification, atDetector[1] / magnification],
        spacingSource: 'imager-magnification',
      };
    }
    return { pixelSpacingMm: atDetector, spacingSource: 'imager' };
  }
  return { pixelSpacingMm: null, spacingSource: 'none' };
}

/** DICOM gives [between rows, between columns] = [y, x]; this gives [x, y]. Null unless both are positive. */
function pair([y, x]: number[]): [number, number] | null {
  if (x === undefined || y === undefined) return null;
  return Number.isFinite(x) && Number.isFinite(y) && x > 0 && y > 0 ? [x, y] : null;
}

const centimetres = 3;
const twoDimensional = 1;

/**
 * Spacing from ultrasound calibration (0018,6011), when every 2-D region of the picture is
 * calibrated in centimetres and all agree; a picture with two scales has no spacing of its own.
 */
function ultrasoundSpacing(root: Attributes): [number, number] | null {
  const regions = root
    .items('00186011')
    .filter((region) => region.integer('00186012') === twoDimensional);
  const spacings = regions.map((region): [number, number] | null => {
    const x = region.double('0018602c');
    const y = region.double('0018602e');
    const calibrated =
      region.integer('00186024') === centimetres && region.integer('00186026') === centimetres;
    return calibrated && x && y ? [Math.abs(x) * 10, Math.abs(y) * 10] : null;
  });
  const [first] = spacings;
  if (!first) return null;
  return spacings.every((spacing) => spacing && closeTo(spacing, first)) ? first : null;
}

/** Equal within a thousandth. */
export const closeTo = (a: [number, number], b: [number, number]): boolean =>
  Math.abs(a[0] / b[0] - 1) < 1e-3 && Math.abs(a[1] / b[1] - 1) < 1e-3;
