/**
 * Colours of segments, told apart on grey pictures and from each other, also with the common colour deficiencies: after
 * Okabe and Ito, lightened for dark ground, then between them.
 */
export const segmentColours = [
  '#f0a030',
  '#4fb8ff',
  '#2fd09a',
  '#ff7f6e',
  '#e9dc4a',
  '#d58be0',
  '#8fb6ff',
  '#b8e05a',
  '#00c2c7',
  '#b388ff',
  '#ff6f91',
  '#b5651d',
] as const;

/** The first colour that is least used. */
export function nextColour(coloursInUse: readonly string[]): string {
  const uses = segmentColours.map(
    (colour) => coloursInUse.filter((used) => used === colour).length,
  );
  return segmentColours[uses.indexOf(Math.min(...uses))]!;
}
