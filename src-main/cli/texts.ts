import type { ImportIssue } from '../../src-shared/import-issue.ts';
import texts from '../../src-shared/messages/en/command-line.json' with { type: 'json' };
import errors from '../../src-shared/messages/en/errors.json' with { type: 'json' };
import issues from '../../src-shared/messages/en/issues.json' with { type: 'json' };
import { formatMessage } from '../../src-shared/messages/format.ts';
import type { AppError } from '../../src-shared/result.ts';

export type TextKey = keyof typeof texts;

/** A sentence of the command line. It speaks English, whatever the window's language. */
export const text = (key: TextKey, params: Record<string, string | number> = {}): string =>
  formatMessage(texts[key], params);

export const issueText = ({ code, params }: Pick<ImportIssue, 'code' | 'params'>): string =>
  formatMessage(issues[code], params);

/** Codes whose text alone does not tell a person at a terminal enough. */
const withDetail = new Set(['internal', 'invalid-request', 'file-unreadable', 'file-not-written']);

/** An error in words; a series that could not be read says why. */
export function errorText({ code, params, detail }: AppError): string {
  const issue = params.issue;
  if (code === 'decode-failed' && typeof issue === 'string' && issue in issues) {
    const where = params.path ? `${params.path}: ` : '';
    return where + issueText({ code: issue as keyof typeof issues, params });
  }
  const sentence = formatMessage(errors[code], { reason: detail ?? '', ...params });
  const speaks = withDetail.has(code) || /^(model|engine|library|checkpoint|onnx)-/.test(code);
  return speaks && detail && !sentence.includes(detail) ? `${sentence} (${detail})` : sentence;
}
