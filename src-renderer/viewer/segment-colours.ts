/** Told apart on grey and from each other, also by most colour-blind readers (after Okabe and Ito). */
const palette = ['#f0a030', '#4fb8ff', '#2fd09a', '#ff7f6e', '#e9dc4a', '#d58be0', '#8fb6ff', '#b8e05a'];

/** The first colour of the palette that no segment of the series has. */
export function nextColour(segments: readonly { colour: string }[]): string {
  const used = new Set(segments.map((s) => s.colour));
  return palette.find((c) => !used.has(c)) ?? palette[segments.length % palette.length]!;
}
