// Journeys of a curator: several rows at once, two models side by side, the queue through the library.

import assert from 'node:assert/strict'
import { comparedWithStarter, extracted, openSample, withSamples, withScript } from './screens.mjs'
import { journey } from './stage.mjs'

journey(
  'what is shown is accepted in one step after a look at how much it is, and taken back in one',
  async ({ open }) => {
    const app = await open()
    await withScript(app)
    await withSamples(app)
    await openSample(app, 'Amiodarone')
    await extracted(app)
    const all = await app.count('.relation')
    // A threshold that leaves some out.
    const scores = await app.session.run(
      `return [...document.querySelectorAll('.relation .meter')].map((one) => Number(one.dataset.score))`,
    )
    const middle = [...scores].sort((left, right) => left - right)[Math.floor(all / 2)]
    await app.session.run(
      `const range = document.querySelector('[aria-label="Least score"]'); range.value = arguments[0]; range.dispatchEvent(new Event('input', { bubbles: true }))`,
      String(middle),
    )
    await app.ask('fewer rows', async () => (await app.count('.relation')) < all)
    const shown = await app.count('.relation')
    assert.ok(shown > 1 && shown < all, `${String(shown)} of ${String(all)} are shown`)
    // What has a warning is listed and left out.
    const warned = await app.session.run(
      `return [...document.querySelectorAll('.relation')].filter((one) => one.querySelector('.badges [data-tone=warn]')).length`,
    )
    const plain = shown - warned
    await app.key('Shift', 'A')
    await app.see('.dialog', `Accept ${String(plain)} relation`)
    assert.equal(await app.count('.dialog li'), shown, 'the dialog lists them all')
    await app.press('Escape')
    await app.gone('.dialog')
    await app.see('.tabs label', 'Accepted0')
    await app.key('Shift', 'A')
    await app.click('.dialog button', `Accept ${String(plain)}`)
    await app.see('.tabs label', `Accepted${String(plain)}`)
    await app.see('.tabs label', `Open${String(all - plain)}`)
    await app.press('Control', 'z')
    await app.see('.tabs label', 'Accepted0')
  },
  { covers: ['annotate.acceptAll', 'acceptAll', 'undo', 'go.annotate', 'annotate.extract'] },
)

journey(
  'what two models found in an abstract stands side by side, the same on one line',
  async ({ open }) => {
    const app = await open()
    await withScript(app)
    await withSamples(app)
    await openSample(app, 'Amiodarone')
    await extracted(app)
    await comparedWithStarter(app)
    const chosen = await app.session.run(
      `return [...document.querySelectorAll('.head select')].map((one) => one.selectedOptions[0].textContent)`,
    )
    assert.equal(new Set(chosen).size, 2, 'two models are compared')
    assert.ok(chosen.includes('Scripted (no model)'))
    const rows = await app.session.run(
      `return [...document.querySelectorAll('.side tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent.trim()))`,
    )
    const names = rows.map(([name]) => name)
    assert.equal(new Set(names).size, names.length, 'each statement has one line')
    const both = rows.filter(([, left, right]) => left !== 'not found' && right !== 'not found').length
    assert.ok(both > 0 && rows.every(([, left, right]) => left !== 'not found' || right !== 'not found'))
    await app.see('.side .sum', `${String(both)} found by both, ${String(rows.length - both)} by one`)
    // A line is a relation like any other.
    await app.click('.side tbody button', names[0])
    await app.see('.detail', 'Accept')
    await app.key('a')
    await app.see('.toast', 'Accepted 1 relation')
    await app.press('c')
    await app.see('.tabs label', 'Accepted1')
  },
  { covers: ['annotate.compare'] },
)

journey('the queue goes through the library in the order that was chosen', async ({ open }) => {
  const app = await open()
  await withScript(app)
  await withSamples(app)
  await app.press('Control', '5')
  await app.click('button', 'New batch')
  await app.session.run(
    `const select = document.querySelector('[aria-label=Documents]'); select.value = 'library'; select.dispatchEvent(new Event('change', { bubbles: true }))`,
  )
  await app.click('button', 'Read 3 documents')
  await app.ask('the end of the batch', async () => (await app.count('.item[data-state=done]')) === 3)
  await app.press('Control', '3')
  const order = (value) =>
    app.session.run(
      `const select = document.querySelector('[aria-label="What to go through"]'); select.value = arguments[0]; select.dispatchEvent(new Event('change', { bubbles: true }))`,
      value,
    )
  const entries = () =>
    app.session.run(
      `return [...document.querySelectorAll('.queue-pane .entry')].map((one) => ({ words: one.querySelector('.title').textContent.trim(), score: Number(one.querySelector('.meter')?.dataset.score ?? NaN), current: one.ariaCurrent === 'true' }))`,
    )
  const inOrder = (far) => async () => {
    const found = (await entries()).map(({ score }) => far(score))
    return found.length > 2 && found.every((one, place) => place === 0 || found[place - 1] <= one + 0.005)
  }
  await order('confidence')
  await app.ask(
    'the surest first',
    inOrder((score) => -score),
  )
  await order('uncertainty')
  await app.ask(
    'the least certain first',
    inOrder((score) => Math.abs(score - 0.5)),
  )
  await app.ask(
    'the first entry to be selected, now that the order is another',
    async () => (await entries())[0].current,
  )
  const [first, second] = await entries()
  await app.see('.detail')
  await app.key('a')
  await app.ask('the second entry to be next', async () => {
    const [now] = await entries()
    return now.words === second.words && now.score === second.score && now.current
  })
  await app.press('Control', 'z')
  await app.ask('the first entry to be back', async () => (await entries())[0].words === first.words)
})
