// Pictures of the real window into ui/screenshots/: `OSLER_BINARY=… npm run screenshots`.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { makeHome, openApp } from './app.mjs'
import { openDisplay } from './display.mjs'
import { screens, showTheme, withSamples } from './screens.mjs'

const folder = fileURLToPath(new URL('../../screenshots/', import.meta.url))
mkdirSync(folder, { recursive: true })
const display = await openDisplay()
const home = makeHome()
const app = await openApp({ home, display })
try {
  await withSamples(app)
  for (const theme of ['light', 'dark']) {
    await showTheme(app, theme)
    for (const { name, show } of screens) {
      await show(app)
      await app.gone('.toast')
      writeFileSync(`${folder}${name}-${theme}.png`, await app.picture())
    }
  }
} finally {
  await app.close()
  home.remove()
  display.close()
}
process.exit(0)
