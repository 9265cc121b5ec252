// What every journey has: a screen, a home, the app. What fails leaves a picture beside the report.

import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { makeHome, openApp } from './app.mjs'
import { openDisplay } from './display.mjs'

let display
before(async () => {
  display = await openDisplay()
})
after(() => display?.close())

/** A journey: `walk` gets a way to open the app in a home of its own. */
export function journey(name, walk, { skip = false, trace = true } = {}) {
  test(name, { skip, timeout: 180_000 }, async (context) => {
    const home = makeHome()
    const opened = []
    const open = async (...args) => {
      const app = await openApp({ home, display, args, trace })
      opened.push(app)
      return app
    }
    try {
      await walk({ open, home, display, note: (text) => context.diagnostic(text) })
      // What is still open ends as a person would end it, and must have kept to itself.
      for (const app of opened) await app.close()
    } catch (error) {
      const picture = await opened.at(-1)?.session.picture().catch(() => null)
      if (picture) {
        const folder = process.env.OSLER_PICTURES ?? join(tmpdir(), 'osler-window-failures')
        mkdirSync(folder, { recursive: true })
        const file = join(folder, `${name.replace(/\W+/g, '-')}.png`)
        writeFileSync(file, picture)
        context.diagnostic(`picture: ${file}`)
      }
      throw error
    } finally {
      for (const app of opened) await app.session.end().catch(() => null)
      home.remove()
    }
  })
}
