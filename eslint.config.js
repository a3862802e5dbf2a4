import vueI18n from '@intlify/eslint-plugin-vue-i18n';
import vue from 'eslint-plugin-vue';
import globals from 'globals';
import ts from 'typescript-eslint';

/** Files under `files` may not import what `patterns` match; the sentence says which wall it is. */
const wall = (files, patterns, message) => ({
  files,
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': ['error', { patterns: patterns.map((regex) => ({ regex, message })) }],
  },
});

export default ts.config(
  { ignores: ['node_modules', 'out', 'dist', 'coverage', 'src-main/library/migrations', 'test-results', 'demo-report'] },
  ...ts.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.{ts,vue,mjs,js}'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.vue'] },
      globals: { ...globals.node, ...globals.browser },
    },
    rules: {
      'no-console': 'error',
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/html-self-closing': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
    },
  },
  {
    // Words on screen live in the locales, so that both languages stay complete.
    files: ['src-renderer/**/*.vue'],
    plugins: { '@intlify/vue-i18n': vueI18n },
    rules: {
      '@intlify/vue-i18n/no-raw-text': [
        'error',
        { ignorePattern: '^[-–—·:%/×+()#°²³.,|\\s\\d]*$', ignoreText: ['MedSAM Workstation', 'mm', 'mL', 'ms', 'px'] },
      ],
    },
  },
  {
    files: ['build/**', 'tests/**', '**/*.test.ts', 'src-main/cli/**', '*.config.*'],
    rules: { 'no-console': 'off' },
  },
  wall(
    ['src-shared/**'],
    ['src-main', 'src-renderer', '^node:', '^vue', '^electron$', '^better-sqlite3', '^onnxruntime'],
    'src-shared is pure and imports nothing of the other rooms.',
  ),
  wall(
    ['src-renderer/**'],
    ['src-main', '^node:', '^electron$', '^better-sqlite3', '^onnxruntime'],
    'The renderer asks main through the contract and imports nothing of it.',
  ),
  wall(
    ['src-main/!(desktop)/**', 'src-main/*.ts'],
    ['^electron($|/)', 'src-renderer'],
    'Only src-main/desktop imports electron.',
  ),
  wall(
    ['src-main/{library,imaging,models,inference,segmentation,burden,interchange,audit,training-set}/**'],
    ['/desktop/', '/browser-host/', '/cli/', '/api/', '^electron($|/)', 'src-renderer'],
    'Services import no host.',
  ),
  // Last: where several rules fit a file, the last one holds.
  wall(
    ['src-main/inference/engine/**'],
    ['/desktop/', '/browser-host/', '/cli/', '/api/', '^electron($|/)', 'src-renderer', '/library/', '/segmentation/', 'drizzle'],
    'The engine process knows no host and no library code.',
  ),
);
