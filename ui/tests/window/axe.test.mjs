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
      for (const one of violations) if (['serious', 'critical'].includes(one.impact)) found.push(`${name}, ${theme}: ${one.id} at ${one.at}`)
    }
  }
  assert.deepEqual(found, [])
})
