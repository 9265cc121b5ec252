// Journeys through what every screen has: the palette, keys, history, sizes, undo; and through the library's own functions.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { canType, chooseFile } from './dialogs.mjs'
import { withSamples, withScript, writeDraft } from './screens.mjs'
import { journey } from './stage.mjs'

const pubmed = fileURLToPath(new URL('fixtures/pubmed.xml', import.meta.url))

journey(
  'the frame: palette, keys, sizes, theme and every screen by its key',
  async ({ open }) => {
    const app = await open()
    const screens = [
      ['1', 'Library'],
      ['2', 'Write'],
      ['3', 'Annotate'],
      ['4', 'Ask'],
      ['5', 'Batch'],
      ['6', 'Models'],
      [',', 'Settings'],
    ]
    for (const [key, name] of screens) {
      await app.key('Control', key)
      await app.see('nav[aria-label=Osler] [aria-current=page]', name)
      await app.ask('the focus not to be lost', () =>
        app.session.run('return document.activeElement !== document.body'),
      )
    }
    await app.key('Control', 'k')
    await app.see('[data-dialog=palette]')
    await app.type('library')
    await app.press('Enter')
    await app.see('nav[aria-label=Osler] [aria-current=page]', 'Library')
    await app.key('?')
    await app.see('[data-dialog=keys]', 'Accept')
    await app.press('Escape')
    await app.gone('.dialog')
    const zoom = () => app.session.run(`return document.documentElement.style.getPropertyValue('--zoom')`)
    await app.key('Control', '=')
    await app.ask('larger', async () => (await zoom()) === '1.1')
    await app.key('Control', '-')
    await app.key('Control', '-')
    await app.ask('smaller', async () => (await zoom()) === '0.9')
    await app.key('Control', '0')
    await app.ask('as it was', async () => (await zoom()) === '1')
    const theme = () => app.session.run('return document.documentElement.dataset.theme')
    const before = await theme()
    await app.key('Control', 'Shift', 'L')
    await app.ask('the other theme', async () => (await theme()) !== before)
  },
  {
    covers: [
      'palette',
      'keys',
      'zoomIn',
      'zoomOut',
      'zoomReset',
      'theme',
      'go.library',
      'go.write',
      'go.annotate',
      'go.ask',
      'go.batch',
      'go.models',
      'go.settings',
    ],
  },
)

journey(
  'documents are pasted, chosen, opened, removed and brought back; the history says what and where',
  async ({ open }) => {
    const app = await open()
    await withScript(app)
    await withSamples(app)
    await app.ask('all samples to be read', async () => !(await app.find('footer button', 'Stop')))
    await app.session.run(`
    const data = new DataTransfer()
    data.setData('text/plain', 'Lithium may cause tremor. Nothing here is real.')
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))`)
    await app.see('.dialog', 'Import 1 document?')
    await app.click('#import-accept')
    await app.see('header', '4 documents')
    await app.gone('.dialog')
    await app.ask('the focus on the list, where keys go somewhere', () =>
      app.session.run(`return document.activeElement?.getAttribute('aria-label') === 'Documents'`),
    )
    await app.click('.document', 'Lithium')
    await app.key('Space')
    await app.see('.tools', '1 document selected')
    await app.key('Delete')
    await app.see('header', '3 documents')
    await app.key('Control', 'z')
    await app.see('header', '4 documents')
    await app.key('Control', 'a')
    await app.see('.tools', '4 documents selected')
    await app.click('[aria-label="Select none"]')
    await app.click('.document', 'Amiodarone')
    await app.key('Enter')
    await app.see('.at-text', 'Amiodarone')
    await app.see('.relation')
    await app.click('.relation')
    const names = await app.session.run(
      `return [...document.querySelectorAll('.relation[aria-selected=true] .name')].map((one) => one.textContent)`,
    )
    await app.key('a')
    await app.see('.toast', 'Accepted 1 relation')
    await app.key('Control', 'h')
    await app.see('[data-dialog=history] li', `Accepted 1 relation: ${names.join(' and ')}`)
    await app.see('[data-dialog=history] .where', 'Amiodarone')
    await app.press('Escape')
    await app.gone('.dialog')
    // Elsewhere undo says first what it would take back.
    await app.key('Control', '5')
    await app.key('Control', 'z')
    await app.see('.toast', 'Undo: accepted 1 relation? It is not on this screen.')
    await app.key('Control', '3')
    await app.see('.tabs label', 'Accepted1')
  },
  {
    covers: [
      'library.paste',
      'library.openDocument',
      'library.select',
      'library.selectAll',
      'library.remove',
      'history',
      'undo',
      'import',
    ],
  },
)

journey(
  'a batch over what was chosen leads to its review and to its export',
  async ({ open }) => {
    const app = await open()
    await withScript(app)
    await app.drop(pubmed)
    await app.click('#import-accept')
    await app.see('.document', 'Lithium and tremor')
    await app.gone('.dialog')
    await app.click('.document', 'Lithium')
    // From the list to the batch in three keys.
    await app.key('Control', 'a')
    await app.key('b')
    await app.ask('the button that begins it to have the focus', () =>
      app.session.run(`return document.activeElement?.textContent.includes('Read 2 documents') ?? false`),
    )
    await app.key('Enter')
    await app.ask('the end of the batch', async () => (await app.count('.item[data-state=done]')) === 2)
    await app.click('button', 'Export')
    await app.see('[data-dialog=export]', 'Export 2 documents')
    await app.press('Escape')
    await app.gone('.dialog')
    await app.click('button', 'Review')
    await app.see('.relation[aria-selected=true]')
  },
  { covers: ['library.batch', 'export'] },
)

journey(
  'what fails is said with its details',
  async ({ open }) => {
    const app = await open()
    await app.session.run(`setTimeout(() => { throw new TypeError('a mistake on purpose') })`)
    await app.see('.toast', 'a mistake on purpose')
    await app.click('.toast button', 'Details')
    await app.see('[data-dialog=error]', 'a mistake on purpose')
    await app.press('Escape')
    await app.session.run(`Promise.reject(new RangeError('another one'))`)
    await app.see('.toast', 'another one')
    await app.ask('the place in the log', async () =>
      /the page failed.*TypeError/s.test(await app.invoke('diagnostics')),
    )
    assert.doesNotMatch(await app.invoke('diagnostics'), /on purpose/)
  },
  { covers: ['error'] },
)

journey(
  'a draft is begun, ghost text is turned on and off, and a term is described by their keys',
  async ({ open }) => {
    const app = await open()
    await withScript(app)
    await app.key('Control', '2')
    await app.key('Control', 'n')
    await app.see('.cm-content')
    await app.key('Control', 'g')
    await app.ask('ghost text to be on', () =>
      app.session.run(`return document.querySelector('[role=switch]').checked`),
    )
    await app.key('Control', 'g')
    await app.ask('ghost text to be off', () =>
      app.session.run(`return !document.querySelector('[role=switch]').checked`),
    )
    await app.click('.cm-content')
    await app.type('Lithium may cause tremor')
    await app.key('Control', 'd')
    await app.ask('the word at the cursor to be described', () =>
      app.session.run(
        `return document.querySelector('[aria-label="Describe a term"] input[placeholder]').value === 'tremor'`,
      ),
    )
    await app.see('[aria-label="Describe a term"] h2', 'What sources say')
    assert.equal(await app.count('.cm-panel'), 0, 'no key of the editor’s own was taken')
    await writeDraft(app, { varied: true })
    await app.ask('words of a candidate', async () => (await app.text('article .words')).trim() !== '')
    await app.see('[aria-label="Describe a term"] button', 'Write again')
  },
  { covers: ['write.ghost', 'write.describe', 'write.new'] },
)

journey(
  'files are opened with the system’s dialog',
  async ({ open, display }) => {
    const app = await open()
    await app.key('Control', 'o')
    await chooseFile(display, pubmed)
    await app.see('.dialog', 'Import 2 documents?')
  },
  { covers: ['open'], skip: canType ? false : 'xdotool is not installed: it types into the dialog of the system' },
)
