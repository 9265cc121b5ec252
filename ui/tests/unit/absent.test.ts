/** What people missed and Osler does not have, as it is today: a change of it shows here. */

import { EditorView } from '@codemirror/view'
import { expect, test } from 'vitest'
import { stateOf } from '../../src/features/write/editor'

test('a draft shows the Markdown that was typed, and no preview of it', () => {
  const draft = {
    id: 1,
    title: '',
    text: '# Methods\n\n**Bold** and *leaning*.',
    generated: [],
    createdAt: 0,
    modifiedAt: 0,
  }
  const quiet = () => undefined
  const view = new EditorView({
    state: stateOf(draft, {
      ghost: { enabled: () => false, delay: () => 0, ask: () => quiet },
      command: () => false,
      announce: quiet,
      onchange: quiet,
      onselect: quiet,
      onclick: quiet,
    }),
  })
  expect(view.contentDOM.textContent).toContain('**Bold** and *leaning*.')
  expect(view.contentDOM.querySelector('h1, strong, em')).toBeNull()
})
