import { createI18n } from 'vue-i18n';

type Catalogue = Record<string, unknown>;

/** One file per area: `locales/<language>/<area>.json` of the window, and the texts it shares with the command line. */
const files = {
  ...import.meta.glob<Catalogue>('./locales/*/*.json', { eager: true, import: 'default' }),
  ...import.meta.glob<Catalogue>('../src-shared/messages/*/*.json', { eager: true, import: 'default' }),
};

function catalogue(language: string): Catalogue {
  const merged: Catalogue = {};
  for (const [path, texts] of Object.entries(files)) {
    const [, found, area] = /\/([^/]+)\/([^/]+)\.json$/.exec(path)!;
    if (found === language) merged[area!] = texts;
  }
  return merged;
}

export const languages = ['en', 'zh-CN'] as const;
export type Language = (typeof languages)[number];

/** The system's language where it is one of ours, else English. */
export function systemLanguage(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

export const i18n = createI18n({
  legacy: false,
  locale: systemLanguage(),
  fallbackLocale: 'en',
  messages: { en: catalogue('en'), 'zh-CN': catalogue('zh-CN') } as Record<Language, never>,
});

export function setLanguage(language: Language | 'system'): void {
  const chosen = language === 'system' ? systemLanguage() : language;
  i18n.global.locale.value = chosen;
  document.documentElement.lang = chosen;
}

/** The language on screen. */
export const currentLanguage = (): Language => i18n.global.locale.value;

/** Translation outside components; keys made from codes need no static type. */
export const translate = (key: string, params: object = {}): string =>
  (i18n.global as unknown as { t(key: string, params: object): string }).t(key, params);
