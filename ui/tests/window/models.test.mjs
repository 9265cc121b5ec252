// Journeys with a model: the scripted one, which says the same on any machine, and a tiny one of random weights.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { comparedWithStarter, extracted, lookUp, openSample, withSamples, withScript, writeDraft } from './screens.mjs'
import { journey } from './stage.mjs'

const pubmed = fileURLToPath(new URL('fixtures/pubmed.xml', import.meta.url))

async function withDocuments(app) {
  await app.drop(pubmed)
  await app.see('.dialog', 'Import 2 documents?')
  await app.click('#import-accept')
  await app.see('.document', 'Lithium and tremor')
}

/** A folder with a model of random weights. */
function tinyModel(home) {
  const folder = join(home.folder, 'tiny')
  execFileSync(process.env.OSLER_TINY_MODEL, [folder])
  return folder
}

journey('drop, extract, accept, undo, restart: everything is still there', async ({ open, note }) => {
  const app = await open()
  await withScript(app)
  await withDocuments(app)
  await app.press('Control', '3')
  await app.see('.at-text', 'tremor')
  const started = Date.now()
  await app.press('Control', 'Enter')
  await app.see('.relation')
  note(`first relation after ${String(Date.now() - started)} ms`)
  await app.gone('button', 'Stop')
  const found = await app.count('.relation')
  await app.key('a')
  await app.see('.toast', 'Accepted 1 relation')
  await app.see('.tabs label', 'Accepted1')
  await app.press('Control', 'z')
  await app.see('.tabs label', 'Accepted0')
  await app.press('Control', 'Shift', 'Z')
  await app.see('.tabs label', 'Accepted1')
  await app.close()

  const again = await open()
  await again.press('Control', '3')
  await again.see('.tabs label', 'Accepted1')
  assert.equal(await again.count('.relation'), found)
})

journey('a description comes word by word and stops when it is told to', async ({ open, note }) => {
  const app = await open()
  await withScript(app)
  await app.press('Control', '2')
  await app.click('button', 'New draft')
  await lookUp(app, 'tremor')
  await writeDraft(app, { varied: true })
  await app.ask('words of a candidate', async () => (await app.text('article .words')).trim() !== '')
  const told = Date.now()
  if (await app.find('[aria-label="Describe a term"] button', 'Stop')) await app.press('Escape')
  await app.see('[aria-label="Describe a term"] button', 'Write')
  note(`stopped ${String(Date.now() - told)} ms after it was asked`)
  assert.notEqual((await app.text('article .words')).trim(), '', 'what had come is kept')
  await app.click('[aria-label="Candidate 1"] button', 'Insert')
  await app.ask('the words in the draft', async () => (await app.text('.cm-content')).includes('scripted generator'))
})

journey(
  'a question is answered by sentences; what the model makes of it is told in words where no figures were measured, and the prompt is shown',
  async ({ open }) => {
    const app = await open()
    await withScript(app)
    await withDocuments(app)
    await app.press('Control', '4')
    await app.fill('[aria-label=Question]', 'Does lithium cause tremor?')
    await app.press('Enter')
    await app.see('.result .verdict')
    assert.equal(await app.count('.result details[open]'), 0, 'what the model makes of it is a detail')
    await app.click('.result summary', 'What the model makes of it')
    await app.see('.result', 'not measured well enough for figures')
    await app.click('.result button', 'Leave out each sentence')
    await app.ask('the sentences to be weighed', async () => !(await app.find('.result button', 'Leave out')))
    assert.doesNotMatch(await app.text('.result details'), /\d\s*%/)
    await app.session.run('document.activeElement.blur()')
    await app.key('Shift', 'P')
    await app.see('.dialog pre', 'tremor')
    await app.press('Escape')
    await app.gone('.dialog')
    await app.click('[aria-label=Question]')
    await app.press('Control', 'Enter')
    await app.see('.result .verdict')
  },
  { covers: ['ask.prompt', 'ask.run', 'prompt', 'go.ask'] },
)

journey('a batch that was killed goes on where it was', async ({ open }) => {
  const app = await open()
  await withScript(app)
  await withDocuments(app)
  await app.press('Control', '5')
  await app.click('button', 'New batch')
  await app.session.run(
    `const select = document.querySelector('[aria-label=Documents]'); select.value = 'library'; select.dispatchEvent(new Event('change', { bubbles: true }))`,
  )
  await app.click('button', 'Read 2 documents')
  await app.see('.item')
  app.crash()

  const again = await open()
  await again.press('Control', '5')
  await again.ask('the end of the batch', async () => {
    const resume = await again.find('button', 'Go on')
    if (resume) await again.session.click(resume).catch(() => null)
    return (await again.count('.item[data-state=done]')) === 2
  })
})

journey(
  'a tiny model is imported by a drop and works',
  async ({ open, home, note }) => {
    const folder = tinyModel(home)
    const app = await open()
    await app.press('Control', '6')
    await app.seeText('Import a model')
    await app.drop(folder)
    await app.see('.dialog', 'model.bpk')
    await app.click('.dialog button', 'Import')
    await app.gone('.dialog')
    await app.see('[aria-label="Installed models"] button', 'tiny')
    assert.deepEqual(
      readdirSync(join(home.folder, 'osler/data/models')).filter((name) => !name.startsWith('.')).length,
      1,
    )
    await app.press('Control', '2')
    await app.click('button', 'New draft')
    await lookUp(app, 'tremor')
    const started = Date.now()
    await writeDraft(app)
    await app.ask('words of a candidate', async () => (await app.text('article .words')).trim() !== '')
    await app.see('article header', 'supported')
    note(`first token of the tiny model after ${String(Date.now() - started)} ms`)
  },
  { covers: ['modelImport', 'go.models'] },
)

journey(
  'an encoder is dropped, its labels are said, it finds the names, and what is decided is exported',
  async ({ open, home }) => {
    const folder = join(home.folder, 'biobert-ner')
    execFileSync(process.env.OSLER_KNOWN_ENCODER, [folder])
    const app = await open()
    await withScript(app)
    await app.press('Control', '6')
    await app.seeText('Import a model')
    await app.drop(folder)
    await app.see('.dialog', 'BERT encoder')
    await app.fill('.dialog [aria-label="What CHEM means"]', 'Chemical')
    await app.fill('.dialog [aria-label="What Anatomy means"]', 'none')
    await app.click('.dialog button', 'Import')
    await app.gone('.dialog')
    await app.click('.toast button', 'Find names with it')
    await app.see('[aria-label="Installed models"] button', 'names')
    await withSamples(app)
    await openSample(app, 'Amiodarone')
    await extracted(app)
    await app.see('.relation')
    const found = await app.count('.relation')
    assert.ok(found >= 3, `${String(found)} relations`)
    const names = await app.session.run(
      `return [...document.querySelectorAll('.relation')].map((row) => row.textContent.toLowerCase())`,
    )
    assert.ok(
      names.every((row) => /hepatotoxicity|jaundice|nausea/.test(row)),
      `only the diseases that the encoder knows: ${names.join('; ')}`,
    )
    for (const [key, word] of [
      ['a', 'Accepted 1 relation'],
      ['a', 'Accepted 1 relation'],
      ['x', 'Rejected 1 relation'],
    ]) {
      await app.key(key)
      await app.see('.toast', word)
    }
    await app.see('.tabs label', 'Accepted2')
    await app.see('.detail', 'Names come from biobert-ner')
    const cli = (...words) =>
      execFileSync(process.env.OSLER_CLI, words, {
        encoding: 'utf8',
        cwd: home.folder,
        env: { ...process.env, OSLER_HOME: join(home.folder, 'osler') },
      })
    const data = join(home.folder, 'osler/data')
    const library = join(data, readdirSync(data).find((name) => name.endsWith('.osler')) ?? '')
    cli('export', '--library', library, '--to', 'bioc-json', '--out', 'found.json')
    assert.match(cli('verify', 'found.json'), /sample-1 relations\/bc5cdr: identical/)
    // Compared with another run over the same text, with the dictionaries' names.
    await app.press('Control', '6')
    await app.click('[aria-label="Installed models"] button', 'biobert-ner')
    await app.click('button', 'Stop finding names with it')
    await comparedWithStarter(app)
  },
)

journey(
  'a device that is gone is asked about once, and the answer holds',
  async ({ open, home }) => {
    const settings = join(home.folder, 'osler/config/settings.json')
    mkdirSync(dirname(settings), { recursive: true })
    writeFileSync(settings, JSON.stringify({ device: { kind: 'device', id: 'gpu:7' } }))
    const describe = async (app) => {
      await app.press('Control', '2')
      await app.click('button', 'New draft')
      await lookUp(app, 'tremor')
      await writeDraft(app)
    }
    const app = await open()
    await describe(app)
    await app.see('.dialog', 'cannot go on')
    await app.see('.dialog', 'no graphics adapter number 7')
    await app.press('Enter')
    await app.gone('.dialog')
    await app.ask('words of a candidate', async () => (await app.text('article .words')).trim() !== '')
    await app.press('Control', ',')
    await app.see('label.on', 'in use')
    await app.close()
    assert.deepEqual(JSON.parse(readFileSync(settings, 'utf8')).device, { kind: 'device', id: 'cpu' })

    const again = await open()
    await describe(again)
    await again.ask('words of a candidate', async () => (await again.text('article .words')).trim() !== '')
    assert.equal(await again.count('.dialog'), 0)
  },
  { covers: ['fallback', 'go.settings'] },
)

journey('what was asked for is there after a look at other screens', async ({ open }) => {
  const app = await open()
  await withScript(app)
  await withDocuments(app)
  await app.press('Control', '4')
  await app.fill('[aria-label=Question]', 'Does lithium cause tremor?')
  await app.press('Enter')
  await app.press('Control', '2')
  await app.click('button', 'New draft')
  await lookUp(app, 'tremor')
  await writeDraft(app)
  await app.press('Control', '1')
  await app.see('.document', 'Lithium and tremor')
  await app.press('Control', '4')
  await app.seeText('What the text says')
  await app.press('Control', '2')
  await app.ask('the words of a candidate', async () => (await app.text('article .words')).trim() !== '')
})

journey('a damaged model is refused by name, and nothing of it is listed', async ({ open, home }) => {
  const installed = join(home.folder, 'osler/data/models')
  const folder = tinyModel(home)
  const weights = join(folder, 'model.bpk')
  const bytes = readFileSync(weights)
  writeFileSync(weights, bytes.subarray(0, bytes.length / 2))
  const app = await open()
  await app.press('Control', '6')
  await app.see('[aria-label="Installed models"] button', 'starter')
  const before = await app.count('[aria-label="Installed models"] button')
  await app.drop(folder)
  await app.see('.dialog', 'model.bpk')
  const start = await app.find('.dialog button:not([disabled])', 'Import')
  if (start) await app.session.click(start)
  await app.see('.dialog .error')
  await app.see('.dialog tr[data-state=damaged]', 'model.bpk')
  await app.press('Escape')
  await app.gone('.dialog')
  assert.equal(await app.count('[aria-label="Installed models"] button'), before)
  assert.deepEqual(existsSync(installed) ? readdirSync(installed) : [], [])
})
