import { describe, expect, it } from 'vitest';
import { issueCodes } from './import-issue.ts';
import english from './messages/en/issues.json' with { type: 'json' };

describe('the texts of import issues', () => {
  it('give every code a sentence, and no code twice or unknown', () => {
    expect(Object.keys(english).sort()).toEqual([...issueCodes].sort());
  });
});
