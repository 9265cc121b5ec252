// Every screen of the real window in both themes, as far as axe can judge: nothing serious.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { journey } from './stage.mjs'
import { screens, showTheme, withSamples } from './screens.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

journey('axe finds nothing serious on any screen, light or dark', async ({ open }) => {
  const app = await open()
  await withSamples(app)
  await app.session.run(`${axe}; window.axe = axe`)
  const found = []
  for (const theme of ['light', 'dark']) {
    await showTheme(app, theme)
    for (const { name, show } of screens) {
      await show(app)
      await app.settle()
      const violations = await app.session.runAsync(`
        const done = arguments[0]
        window.axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes[0]?.target.join(' ') }))))`)
      for (const one of violations)
        if (['serious', 'critical'].includes(one.impact)) found.push(`${name}, ${theme}: ${one.id} at ${one.at}`)
    }
  }
  assert.deepEqual(found, [])
})

// Where the focus is: which part of the window, whether it can be seen, and whether it shows.
const FOCUS = `
  const at = document.activeElement
  if (!at || at === document.body) return null
  const part = at.matches('.skip') ? 0 : at.closest('nav[aria-label=Osler]') ? 1 : at.closest('main') ? 2 : at.closest('footer[aria-label=Status]') ? 3 : -1
  const box = at.getBoundingClientRect()
  const inView = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
  // A hidden input shows its focus on what stands for it; the link comes into view by it, the editor has its cursor.
  const shown = [at, at.closest('label'), at.parentElement].some((one) => one && (getComputedStyle(one).outlineStyle !== 'none' || getComputedStyle(one).boxShadow !== 'none')) || at.matches('.skip, .cm-content')
  return { part, ok: inView && shown, what: at.tagName.toLowerCase() + ' ' + (at.getAttribute('aria-label') ?? at.textContent.trim().slice(0, 30)) }`

journey(
  'Tab goes through every screen from the skip link to the status bar, and is seen all the way',
  async ({ open }) => {
    const app = await open()
    await withSamples(app)
    for (const { name, show } of screens) {
      await show(app)
      await app.settle()
      await app.session.run(
        'document.activeElement?.blur(); window.getSelection()?.removeAllRanges(); document.querySelector(".skip").focus()',
      )
      const parts = []
      const unseen = []
      for (let step = 0; step < 150 && parts.at(-1) !== 3; step += 1) {
        const focus = await app.session.run(FOCUS)
        if (focus) {
          if (parts.at(-1) !== focus.part) parts.push(focus.part)
          if (!focus.ok) unseen.push(focus.what)
        }
        await app.press('Tab')
      }
      assert.deepEqual(parts, [0, 1, 2, 3], name)
      assert.deepEqual(unseen, [], name)
    }
  },
)
