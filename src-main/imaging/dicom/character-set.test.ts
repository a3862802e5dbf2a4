import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realData, sharedData } from '../../../tests/support/shared-data.ts';
import { decodeText } from './character-set.ts';
import { planDicomFiles } from './index.ts';
import { personName } from './person-name.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('decodeText', () => {
  it.each<[string, string, string[], string]>([
    // PS3.5 annexes H, I, J and K.
    [
      'Japanese, two sets',
      '59616d6164615e5461726f753d 1b2442 3b33 4544 1b2842 5e 1b2442 4240 4f3a 1b2842',
      ['', 'ISO 2022 IR 87'],
      'Yamada^Tarou=山田^太郎',
    ],
    [
      'Japanese with katakana',
      'd4cfc0de5ec0dbb33d 1b2442 3b33 4544 1b284a',
      ['ISO 2022 IR 13', 'ISO 2022 IR 87'],
      'ﾔﾏﾀﾞ^ﾀﾛｳ=山田',
    ],
    [
      'Korean',
      '486f6e67 3d 1b242943 fbf3 5e 1b242943 d1ce d4d7',
      ['', 'ISO 2022 IR 149'],
      'Hong=洪^吉洞',
    ],
    ['Chinese GB 2312', '5a68616e67 3d 1b242941 d5c5', ['', 'ISO 2022 IR 58'], 'Zhang=张'],
    ['Chinese GB18030', '57616e673dcdf55ed0a1b6ab', ['GB18030'], 'Wang=王^小东'],
    ['UTF-8', '57616e673de78e8b', ['ISO_IR 192'], 'Wang=王'],
    ['Latin-1', 'c46e656173', ['ISO_IR 100'], 'Äneas'],
    ['Cyrillic', 'bbee', ['ISO_IR 144'], 'Лю'],
    ['Greek by escape', '41 1b2d46 c4', ['', 'ISO 2022 IR 126'], 'AΔ'],
    ['none declared, valid UTF-8', 'c384', [], 'Ä'],
    ['none declared, no UTF-8', 'c46e', [], 'Än'],
    ['the default, spelled out with blanks', '4142', ['ISO 2022 IR 6 '], 'AB'],
  ])('%s', (_name, bytes, terms, expected) => {
    expect(decodeText(hex(bytes), terms)).toBe(expected);
  });
});

describe('personName', () => {
  it.each([
    ['Doe^John^Q^Dr^Jr', 'Doe, Dr John Q, Jr'],
    ['Yamada^Tarou=山田^太郎=やまだ^たろう', 'Yamada, Tarou (山田 太郎)'],
    ['王^小东', '王 小东'],
    ['=山田^太郎', '山田 太郎'],
    ['Anonymous', 'Anonymous'],
    ['', ''],
  ])('%s', (value, expected) => {
    expect(personName(value)).toBe(expected);
  });
});

describe.skipIf(!sharedData)(`names in real files ${realData}`, () => {
  it('come out as pydicom reads them', async () => {
    const folder = join(sharedData!, 'dicom', 'pydicom-charset-files');
    const files = readdirSync(folder).map((name) => ({
      path: join(folder, name),
      shownPath: name,
    }));
    const { series } = await planDicomFiles(files);
    const names = Object.fromEntries(
      series.map((planned) => [
        planned.files[0]!.shownPath.replace('.dcm', ''),
        planned.patient.name,
      ]),
    );
    expect(names).toEqual({
      chrArab: 'قباني, لنزار',
      chrFren: 'Buc, Jérôme',
      chrGerm: 'Äneas, Rüdiger',
      chrGreek: 'Διονυσιος',
      chrH31: 'Yamada, Tarou (山田 太郎)',
      chrH32: 'ﾔﾏﾀﾞ, ﾀﾛｳ (山田 太郎)',
      chrHbrw: 'שרון, דבורה',
      chrI2: 'Hong, Gildong (洪 吉洞)',
      chrRuss: 'Люкceмбypг',
      chrX1: 'Wang, XiaoDong (王 小東)',
      chrX2: 'Wang, XiaoDong (王 小东)',
    });
  });
});
