// Journeys of an author: ghost text, words that the model was unsure of, and the draft taken away.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canType, saveAs } from './dialogs.mjs'
import { withScript } from './screens.mjs'
import { journey } from './stage.mjs'

const draft = (app) =>
  app.session.run(
    `return [...document.querySelectorAll('.cm-line')].map((line) => [...line.childNodes].filter((node) => !node.classList?.contains('cm-ghost')).map((node) => node.textContent).join('')).join('\\n')`,
  )
const ghost = (app) => app.text('.cm-ghost')

async function newDraft(app) {
  await app.press('Control', '2')
  await app.click('button', 'New draft')
  await app.ask('the editor to have the focus', () =>
    app.session.run(`return document.activeElement?.classList.contains('cm-content') ?? false`),
  )
}

journey('ghost text is taken whole, word by word or not at all, and never by itself', async ({ open }) => {
  const app = await open()
  await withScript(app)
  await newDraft(app)
  await app.type('Tremor is')
  assert.equal(await ghost(app), '', 'it is off until it is turned on')
  await app.click('label', 'Ghost text')
  await app.click('.cm-content')
  await app.press('Control', 'End')
  const offered = async (typed) => {
    await app.type(typed)
    return app.ask('all of the ghost text', async () => {
      const text = await ghost(app)
      return text.endsWith('it.') && text
    })
  }
  const whole = await offered(' often')
  assert.equal(await draft(app), 'Tremor is often', 'what is offered is no part of the draft')
  await app.press('Tab')
  await app.ask('the offer in the draft', async () => (await draft(app)) === `Tremor is often${whole}`)
  assert.equal(await ghost(app), '')

  const second = await offered(' It')
  const [word] = /^\s*\S+/.exec(second)
  const before = await draft(app)
  await app.press('Control', 'Right')
  await app.ask('one word in the draft', async () => (await draft(app)) === before + word)
  assert.equal(await ghost(app), second.slice(word.length), 'the rest is still offered')
  await app.press('Escape')
  await app.ask('the offer to be gone', async () => (await ghost(app)) === '')
  assert.equal(await draft(app), before + word)

  await offered(' and')
  await app.type('x')
  assert.ok(
    !(await ghost(app)).endsWith('it.') || (await draft(app)).endsWith(' andx'),
    'the next key takes the offer back',
  )
  assert.equal(await draft(app), `${before}${word} andx`)
  // What was taken is marked as a model's until the author accepts it.
  await app.see('.page', 'Not checked. May be false.')
  assert.ok((await app.count('.cm-generated')) > 0)
})

journey(
  'a word that the model was unsure of tells what else it considered, and another one is taken',
  async ({ open }) => {
    const app = await open()
    await newDraft(app)
    await app.press('Control', 'd')
    await app.fill('[aria-label="Describe a term"] input[placeholder]', 'green windmills')
    await app.press('Enter')
    await app.see('[aria-label="Describe a term"] button', 'Stop', 60_000)
    await app.press('Escape')
    await app.see('[aria-label="Describe a term"] button[type=submit]', 'Describe')
    // Nothing that the starter knows by heart: of that it is sure.
    await app.fill('[aria-label="Describe a term"] input[placeholder]', 'purple telescopes')
    await app.click('[aria-label=Decoding] label', 'Varied')
    await app.press('Enter')
    await app.see('article .token', '', 60_000)
    await app.gone('[aria-label="Describe a term"] button', 'Stop')
    // In the panel: what stood before the word stays, the word is the other one, and what follows is written anew.
    const before = await app.session.run(
      `const word = document.querySelector('article .token'); const range = document.createRange(); range.setStart(word.closest('.words'), 0); range.setEndBefore(word); return range.toString().trim()`,
    )
    await app.click('article .token')
    await app.see('.dialog', 'Instead of')
    const other = await app.session.run(
      `return document.querySelector('.dialog [role=option] .grow').firstChild.textContent.trim()`,
    )
    await app.press('1')
    await app.gone('.dialog')
    await app.gone('[aria-label="Describe a term"] button', 'Stop')
    await app.ask('the other word in its place', async () =>
      (await app.text('article .words')).trim().startsWith(`${before} ${other}`.trim()),
    )

    // In the draft the same, from the keyboard.
    await app.click('article button', 'Insert')
    await app.see('.cm-generated')
    await app.see('.page', 'written by a model and not yet accepted')
    await app.see('.cm-unsure')
    await app.click('.cm-unsure')
    await app.see('.dialog', 'Instead of')
    await app.press('Escape')
    await app.gone('.dialog')
    await app.key('Alt', 'Down')
    await app.see('.dialog', 'Instead of')
    const instead = await app.session.run(
      `return document.querySelector('.dialog [role=option] .grow').firstChild.textContent.trim()`,
    )
    await app.press('Enter')
    await app.gone('.dialog')
    await app.ask('the other word in the draft', async () => (await draft(app)).includes(instead))
    await app.ask('the model to have ended', async () => !(await app.find('footer button', 'Stop')))
    await app.press('Control', 'Enter')
    await app.gone('.page', 'not yet accepted')
    assert.equal(await app.count('.cm-generated'), 0, "accepted text looks like one's own")
  },
  { covers: ['write.describe', 'write.acceptGenerated', 'write.alternatives', 'alternatives', 'stop', 'go.write'] },
)

journey(
  'a draft is taken away as Markdown and as a Word file, which comes back as it was',
  async ({ open, home, display }) => {
    const app = await open()
    await newDraft(app)
    const words = '# Tremor\n\nLithium may cause tremor.'
    await app.type(words)
    await app.see('[aria-label=Drafts]', 'Tremor')
    const markdown = join(home.folder, 'tremor.md')
    const word = join(home.folder, 'tremor.docx')
    for (const [format, path] of [
      ['Markdown', markdown],
      ['Word', word],
    ]) {
      await app.press('Control', 'e')
      await app.click('.dialog .formats label', format)
      await app.click('.dialog button', 'Export…')
      await saveAs(display, path)
      await app.see('.toast', `Written to ${path}`)
      await app.gone('.dialog')
    }
    assert.equal(readFileSync(markdown, 'utf8').trim(), words)
    await app.press('Control', '1')
    await app.drop(word)
    await app.see('.dialog', 'Import 1 document?')
    await app.see('.dialog .title', 'Tremor')
  },
  { covers: ['export'], skip: canType ? false : 'xdotool is not installed: it types into the dialog of the system' },
)
