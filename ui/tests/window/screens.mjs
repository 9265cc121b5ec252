// Every screen with something on it, and how to get there.

import assert from 'node:assert/strict'

const at = (key) => async (app) => {
  await app.press('Control', key)
}

export const screens = [
  { name: 'library', show: at('1') },
  { name: 'write', show: at('2') },
  { name: 'annotate', show: at('3') },
  { name: 'ask', show: at('4') },
  { name: 'batch', show: at('5') },
  { name: 'models', show: at('6') },
  { name: 'settings', show: at(',') },
]

/** Works with the scripted generator, which needs no weights and says the same on any machine. */
export async function withScript(app) {
  await app.session.runAsync(`window.__TAURI_INTERNALS__.invoke('use_model', { id: 'scripted' }).then(arguments[0])`)
  await app.seeText('Scripted (no model)')
}

/** Has the model in use read the document that is open. */
export async function extracted(app) {
  await app.press('Control', 'Enter')
  await app.see('.relation, tbody tr')
  await app.gone('button', 'Stop')
}

/** Opens one of the samples in Annotate. */
export async function openSample(app, title) {
  await app.press('Control', '3')
  await app.click('.entry', title)
  await app.see('.at-text', title)
}

/** Has the starter read the sample on amiodarone, too, and shows what both models found. */
export async function comparedWithStarter(app) {
  await app.press('Control', '6')
  await app.click('[aria-label="Installed models"] button', 'starter')
  await app.click('button', 'Use this model')
  await app.see('article h2', 'in use', 60_000)
  await app.press('Control', '3')
  await app.see('.at-text', 'Amiodarone')
  await extracted(app)
  await app.see('button[aria-label^="Two models"]:not([disabled])')
  await app.press('c')
  await app.see('.side', 'found by both')
}

const panel = '[aria-label="Describe a term"]'

/** Looks a term up in the panel of Write. */
export async function lookUp(app, term) {
  if (!(await app.find(panel))) await app.press('Control', 'd')
  await app.fill(`${panel} input[placeholder]`, term)
  await app.press('Enter')
  await app.ask(`what is known of ${term}`, () =>
    app.session.run(
      `return document.querySelector('${panel} .steps') !== null && document.querySelector('${panel} .steps').dataset.term === arguments[0]`,
      term,
    ),
  )
}

/** Has the model write about a term that was looked up. Without any source that takes a step of its own. */
export async function writeDraft(app, { varied = false } = {}) {
  if (varied) await app.click('[aria-label=Decoding] label', 'Varied')
  const unsourced = (await app.find(`${panel} button`, 'Write without a source')) !== null
  await app.key('Control', 'Shift', 'D')
  if (!unsourced) return
  await app.see(`${panel} [role=alert]`, 'Not checked. May be false.')
  assert.equal(await app.count('article .words'), 0, 'nothing is written before the warning was seen')
  await app.key('Control', 'Shift', 'D')
}

/** The sample abstracts, which a newcomer is offered. */
export async function withSamples(app) {
  await app.press('Control', '1')
  await app.click('button', 'Try three samples')
  await app.ask('the focus on what one most likely wants', () =>
    app.session.run('return document.activeElement?.id === "import-accept"'),
  )
  await app.press('Enter')
  await app.see('header', '3 documents')
  await app.gone('.dialog')
}

export async function showTheme(app, theme) {
  await app.ask(`the ${theme} theme`, async () => {
    if ((await app.session.run('return document.documentElement.dataset.theme')) === theme) return true
    await app.press('Control', 'Shift', 'L')
    return false
  })
}
