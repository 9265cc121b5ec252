/** How errors are shown: one table from code to title and to the button that helps. */

import type { ErrorCode, HostError } from '../host/types'
import type { Screen } from './commands'

type Presentation = { title: string; action: { label: string; screen: Screen } | null }

const table: Record<ErrorCode, Presentation> = {
  noModel: { title: 'No model', action: { label: 'Open Models', screen: 'models' } },
  modelUnusable: { title: 'This model cannot be used', action: { label: 'Open Models', screen: 'models' } },
  modelBusy: { title: 'The model is busy', action: null },
  engineFailed: { title: 'The model stopped working', action: { label: 'Open Models', screen: 'models' } },
  outOfMemory: { title: 'Not enough memory', action: { label: 'Choose a device', screen: 'settings' } },
  libraryLocked: { title: 'The library is in use', action: null },
  libraryReadOnly: { title: 'The library cannot be changed', action: { label: 'Open Library', screen: 'library' } },
  libraryTooNew: { title: 'Written by a newer Osler', action: { label: 'Open Library', screen: 'library' } },
  diskFull: { title: 'The disk is full', action: null },
  notFound: { title: 'Not there any more', action: null },
  overtaken: { title: 'Changed by someone else', action: null },
  badInput: { title: 'This cannot be used', action: null },
  other: { title: 'Something went wrong', action: null },
}

export const presentation = (code: ErrorCode): Presentation => table[code]

export function toError(thrown: unknown): HostError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown && 'hint' in thrown)
    return thrown as HostError
  return {
    code: 'other',
    message: thrown instanceof Error ? thrown.message : String(thrown),
    hint: 'Try it again. If it comes back, copy the diagnostics and report it.',
  }
}
