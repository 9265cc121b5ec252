/** Every dialog by name: each has a journey in the real window, which a test makes sure of. */
export const dialogs = [
  'palette',
  'keys',
  'history',
  'import',
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
