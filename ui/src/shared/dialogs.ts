import type { Component } from 'svelte'
import type * as wire from '../host/types'

/** Every dialog by name: each has a journey in the real window, which a test makes sure of. */
export const dialogs = [
  'palette',
  'keys',
  'history',
  'import',
  'evidence',
  'curators',
  'modelImport',
  'export',
  'fallback',
  'error',
  'reason',
  'relationType',
  'concept',
  'edit',
  'note',
  'acceptAll',
  'prompt',
  'alternatives',
] as const

export type DialogName = (typeof dialogs)[number]

/** What a dialog that is answered gets: all of it by value, once. It answers once, and reads nothing afterwards. */
export type Asked<Question, Answer> = { question: Question; answer: (value: Answer | null) => void }

/** What is open, with all that it was opened with. */
export type Dialog =
  | { kind: 'palette' }
  | { kind: 'keys' }
  | { kind: 'history' }
  | { kind: 'import'; source: wire.ImportSource }
  | { kind: 'evidence' }
  | { kind: 'curators' }
  | { kind: 'modelImport'; preview: wire.ModelPreview }
  | { kind: 'export'; scope: wire.ExportScope }
  | { kind: 'fallback'; from: string; to: string; reason: string }
  | { kind: 'error'; error: wire.HostError }
  | {
      kind: 'asked'
      component: Component<Asked<unknown, unknown>>
      question: unknown
      answer: (value: unknown) => void
    }

/** Dialogs that hold something of the user's, or work under way: another one waits until they are closed. */
export const holding: ReadonlySet<Dialog['kind']> = new Set<Dialog['kind']>([
  'asked',
  'import',
  'modelImport',
  'export',
  'fallback',
])
