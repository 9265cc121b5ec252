// Journeys of a curator through every function of Annotate: pressed through to what the library holds, and back by one undo.

import assert from 'node:assert/strict'
import { withSamples, withScript } from './screens.mjs'
import { journey } from './stage.mjs'

const everything = { undecided: false, withoutTask: null, origin: null }

/** A sample is open, and its relations are found. */
async function withRelations(app, title = 'Amiodarone') {
  await withScript(app)
  await withSamples(app)
  await app.press('Control', '3')
  await app.ask('all samples to be read', async () => !(await app.find('footer button', 'Stop')))
  await app.click('.entry', title)
  await app.see('.at-text', title)
  if ((await app.count('.relation')) === 0) {
    await app.key('Control', 'Enter')
    await app.see('.relation')
    await app.gone('button', 'Stop')
  }
  await app.click('.relation')
  await app.see('.detail')
}

/** The document that is open, as the library holds it. */
async function stored(app) {
  const title = await app.text('.at-text h2')
  const ids = await app.invoke('document_ids', { order: 'newestFirst', filter: everything })
  for (const id of ids) {
    const document = await app.invoke('document', { id })
    if (document.title === title || document.text.startsWith(title.slice(0, 20))) return document
  }
  throw new Error(`no document is called ${title}`)
}

const decisions = async (app) =>
  (await stored(app)).marks.annotations.filter((one) => one.decision !== null && one.subject.kind !== 'added')
const added = async (app, kind) =>
  (await stored(app)).marks.annotations.filter((one) => one.subject.kind === 'added' && one.content.kind === kind)
const undo = async (app) => {
  await app.key('Control', 'z')
  await app.see('.toast', 'Undone')
}
const isUndone = async (app) => {
  await undo(app)
  await app.ask('the library to be as before', async () => (await decisions(app)).length === 0)
}
const selected = (app) => app.session.run(`return document.querySelector('.relation[aria-selected=true]')?.id ?? null`)

journey(
  'accept, reject, take back, skip: each is what the library holds, and is taken back',
  async ({ open }) => {
    const app = await open()
    await withRelations(app)
    const first = await selected(app)
    await app.key('a')
    await app.ask('an accepted relation', async () => (await decisions(app))[0]?.decision.verdict === 'accepted')
    await app.ask('the next row', async () => (await selected(app)) !== first)
    await isUndone(app)
    await app.ask('the row that was taken back', async () => (await selected(app)) === first)
    await app.key('Control', 'Shift', 'Z')
    await app.ask('the decision again', async () => (await decisions(app)).length === 1)
    await app.key('Backspace')
    await app.ask('nothing decided', async () => (await decisions(app)).length === 0)
    await undo(app)
    await undo(app)
    await app.key('x')
    await app.ask('a rejected relation', async () => (await decisions(app))[0]?.decision.verdict === 'rejected')
    await isUndone(app)
    await app.key('s')
    await app.ask('another row', async () => (await selected(app)) !== first)
    await app.key('k')
    await app.ask('the row before', async () => (await selected(app)) === first)
    await app.key('j')
    await app.ask('the row after', async () => (await selected(app)) !== first)
    assert.deepEqual(await decisions(app), [], 'who only looks decides nothing')
  },
  {
    covers: [
      'annotate.accept',
      'annotate.reject',
      'annotate.withdraw',
      'annotate.skip',
      'annotate.nextRow',
      'annotate.previousRow',
      'undo',
      'redo',
    ],
  },
)

journey(
  'a relation is edited, rejected with a reason and given an id',
  async ({ open }) => {
    const app = await open()
    await withRelations(app)
    const names = () =>
      app.session.run(
        `return [...document.querySelectorAll('.detail .sides dd > .clip')].map((one) => one.textContent)`,
      )
    const before = await names()
    await app.key('e')
    await app.see('.dialog', 'Edit the relation')
    await app.click('.dialog button', 'Swap the sides')
    await app.click('.dialog button', 'Keep the change')
    await app.gone('.dialog')
    await app.ask('an edit', async () => {
      const [one] = await decisions(app)
      return (
        one?.decision.verdict === 'edited' &&
        one.content.participants.map(({ name }) => name).join() === before.toReversed().join()
      )
    })
    await isUndone(app)

    for (const choose of [
      async () => app.press('2'),
      async () => {
        await app.type('the text d')
        await app.press('Enter')
      },
      async () => app.click('.dialog [role=option]', 'The text denies it'),
    ]) {
      await app.key('Shift', 'X')
      await app.see('.dialog', 'Why is it wrong?')
      await choose()
      await app.gone('.dialog')
      await app.ask('a rejection with its reason', async () => (await decisions(app))[0]?.decision.reason === 'negated')
      await isUndone(app)
    }

    await app.key('i')
    await app.see('[data-dialog=concept]')
    const wanted = await app.session.run(
      `return document.querySelector('.dialog [role=option] small, .dialog [role=option] .small').textContent`,
    )
    await app.press('1')
    await app.gone('.dialog')
    await app.ask('the id', async () => {
      const [one] = await decisions(app)
      return one?.content.participants.some(({ concepts }) => concepts[0] && wanted.includes(concepts[0].id))
    })
    await isUndone(app)
  },
  { covers: ['annotate.edit', 'edit', 'annotate.rejectWithReason', 'reason', 'annotate.identifier', 'concept'] },
)

journey(
  'a note is written, kept where it is left, and taken back',
  async ({ open }) => {
    const app = await open()
    await withRelations(app)
    const notes = async () => (await stored(app)).marks.notes.map(({ text }) => text)
    const relations = await app.count('.relation')
    await app.key('t')
    await app.see('.dialog textarea')
    await app.type('Only in rats')
    await app.press('Escape')
    await app.see('.toast', 'not in the library yet')
    assert.deepEqual(await notes(), [])
    await app.key('t')
    await app.see('.dialog textarea')
    assert.equal(await app.session.run(`return document.querySelector('.dialog textarea').value`), 'Only in rats')
    await app.press('Control', 'Enter')
    await app.gone('.dialog')
    await app.ask('the note', async () => (await notes()).join() === 'Only in rats')
    assert.equal(await app.count('.relation'), relations, 'the key did nothing behind the dialog')
    await app.click('[aria-label="Edit the note"]')
    await app.see('.dialog textarea')
    await app.press('Control', 'End')
    await app.type(', it says')
    await app.click('.dialog button', 'Keep the note')
    await app.ask('the note as it was changed', async () => (await notes()).join() === 'Only in rats, it says')
    await undo(app)
    await undo(app)
    await app.ask('no note', async () => (await notes()).length === 0)
  },
  { covers: ['annotate.note', 'note'] },
)

journey(
  'a mention is made and related in a dozen keys, with the ids that its names have',
  async ({ open }) => {
    const app = await open()
    await withRelations(app)
    const keys = ['w', ...'winters', '1', 'r', ...'nau', 'Enter']
    assert.ok(keys.filter((one) => one !== 'Enter').length <= 14)
    await app.key('w')
    await app.type('winters')
    await app.ask('the word', async () => (await app.text('.at-cursor')) === 'winters')
    await app.press('1')
    await app.ask('the mention', async () => (await added(app, 'entity')).length === 1)
    await app.see('.at-active')
    await app.key('r')
    await app.type('nau')
    await app.ask('the partner', async () => (await app.text('.at-active')).startsWith('nausea'))
    await app.press('Enter')
    await app.ask('the relation', async () => (await added(app, 'relation')).length === 1)
    const [relation] = await added(app, 'relation')
    assert.deepEqual(
      relation.content.participants.map(({ name }) => name),
      ['winters', 'nausea'],
    )
    assert.match(relation.content.participants[1].concepts[0]?.id ?? '', /D009325/)
    await undo(app)
    await app.ask('no relation of one’s own', async () => (await added(app, 'relation')).length === 0)
    await undo(app)
    await app.ask('no mention of one’s own', async () => (await added(app, 'entity')).length === 0)

    // All places of a name at once.
    await app.key('m')
    await app.see('.at-active')
    await app.key('Shift', 'M')
    await app.key('o')
    await app.ask('mentions', async () => (await added(app, 'entity')).length > 0)
    await undo(app)
    await app.ask('none', async () => (await added(app, 'entity')).length === 0)
  },
  {
    covers: [
      'annotate.cursor',
      'annotate.relate',
      'annotate.nextMention',
      'annotate.previousMention',
      'annotate.occurrences',
    ],
  },
)

journey(
  'two drugs are related, and the kind is chosen by its first letters',
  async ({ open }) => {
    const app = await open()
    await withRelations(app, 'Fluconazole')
    await app.session.run(
      `const select = document.querySelector('[aria-label=Task]'); select.value = 'ddi'; select.dispatchEvent(new Event('change', { bubbles: true }))`,
    )
    await app.key('w')
    await app.type('volunteers')
    await app.press('1')
    await app.ask('the mention', async () => (await added(app, 'entity')).length === 1)
    await app.key('r')
    await app.press('Enter')
    await app.see('[data-dialog=relationType]')
    await app.type('adv')
    await app.press('Enter')
    await app.gone('.dialog')
    await app.ask('the relation', async () => (await added(app, 'relation'))[0]?.content.type === 'advise')
    await undo(app)
    await app.ask('no relation of one’s own', async () => (await added(app, 'relation')).length === 0)
  },
  { covers: ['relationType'] },
)

journey(
  'the list is narrowed, the prompt is shown, documents are walked, and nothing of it decides',
  async ({ open }) => {
    const app = await open()
    await withRelations(app)
    const all = await app.count('.relation')
    for (let press = 0; press < 20; press += 1) await app.key(']')
    await app.ask('fewer rows', async () => (await app.count('.relation')) < all)
    for (let press = 0; press < 20; press += 1) await app.key('[')
    await app.ask('all rows', async () => (await app.count('.relation')) === all)
    await app.key('Shift', 'P')
    await app.see('.dialog pre', 'amiodarone')
    await app.press('Escape')
    await app.gone('.dialog')
    const title = await app.text('.at-text h2')
    await app.key('n')
    await app.ask('the next document', async () => (await app.text('.at-text h2')) !== title)
    await app.key('p')
    await app.ask('the document before', async () => (await app.text('.at-text h2')) === title)
    // Words are walked as they stand: the arrow goes to the line below, and not to a word far on.
    const cursor = () =>
      app.session.run(
        `const box = document.querySelector('.at-cursor')?.getBoundingClientRect(); return box && { left: box.left, top: box.top, height: box.height }`,
      )
    await app.key('w')
    const above = await app.ask('the cursor', cursor)
    await app.key('Down')
    const below = await app.ask('the line below', async () => {
      const box = await cursor()
      return box && box.top > above.top + above.height / 2 && box
    })
    assert.ok(
      below.top < above.top + 4 * above.height && Math.abs(below.left - above.left) < 150,
      JSON.stringify({ above, below }),
    )
    await app.press('Escape')
    assert.deepEqual(await decisions(app), [])
  },
  {
    covers: [
      'annotate.thresholdUp',
      'annotate.thresholdDown',
      'annotate.prompt',
      'prompt',
      'annotate.nextDocument',
      'annotate.previousDocument',
    ],
  },
)

journey(
  'keys faster than the library answers decide what they were pressed in sight of, or nothing',
  async ({ open }) => {
    const app = await open()
    await withRelations(app)
    await app.session.run(
      `const select = document.querySelector('[aria-label="What to go through"]'); select.value = 'confidence'; select.dispatchEvent(new Event('change', { bubbles: true }))`,
    )
    await app.see('.foot', 'undecided in the library')
    await app.settle()
    // In the page, thirty times a second: what is selected when the key goes down is kept beside the key.
    const pressed = await app.session.runAsync(`
    const done = arguments[0]
    const pressed = []
    const press = () => {
      if (pressed.length === 40) return setTimeout(() => done(pressed), 1500)
      const key = pressed.length % 2 ? 'x' : 'a'
      const row = document.querySelector('.relation[aria-selected=true]')
      pressed.push({ key, row: row?.id.replace('row-', '') ?? null })
      ;(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
      setTimeout(press, 33)
    }
    press()`)
    const ids = await app.invoke('document_ids', { order: 'newestFirst', filter: everything })
    const documents = await Promise.all(ids.map((id) => app.invoke('document', { id })))
    const made = documents.flatMap(({ marks }) => marks.annotations).filter((one) => one.decision !== null)
    assert.ok(made.length > 0)
    for (const { subject, decision } of made) {
      const key = decision.verdict === 'accepted' ? 'a' : 'x'
      assert.ok(
        pressed.some((one) => one.key === key && one.row === `${subject.kind}-${String(subject.id)}`),
        `${decision.verdict} ${subject.kind}-${String(subject.id)} was not asked for`,
      )
    }
  },
)

journey(
  'what is looked for is found in a text, a draft and the library, and no letter of it is a command',
  async ({ open }) => {
    const app = await open()
    await withRelations(app)
    await app.key('Control', 'f')
    await app.type('Larkspur')
    await app.see('.find', '1 of 2')
    await app.press('Down')
    await app.see('.find', '2 of 2')
    await app.press('Enter')
    await app.see('.find', '1 of 2')
    assert.equal(await app.text('.at-foundHere'), 'Larkspur')
    await app.press('Escape')
    await app.gone('.find')
    assert.deepEqual(await decisions(app), [], 'the letters were no commands')

    await app.key('Control', '2')
    await app.key('Control', 'n')
    await app.ask('the editor to have the focus', () =>
      app.session.run(`return document.activeElement?.classList.contains('cm-content') ?? false`),
    )
    await app.type('Lithium and Larkspur')
    await app.press('Control', 'f')
    await app.see('.cm-search')
    await app.type('Larkspur')
    await app.see('.cm-searchMatch')
    await app.press('Escape')

    await app.key('Control', '5')
    await app.key('Control', 'f')
    await app.type('sorafenib')
    await app.see('.results .hit', 'Sorafenib')
    await app.press('Down')
    await app.ask('the first place to have the focus', () =>
      app.session.run(`return document.activeElement?.classList.contains('hit') ?? false`),
    )
    await app.press('Enter')
    await app.see('.at-text', 'Sorafenib')
  },
  { covers: ['search', 'write.new', 'go.batch', 'go.write'] },
)
