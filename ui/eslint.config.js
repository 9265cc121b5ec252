import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import { readdirSync } from 'node:fs'
import ts from 'typescript-eslint'

const features = readdirSync('src/features')

const tauri = { group: ['@tauri-apps/*'], message: 'Only src/host talks to the desktop shell; use the Host interface.' }
const feature = (own) => ({
  group: features
    .filter((name) => name !== own)
    .map((name) => `**/features/${name}/**`)
    .concat(features.filter((name) => name !== own).map((name) => `**/${name}/*.svelte`)),
  message: 'A feature does not import another one; put what both need into src/shared.',
})
const hostInside = {
  group: ['**/host/tauri', '**/host/scripted', '**/host/scripted/**'],
  message: 'Speak to the interface (host/interface, host/types), not to one of its two hosts.',
}
const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })

export default ts.config(
  { ignores: ['dist', 'dist-scripted', 'node_modules', 'tests/screens/pictures', 'src/host/bindings.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, __SCRIPTED__: 'readonly' } },
    rules: {
      'no-undef': 'off', // the type checker knows
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'svelte/require-each-key': 'error',
      'svelte/prefer-svelte-reactivity': 'off', // plain Map and Set are used for values that never change in place
    },
  },
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  { files: ['src/**'], rules: restrict(tauri, hostInside) },
  { files: ['src/host/**', 'src/main.ts'], rules: restrict() },
  { files: ['src/main.ts'], rules: restrict(tauri) },
  {
    files: ['src/annotator/**'],
    rules: restrict(tauri, {
      group: ['svelte', 'svelte/*', '**/host/**', '**/features/**', '**/shared/**'],
      message: 'The annotator is plain DOM and knows neither framework nor host.',
    }),
  },
  {
    files: ['src/shared/**'],
    rules: restrict(tauri, hostInside, { group: ['**/features/**'], message: 'Shared code knows no feature.' }),
  },
  ...features.map((name) => ({
    files: [`src/features/${name}/**`],
    rules: restrict(tauri, hostInside, feature(name)),
  })),
  { files: ['tests/**', '*.config.*'], languageOptions: { globals: globals.node } },
)
