// The heavy cases: the window stays quick with a long text full of mentions, and with a library of ten thousand documents.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { heavyText, manyDocuments } from './fixtures/large.mjs'
import { bestOf, pausesDuring } from './pauses.mjs'
import { journey } from './stage.mjs'

/** In the page: presses keys one after the other, each after the last one was drawn, and tells how long each took to be. */
const PRESS = `
  const [keys, done] = arguments
  const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
  const press = async () => {
    for (const key of keys) {
      const target = document.activeElement ?? document.body
      target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
      await drawn()
    }
    done()
  }
  void press()`

/** In the page: scrolls through an element from its top to its end, a picture at a time. */
const SCROLL = `
  const [selector, steps, done] = arguments
  const element = [...document.querySelectorAll(selector)].find((one) => one.scrollHeight > one.clientHeight + 10)
  const end = element.scrollHeight - element.clientHeight
  let step = 0
  const next = () => {
    element.scrollTop = (end * step) / steps
    step += 1
    if (step <= steps) requestAnimationFrame(next)
    else done(element.scrollTop)
  }
  next()`

journey(
  'a text of 10,000 words with 500 mentions and 200 relations scrolls, selects and accepts without pauses',
  async ({ open, home, note }) => {
    const heavy = heavyText()
    assert.deepEqual([heavy.mentions, heavy.relations, heavy.words], [500, 200, 10_000])
    const file = join(home.folder, 'heavy.pubtator')
    writeFileSync(file, heavy.text)
    const app = await open()
    await app.drop(file)
    await app.click('#import-accept')
    await app.see('.document', 'A heavy case')
    const started = Date.now()
    await app.press('Control', '3')
    await app.see('.tabs label', `All${String(heavy.relations)}`)
    await app.ask('all mentions', async () => (await app.count('.at-mention')) >= heavy.mentions)
    note(`opened within ${String(Date.now() - started)} ms`)
    const during = (what, work) => bestOf(note, what, () => pausesDuring(app, work))
    await during('scrolling the text', () => app.session.runAsync(SCROLL, '.text', 60))
    await during('scrolling the relations', () => app.session.runAsync(SCROLL, '.rows', 30))
    await during('selecting', () => app.session.runAsync(PRESS, Array(20).fill('j')))
    await during('accepting', () => app.session.runAsync(PRESS, Array(10).fill('a')))
    await app.ask('what was accepted', async () => /Accepted[1-9]/.test(await app.text('.tabs')))
  },
)

journey('a library of 10,000 documents opens, scrolls and is searched without pauses', async ({ open, home, note }) => {
  const many = 10_000
  const file = join(home.folder, 'many.pubtator')
  writeFileSync(file, manyDocuments(many))
  const app = await open()
  await app.drop(file)
  await app.see('.dialog', 'Import 10,000 documents?', 60_000)
  const begun = Date.now()
  await app.click('#import-accept')
  await app.see('header', '10,000 documents', 120_000)
  note(`imported within ${String(Date.now() - begun)} ms`)
  await app.close()

  const again = await open()
  await again.see('.document', 'Invented report 10000')
  note(`opened again within ${String(again.milliseconds)} ms`)
  const during = (what, work) => bestOf(note, what, () => pausesDuring(again, work))
  await during('scrolling the library', () =>
    again.session.runAsync(SCROLL, '[aria-label=Documents], [aria-label=Documents] *', 120),
  )
  await again.see('.document', 'Invented report 1 on')
  assert.ok((await again.count('.document')) < 100, 'only what is in view is drawn')
  await again.press('Control', 'f')
  await bestOf(note, 'searching', async (time) => {
    const wanted = String(1234 * time)
    const figures = await pausesDuring(again, async () => {
      await again.fill('[aria-label="Search the library"]', `inventin${wanted}`)
      await again.see('.hit', `Invented report ${String(Number(wanted) + 1)} on`)
    })
    return figures
  })
  await again.click('.hit')
  await again.see('.at-text', 'Nothing here is real')
  await during('from document to document', () => again.session.runAsync(PRESS, Array(10).fill('p')))
})
