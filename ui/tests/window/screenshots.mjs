// Pictures of the real window into ui/screenshots/, of 256 colours where ImageMagick is installed: `OSLER_BINARY=… npm run screenshots`.
// With the starter model if there is one, or else with the scripted generator.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { makeHome, openApp } from './app.mjs'
import { openDisplay } from './display.mjs'
import { lookUp, screens, showTheme, withSamples, withScript, writeDraft } from './screens.mjs'

const folder = fileURLToPath(new URL('../../screenshots/', import.meta.url))
mkdirSync(folder, { recursive: true })
const display = await openDisplay()
const home = makeHome()
const app = await openApp({ home, display })
try {
  if (await app.find('footer button', 'No model')) await withScript(app)
  await withSamples(app)
  // Something to see on each screen.
  await app.press('Control', '3')
  await app.click('.entry', 'Amiodarone')
  await app.see('.at-text', 'Amiodarone')
  await app.press('Control', 'Enter')
  await app.see('.relation', '', 120_000)
  await app.gone('.field button, button.stop', 'Stop', 120_000)
  await app.press('a')
  await app.press('Control', '2')
  await app.click('button', 'New draft')
  await app.press('Control', '5')
  await app.click('button', 'New batch')
  await app.session.run(
    `const select = document.querySelector('[aria-label=Documents]'); select.value = 'library'; select.dispatchEvent(new Event('change', { bubbles: true }))`,
  )
  await app.click('button', 'Read 3 documents')
  await app.ask('the end of the batch', async () => (await app.count('.item[data-state=done]')) === 3, 300_000)
  const filled = {
    async write() {
      await lookUp(app, 'hepatotoxicity')
      await writeDraft(app)
      await app.see('.verdict', '', 120_000)
      await app.gone('[aria-label="Describe a term"] button', 'Stop', 120_000)
    },
    async ask() {
      await app.fill('[aria-label=Question]', 'Does amiodarone cause hepatotoxicity?')
      await app.press('Enter')
      await app.see('main', 'The strongest stand first', 120_000)
      await app.gone('main button', 'Stop', 120_000)
    },
  }
  for (const theme of ['light', 'dark']) {
    await showTheme(app, theme)
    for (const { name, show } of screens) {
      await show(app)
      await app.see(`nav[aria-label=Osler] [aria-current]`, name.charAt(0).toUpperCase() + name.slice(1))
      await filled[name]?.()
      await app.gone('.toast')
      const file = `${folder}${name}-${theme}.png`
      writeFileSync(file, await app.picture())
      spawnSync('convert', [file, '-dither', 'None', '-colors', '256', `PNG8:${file}`])
    }
  }
} finally {
  await app.close()
  home.remove()
  display.close()
}
process.exit(0)
