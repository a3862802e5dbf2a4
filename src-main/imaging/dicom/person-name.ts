/**
 * A person name (VR PN) for people to read: `Yamada^Tarou=山田^太郎=やまだ^たろう` becomes
 * "Yamada, Tarou (山田 太郎)". The phonetic group is left out.
 */
export function personName(value: string): string {
  const first = value.split('\\')[0] ?? '';
  const [alphabetic = '', ideographic = ''] = first.split('=');
  const shown = alphabeticName(alphabetic);
  const original = ideographic
    .split('^')
    .map((part) => part.trim())
    .filter(Boolean)
    .join(' ');
  if (shown === '') return original;
  return original === '' ? shown : `${shown} (${original})`;
}

/** Family, prefix given middle, suffix. Names in a script without letters' case keep a plain space. */
function alphabeticName(group: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group
    .split('^')
    .map((part) => part.trim());
  const rest = [prefix, given, middle].filter(Boolean).join(' ');
  if (/^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]+$/u.test(family)) {
    return [family, rest, suffix].filter(Boolean).join(' ');
  }
  return [family, rest, suffix].filter(Boolean).join(', ');
}
