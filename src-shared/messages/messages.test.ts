import { describe, expect, it } from 'vitest';
import { issueCodes } from '../import-issue.ts';
import { errorCodes } from '../result.ts';
import englishEdits from './en/edits.json' with { type: 'json' };
import englishErrors from './en/errors.json' with { type: 'json' };
import englishIssues from './en/issues.json' with { type: 'json' };
import chineseEdits from './zh-CN/edits.json' with { type: 'json' };
import chineseErrors from './zh-CN/errors.json' with { type: 'json' };
import chineseIssues from './zh-CN/issues.json' with { type: 'json' };

const placeholders = (sentence: string) =>
  [...sentence.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

describe('the texts shared by window and command line', () => {
  it('give every code a sentence, and no code twice or unknown', () => {
    expect(Object.keys(englishIssues).sort()).toEqual([...issueCodes].sort());
    expect(Object.keys(englishErrors).sort()).toEqual([...errorCodes].sort());
  });

  it.each([
    ['issues', englishIssues, chineseIssues],
    ['errors', englishErrors, chineseErrors],
    ['edits', englishEdits, chineseEdits],
  ])('say the same in both languages: %s', (_, english, chinese) => {
    expect(Object.keys(chinese).sort()).toEqual(Object.keys(english).sort());
    for (const [code, sentence] of Object.entries<string>(english)) {
      const translated = (chinese as Record<string, string>)[code]!;
      expect(placeholders(translated), code).toEqual(placeholders(sentence));
    }
  });
});
