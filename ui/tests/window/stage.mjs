// What every journey has: a screen, a home, the app. What fails leaves a picture beside the report.

import assert from 'node:assert/strict'
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

/**
 * A journey: `walk` gets a way to open the app in a home of its own. `covers`: the commands and dialogs that it presses through; it
 * fails where the window did not run or show one of them, and `tests/unit/journeys.test.ts` fails where one is covered by no journey.
 */
export function journey(name, walk, { skip = false, trace = true, covers = [], patience = 180_000 } = {}) {
  test(name, { skip, timeout: patience }, async (context) => {
    const home = makeHome()
    const opened = []
    const open = async (...args) => {
      const app = await openApp({ home, display, args, trace })
      opened.push(app)
      return app
    }
    try {
      await walk({ open, home, display, note: (text) => context.diagnostic(text) })
      for (const app of opened) await app.gather()
      const seen = new Set(opened.flatMap((app) => [...app.functions]))
      assert.deepEqual(
        covers.filter((one) => !seen.has(one)),
        [],
        'commands and dialogs that the journey did not come by',
      )
      // What is still open ends as a person would end it, and must have kept to itself.
      for (const app of opened) await app.close()
    } catch (error) {
      const picture = await opened
        .at(-1)
        ?.session.picture()
        .catch(() => null)
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
