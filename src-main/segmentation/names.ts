const stems = { en: 'Lesion', 'zh-CN': '病灶' } as const;
export type NameLanguage = keyof typeof stems;

const numbered = new RegExp(`^(?:${Object.values(stems).join('|')}) (\\d{1,6})$`);

/** A name in the language of who makes the segment; the number is one above the highest in use in any language. */
export function nextLesionName(namesInUse: string[], language: NameLanguage = 'en'): string {
  const numbers = namesInUse.flatMap((name) => {
    const match = numbered.exec(name);
    return match ? [Number(match[1])] : [];
  });
  return `${stems[language]} ${Math.max(0, ...numbers) + 1}`;
}

/**
 * Colours that stay apart from each other and from grey images, also for the common colour
 * deficiencies: those of Okabe and Ito without black first, then between them.
 */
export const segmentColours = [
  '#e69f00',
  '#56b4e9',
  '#009e73',
  '#f0e442',
  '#d55e00',
  '#cc79a7',
  '#0072b2',
  '#8ce04d',
  '#b388ff',
  '#ff6f91',
  '#00c2c7',
  '#b5651d',
] as const;

/** The first colour that is least used. */
export function nextColour(coloursInUse: string[]): string {
  const uses = segmentColours.map(
    (colour) => coloursInUse.filter((used) => used === colour).length,
  );
  return segmentColours[uses.indexOf(Math.min(...uses))]!;
}
