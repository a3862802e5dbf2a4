/**
 * Dice similarity coefficient 2·|A∩B| / (|A|+|B|) of two masks on the same grid (any non-zero
 * element is inside). NaN when both are empty (the convention of DeepMind's surface-distance and
 * of MedSAM): an empty pair says nothing about agreement and must not raise a mean.
 */
export function diceCoefficient(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) {
    throw new RangeError(`Masks must have the same grid: ${a.length} and ${b.length} elements.`);
  }
  let both = 0;
  let sum = 0;
  for (let n = 0; n < a.length; n++) {
    const inA = a[n] !== 0;
    const inB = b[n] !== 0;
    if (inA) sum++;
    if (inB) sum++;
    if (inA && inB) both++;
  }
  return (2 * both) / sum;
}
