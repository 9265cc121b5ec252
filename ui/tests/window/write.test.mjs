// Journeys of an author: ghost text, words that the model was unsure of, and the draft taken away.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canType, saveAs } from './dialogs.mjs'
import { lookUp, withSamples, withScript, writeDraft } from './screens.mjs'
import { journey } from './stage.mjs'

const draft = (app) =>
  app.session.run(
    `return [...document.querySelectorAll('.cm-line')].map((line) => [...line.childNodes].filter((node) => !node.classList?.contains('cm-ghost') && !node.classList?.contains('cm-support')).map((node) => node.textContent).join('')).join('\\n')`,
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
    await lookUp(app, 'green windmills')
    await writeDraft(app)
    await app.see('[aria-label="Describe a term"] button', 'Stop', 60_000)
    await app.press('Escape')
    await app.gone('[aria-label="Describe a term"] button', 'Stop')
    // Nothing that the starter knows by heart: of that it is sure.
    await lookUp(app, 'purple telescopes')
    await writeDraft(app, { varied: true })
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
    await app.click('[aria-label="Candidate 1"] button', 'Insert')
    await app.see('.cm-generated')
    await app.see('.page', 'by a model, not yet confirmed')
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
    // Each sentence is confirmed by itself; the cursor goes on to the next.
    for (let left = await app.count('.cm-support'); left > 0; left -= 1) {
      await app.key('Control', 'Enter')
      await app.ask('one sentence less', async () => (await app.count('.cm-support')) < left)
    }
    await app.gone('.page', 'not yet confirmed')
    assert.equal(await app.count('.cm-generated'), 0, "confirmed text looks like one's own")
  },
  { covers: ['write.describe', 'write.acceptGenerated', 'write.alternatives', 'alternatives', 'stop', 'go.write'] },
)

journey(
  'a term is looked up in sources and the library first, and what a model writes of it stays marked',
  async ({ open, home, display }) => {
    const app = await open()
    await withSamples(app)
    await newDraft(app)
    // On the terms of which the model says what is false, and of what nobody knows.
    for (const [term, said] of [
      ['tocilizumab', 'interleukin'],
      ['influenza', 'virus'],
      ['Kawasaki disease', 'blood vessels'],
      ['rivaroxaban', 'anticoagulant'],
    ]) {
      await lookUp(app, term)
      await app.see('.sources blockquote', said)
      await app.see('.sources .origin', 'CC')
      assert.equal(await app.count('article .words'), 0, 'no model writes unasked')
    }
    await lookUp(app, 'zorbitalimab')
    await app.see('.not-known', 'No source says what “zorbitalimab” is')
    await lookUp(app, 'asprin')
    await app.click('.not-known button', 'aspirin')
    await app.see('.sources blockquote', '')
    await lookUp(app, 'cold')
    await app.see('fieldset', 'Choose one:')
    assert.ok((await app.count('fieldset input')) > 1)
    assert.equal(await app.count('.sources blockquote'), 0, 'no meaning is chosen for the writer')
    await app.click('fieldset label', 'common cold')
    await app.see('.sources blockquote', 'nose')

    // The library: what defines is offered, and a click shows the passage.
    await lookUp(app, 'sorafenib')
    await app.click('[aria-label^="Sentences that define"] button', 'a known inhibitor')
    await app.see('.at-text', 'Sorafenib restrains')
    await app.press('Control', '2')

    // Word for word with its citation, as the writer's own choice.
    await lookUp(app, 'rivaroxaban')
    await app.click('.sources button', 'Insert')
    await app.ask('the quotation in the draft', async () => /^“.*anticoagulant.*” \(.*CC.*\)/s.test(await draft(app)))
    assert.equal(await app.count('.cm-generated'), 0)

    // A draft: each sentence is held against the sources, and keeps its mark until it leaves.
    await app.click('.cm-content')
    await app.press('Control', 'End')
    await app.type('\n\nMine. ')
    await writeDraft(app)
    await app.see('.verdict', '', 120_000)
    await app.gone('[aria-label="Describe a term"] button', 'Stop', 120_000)
    assert.doesNotMatch(await app.text('.draft'), /\d\s*%/)
    await app.click('[aria-label="Candidate 1"] button', 'Insert')
    const sentences = await app.ask('the sentences with their marks', () => app.count('.cm-support'))
    await app.see('.page', 'not yet confirmed')
    const markdown = join(home.folder, 'marked.md')
    await app.press('Control', 'e')
    await app.click('.dialog .formats label', 'Markdown')
    await app.click('.dialog button', 'Export…')
    await saveAs(display, markdown)
    await app.see('.toast', `Written to ${markdown}`)
    const written = readFileSync(markdown, 'utf8')
    assert.equal([...written.matchAll(/\[generated, [^\]]+\]/g)].length, sentences)
    assert.match(written, /^“.*” \(.*\)\n\nMine\. Rivaroxaban is/s)
  },
  {
    covers: ['write.draft', 'export'],
    skip: canType ? false : 'xdotool is not installed: it types into the dialog of the system',
  },
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
