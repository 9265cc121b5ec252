/** Lets the user choose one of several values by key, by letters or by click. */

import type { App } from './app.svelte'
import Choices from './components/Choices.svelte'
import type { DialogName } from './dialogs'

type Choice<Value> = { value: Value; label: string; detail?: string }

/** What was chosen; null where the dialog was left. */
export async function choose<Value>(
  app: App,
  name: DialogName,
  title: string,
  choices: readonly Choice<Value>[],
): Promise<Value | null> {
  const place = await app.ask(Choices, {
    name,
    title,
    choices: choices.map(({ label, detail }) => ({ label, ...(detail === undefined ? {} : { detail }) })),
  })
  return place === null ? null : (choices[place]?.value ?? null)
}
