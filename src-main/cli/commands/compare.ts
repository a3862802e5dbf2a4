import { createImagingPool } from '../../imaging/imaging-pool.ts';
import { done, type CommandContext, type Outcome } from '../command.ts';
import {
  checkComparable,
  compareMasks,
  labelsOf,
  meanOf,
  type LabelAgreement,
} from '../compare-masks.ts';
import { exitCodes, failWith } from '../exit-codes.ts';
import { isOnDisk, loadImage } from '../load-image.ts';
import { text } from '../texts.ts';

/** `compare REFERENCE MASK` */
export async function compareFiles(
  context: CommandContext,
  referencePath: string,
  maskPath: string,
  tolerance: number,
): Promise<Outcome> {
  for (const path of [referencePath, maskPath]) {
    if (!isOnDisk(path)) throw failWith(exitCodes.notFound, 'no-such-file', { path });
  }
  const pool = createImagingPool({ size: 1 });
  try {
    const { signal } = context;
    const [reference, mask] = await Promise.all([
      loadImage(pool, referencePath, { signal }),
      loadImage(pool, maskPath, { signal }),
    ]);
    const labels = {
      reference: labelsOf(reference, referencePath),
      mask: labelsOf(mask, maskPath),
    };
    checkComparable(reference, mask);
    const agreement = compareMasks(reference, mask, labels, tolerance);
    const several = agreement.labels.length > 1;
    const mean = {
      dice: meanOf(agreement.labels, 'dice'),
      normalisedSurfaceDice: meanOf(agreement.labels, 'normalisedSurfaceDice'),
    };
    const lines = agreement.labels.map((one) => labelLine(one, tolerance, agreement.unit));
    if (several) {
      lines.push(
        `${text('compare-mean')}: DSC ${rounded(mean.dice)}, NSD ${rounded(mean.normalisedSurfaceDice)}`,
      );
    }
    return done(lines, {
      reference: referencePath,
      mask: maskPath,
      tolerance,
      ...agreement,
      mean,
    });
  } finally {
    await pool.close();
  }
}

function labelLine(one: LabelAgreement, tolerance: number, unit: string): string {
  const { label, dice, normalisedSurfaceDice, hausdorff95 } = one;
  const title = label === null ? text('compare-all') : text('compare-label', { label });
  if (one.referenceVoxels + one.maskVoxels === 0) return `${title}: ${text('compare-empty')}`;
  const nsd = `NSD (${tolerance} ${unit}) ${rounded(normalisedSurfaceDice)}`;
  const distance = Number.isFinite(hausdorff95) ? `${hausdorff95.toFixed(2)} ${unit}` : '∞';
  return `${title}: DSC ${rounded(dice)}, ${nsd}, HD95 ${distance}`;
}

const rounded = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(4));
