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
