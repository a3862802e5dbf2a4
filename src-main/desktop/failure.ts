import english from '../../src-shared/messages/en/errors.json' with { type: 'json' };
import { formatMessage } from '../../src-shared/messages/format.ts';
import chinese from '../../src-shared/messages/zh-CN/errors.json' with { type: 'json' };
import { LibraryError } from '../library/database.ts';

export type Language = 'en' | 'zh-CN';

const texts = {
  en: { title: 'MedSAM Workstation cannot go on', folder: 'Library', stored: 'What is stored is unchanged.' },
  'zh-CN': { title: 'MedSAM Workstation 无法继续运行', folder: '病例库', stored: '已存储的数据未受影响。' },
} as const; // prettier-ignore

/** Title and text of the box that says why the application cannot run, for the person before it. */
export function failureBox(error: unknown, libraryDir: string, language: Language): [title: string, text: string] {
  const catalogue: Record<string, string> = language === 'zh-CN' ? chinese : english;
  const reason = error instanceof Error ? error.message : String(error);
  const plain =
    error instanceof LibraryError
      ? [formatMessage(catalogue[error.error.code] ?? reason, error.error.params ?? {}), error.error.detail ?? '']
      : [reason];
  const words = texts[language];
  const text = [...plain, words.stored, `${words.folder}: ${libraryDir}`];
  return [words.title, text.filter(Boolean).join('\n\n')];
}
