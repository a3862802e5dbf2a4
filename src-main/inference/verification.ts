import type { ExecutionProvider } from '../../src-shared/contract/models.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { InstalledModel, Verification } from '../models/manifest.ts';
import { checkedModelFile, filesOf } from '../models/model-files.ts';
import type { SliceImage } from './types.ts';

export interface Check {
  name: string;
  passed: boolean;
  detail: string;
}

/** The reference slice of a model, from its folder. Errors: model-damaged, not-found when the model has none. */
export async function verificationSlice(model: InstalledModel): Promise<Result<SliceImage>> {
  const { verification } = model.manifest;
  if (!verification)
    return fail('not-found', {}, `${model.manifest.name} has no reference numbers.`);
  const { path, sha256, widthPx, heightPx, channels } = verification.slice;
  const file = await checkedModelFile(model, {
    path,
    sha256,
    sizeBytes: widthPx * heightPx * channels,
  });
  if (!file.ok) return file;
  return ok({
    data: new Uint8Array(file.value.bytes ?? []),
    widthPx,
    heightPx,
    channels,
    intensityRange: [0, 255],
    zeroStaysZero: false,
    flip: { x: false, y: false },
    contentKey: `verification ${sha256}`,
    seriesId: null,
    isHounsfield: false,
  });
}

/** The engine's numbers for the reference slice against those of the manifest. */
export function compareNumbers(
  { expected }: Verification,
  answer: { logits: Float32Array | null; areaPx: number },
  provider: ExecutionProvider,
): Check[] {
  const tolerance = provider === 'cpu' ? expected.tolerance : expected.otherProviderTolerance;
  const side = Math.sqrt(answer.logits?.length ?? 0);
  const worst = expected.logits.reduce((most, { row, column, value }) => {
    const difference = Math.abs((answer.logits?.[row * side + column] ?? NaN) - value);
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
  }, 0);
  const area = Math.abs(answer.areaPx - expected.foregroundPx);
  return [
    {
      name: `numbers on ${provider}`,
      passed: worst <= tolerance,
      detail: `largest difference of a logit ${worst.toPrecision(3)}, allowed ${tolerance}`,
    },
    {
      name: `mask on ${provider}`,
      passed: area <= expected.foregroundTolerancePx,
      detail: `${answer.areaPx} pixels, expected ${expected.foregroundPx} ± ${expected.foregroundTolerancePx}`,
    },
  ];
}

/** Each file of the model against its size and hash. */
export async function checkFiles(model: InstalledModel): Promise<Check[]> {
  const checks: Check[] = [];
  for (const file of filesOf(model)) {
    const checked = await checkedModelFile(model, file);
    const detail = checked.ok
      ? `SHA-256 ${file.sha256}`
      : (checked.error.detail ?? checked.error.code);
    checks.push({ name: `${file.role}: ${file.path}`, passed: checked.ok, detail });
  }
  return checks;
}
