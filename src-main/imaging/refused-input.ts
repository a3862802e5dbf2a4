import type { ImportIssue, IssueCode } from '../../src-shared/import-issue.ts';

type Params = Record<string, string | number>;

export const note = (code: IssueCode, params: Params = {}): ImportIssue => ({
  code,
  severity: 'note',
  notMeasurable: false,
  params,
});

export const warning = (
  code: IssueCode,
  params: Params = {},
  { notMeasurable = false } = {},
): ImportIssue => ({ code, severity: 'warning', notMeasurable, params });

export const refusal = (code: IssueCode, params: Params = {}): ImportIssue => ({
  code,
  severity: 'refused',
  notMeasurable: false,
  params,
});

/**
 * Thrown inside the format readers when a file cannot be imported; whoever goes over the files
 * turns it into one `RefusedFile`, so that one bad file never stops the others.
 */
export class RefusedInput extends Error {
  readonly issue: ImportIssue;

  constructor(code: IssueCode, params: Params = {}) {
    super(code);
    this.name = 'RefusedInput';
    this.issue = refusal(code, params);
  }
}
