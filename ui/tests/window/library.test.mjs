// Journeys that need no model: import by a real drop, curation, undo, a restart.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tenAbstracts } from './fixtures/pubtator.mjs'
import { journey } from './stage.mjs'

const pubmed = fileURLToPath(new URL('fixtures/pubmed.xml', import.meta.url))

journey('dropped PubMed XML is previewed, imported, and still there after a crash', async ({ open, note }) => {
  const app = await open()
  note(`window after ${String(app.milliseconds)} ms`)
  await app.seeText('0 documents')
  await app.drop(pubmed)
  await app.see('.dialog', 'Import 2 documents?')
  await app.see('.dialog', 'Amiodarone-induced hepatotoxicity')
  await app.click('#import-accept')
  await app.see('.document', 'Lithium and tremor')
  await app.see('header', '2 documents')
  app.crash()

  const again = await open()
  await again.see('.document', 'Lithium and tremor')
  // The same file again brings nothing new.
  await again.drop(pubmed)
  await again.see('.dialog', 'already')
})

journey('an import is undone and done again', async ({ open }) => {
  const app = await open()
  await app.drop(pubmed)
  await app.click('#import-accept')
  await app.see('.document', 'Lithium and tremor')
  await app.press('Control', 'z')
  await app.gone('.document', 'Lithium and tremor')
  await app.press('Control', 'Shift', 'Z')
  await app.see('.document', 'Lithium and tremor')
})

journey(
  'ten abstracts are curated by keyboard alone, and decisions survive a restart',
  async ({ open, home }) => {
    const file = join(home.folder, 'ten.pubtator')
    writeFileSync(file, tenAbstracts())
    const app = await open()
    await app.drop(file)
    await app.see('.dialog', 'Import 10 documents?')
    await app.ask('the focus on what one most likely wants', () =>
      app.session.run('return document.activeElement?.id === "import-accept"'),
    )
    await app.press('Enter')
    await app.see('header', '10 documents')
    await app.gone('.dialog')
    await app.press('Control', '3')
    for (let place = 0; place < 10; place += 1) {
      await app.see('[role=option].relation')
      await app.see('.at-text', `case ${String(10 - place)}.`)
      // Each document has one relation: the key that decides it opens the next one.
      await app.key(place % 2 === 0 ? 'a' : 'x')
    }
    await app.see('.toast', 'Everything that was found is decided')
    await app.press('Control', 'z')
    await app.see('.toast', 'Undone: rejected')
    await app.see('.tabs label', 'Open1')
    await app.close()

    const again = await open()
    await again.press('Control', '3')
    // Where the curator left off; then back to the first document, and all decisions are there but the one that was undone.
    await again.see('.at-text', 'case 1.')
    for (let place = 9; place >= 0; place -= 1) {
      await again.see('.at-text', `case ${String(10 - place)}.`)
      await again.see('.tabs label', place === 9 ? 'Open1' : place % 2 === 0 ? 'Accepted1' : 'Rejected1')
      if (place > 0) await again.press('p')
    }
  },
  { covers: ['annotate.accept', 'annotate.reject', 'annotate.previousDocument', 'import'] },
)

journey(
  'a document that is there in another form brings its record up to date, quotes are checked and curators compared',
  async ({ open, home }) => {
    const app = await open()
    await app.drop(pubmed)
    await app.click('#import-accept')
    await app.see('.document', 'Lithium and tremor')
    const file = join(home.folder, 'again.nbib')
    writeFileSync(file, 'PMID- 90000001\nTI  - Lithium and tremor, revised.\nJT  - Journal of Revisions\n')
    await app.drop(file)
    await app.see('.duplicates', 'Same PMID as')
    await app.click('.duplicates label', 'Update record')
    await app.see('#import-accept', 'Update 1')
    await app.click('#import-accept')
    await app.see('.toast', 'Updated 1 record')
    await app.see('header', '2 documents')
    await app.click('[aria-label=Libraries]')
    await app.click('[role=menuitem]', 'Check every quote')
    await app.see('[data-dialog=evidence]', 'Every quote can be relied on')
    await app.press('Escape')
    await app.gone('.dialog')
    await app.click('[aria-label=Libraries]')
    await app.click('[role=menuitem]', 'Merge and compare curators')
    await app.see('[data-dialog=curators]', 'Fewer than two curators')
    await app.press('Escape')
    await app.gone('.dialog')
  },
  { covers: ['import', 'evidence', 'curators'] },
)

journey('a library file that the system opens becomes the open library', async ({ open, home }) => {
  const first = await open()
  await first.drop(pubmed)
  await first.click('#import-accept')
  // Not "2 documents": the dialog asks "Import 2 documents?", and a window that is closed then has imported nothing.
  await first.see('.document', 'Lithium and tremor')
  await first.close()

  const library = join(home.folder, 'osler/data/First library.osler')
  const second = await open(library)
  await second.see('.document', 'Lithium and tremor')
  await second.gone('.dialog', 'Import')
})

journey('the window keeps to itself: nothing from elsewhere, no script that is not its own', async ({ open }) => {
  const app = await open()
  const answers = await app.session.runAsync(`
    const done = arguments[0]
    const plain = (promise) => promise.then(() => 'allowed', () => 'refused')
    Promise.all([
      plain(fetch('http://127.0.0.1:9/')),
      plain(window.__TAURI_INTERNALS__.invoke('plugin:fs|read_text_file', { path: '/etc/hostname' })),
      plain(window.__TAURI_INTERNALS__.invoke('plugin:dialog|open', { options: {} })),
      plain(window.__TAURI_INTERNALS__.invoke('plugin:shell|execute', { program: 'true' })),
      plain(window.__TAURI_INTERNALS__.invoke('open_library', { path: '/etc/hostname' })),
      plain(window.__TAURI_INTERNALS__.invoke('preview_model', { paths: ['/etc'] })),
    ]).then(done)`)
  assert.deepEqual(answers, Array(6).fill('refused'))
})
