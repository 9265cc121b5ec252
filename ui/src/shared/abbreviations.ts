/** What the short forms of a text stand for. */

import type { Abbreviation } from '../host/types'

/** Capitals and digits, as short forms are written: "AMI", "NSAIDs", "IL-6". */
const short = /^[A-Z][A-Z0-9-]{0,7}[A-Z0-9]s?$/

/** What a text says of a name: what it stands for, or how it is shortened; that it is a short form which the text does not define; else nothing. */
export function otherForm(name: string, defined: readonly Abbreviation[]): string | null {
  const alike = (one: string, other: string) =>
    one.replace(/s$/, '').toLowerCase() === other.replace(/s$/, '').toLowerCase()
  const forms = [
    ...defined.filter((one) => one.short.replace(/s$/, '') === name.replace(/s$/, '')).map((one) => one.long),
    ...defined.filter((one) => alike(one.long, name)).map((one) => one.short),
  ]
  if (forms.length > 0) return [...new Set(forms)].join(', or ')
  return short.test(name) ? 'not defined in this text' : null
}
