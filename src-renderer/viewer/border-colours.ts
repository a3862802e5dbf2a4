import { borderLevels, uncertainBand } from '../../src-shared/confidence.ts';

/** Unlike any colour of the palette, greys of a picture and the warning's amber. */
const colour = [255, 64, 214] as const;

/**
 * Colour of each level (0…15), as red, green, blue, opacity: strongest where the model is undecided
 * (50 %), fading to the ends of the band, nothing outside it.
 */
export function borderColours(): Uint8ClampedArray {
  const table = new Uint8ClampedArray((borderLevels + 1) * 4);
  for (let level = 0; level <= borderLevels; level++) {
    const probability = level / borderLevels;
    const half = (uncertainBand.to - uncertainBand.from) / 2;
    const undecided = 1 - Math.abs(probability - 0.5) / half;
    // Half a step more than the band, as levels are rounded.
    const inside = Math.abs(probability - 0.5) <= half + 1e-9;
    table.set([...colour, inside ? 90 + 165 * Math.max(0, undecided) : 0], 4 * level);
  }
  return table;
}
