// Journeys through Ask: the sentences that speak about a question, a text that does not say, the whole library; by keys.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withScript } from './screens.mjs'
import { journey } from './stage.mjs'

const texts = {
  'azithromycin.txt':
    'Azithromycin for bronchiectasis\n\nLiver tests were done each month. No hepatitis was seen in patients given azithromycin.',
  'isoniazid.txt': 'Isoniazid and the liver\n\nHepatitis developed in nine patients who took isoniazid.',
  'cough.txt': 'Azithromycin for chronic cough\n\nCough was rarer in patients who were given azithromycin.',
}

async function withTexts(app, home) {
  const files = Object.entries(texts).map(([name, text]) => {
    const file = join(home.folder, name)
    writeFileSync(file, text)
    return file
  })
  await app.drop(...files)
  await app.see('.dialog', 'Import 3 documents?')
  await app.click('#import-accept')
  await app.gone('.dialog')
  await app.see('.document', 'bronchiectasis')
}

journey(
  'evidence first, with its stance; where a text does not say, what was looked for; over the library a table that can be filtered and exported',
  async ({ open, home }) => {
    const app = await open()
    await withScript(app)
    await withTexts(app, home)
    await app.click('.document', 'bronchiectasis')
    await app.key('Enter')
    await app.see('.at-text', 'azithromycin')
    await app.press('Control', '4')
    await app.fill('[aria-label=Question]', 'Does azithromycin cause hepatitis?')
    await app.press('Enter')
    await app.see('.result .verdict', 'No')
    await app.see('[aria-label=Evidence] li', 'Against')
    const first = await app.text('[aria-label=Evidence] li .sentence')
    assert.equal(first, 'No hepatitis was seen in patients given azithromycin.')
    // By keys: from the question to the first sentence, which is shown in its text.
    await app.session.run(`document.querySelector('[aria-label=Evidence] button').focus()`)
    await app.key('Enter')
    await app.see('[aria-label=Evidence] button[aria-pressed=true]')
    assert.equal(await app.count('.result details[open]'), 0)

    await app.fill('[aria-label=Question]', 'Does isoniazid cause hepatitis?')
    await app.press('Enter')
    await app.see('.result .verdict', 'This text does not say')
    await app.see('[aria-label="What was looked for"] li', 'isoniazid in no sentence')

    await app.session.run(`
      const select = document.querySelector('[aria-label="Which documents"]')
      select.value = 'library'
      select.dispatchEvent(new Event('change', { bubbles: true }))`)
    await app.fill('[aria-label=Question]', 'Does azithromycin cause hepatitis?')
    await app.press('Enter')
    await app.see('.sum', '1 document of 3 says something about it')
    await app.see('.line', 'No hepatitis was seen')
    assert.equal(await app.count('.line'), 1, 'documents that say nothing are not in the table')
    await app.click('.segmented label', 'No 1')
    await app.click('button', 'Export these')
    await app.see('[data-dialog=export]', 'Export 1 document')
    await app.press('Escape')
    await app.gone('.dialog')
    await app.click('.line')
    await app.see('[aria-label=Evidence] li', 'Against')
    await app.click('button', 'All verdicts')
    await app.see('.line')

    await app.fill('[aria-label=Question]', 'Does blorfenazine cause hepatitis?')
    await app.press('Enter')
    await app.see('.sum', 'No document of this library says anything about it')
    await app.see('[aria-label="What was looked for"] li', 'blorfenazine in no document')
  },
  { covers: ['export', 'go.ask'] },
)
