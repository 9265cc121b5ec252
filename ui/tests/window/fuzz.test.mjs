// Random keys on the window, for a minute, or for as many seconds as OSLER_FUZZ_SECONDS says. The check presses the same ones each
// time; OSLER_FUZZ_SEED says which others.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { canType } from './dialogs.mjs'
import { fuzz } from './fuzz.mjs'
import { withSamples, withScript } from './screens.mjs'
import { journey } from './stage.mjs'

const seconds = Number(process.env.OSLER_FUZZ_SECONDS ?? 60)
const seed = Number(process.env.OSLER_FUZZ_SEED ?? 7)

journey(
  'random keys fail nothing unseen, decide nothing that was not asked for, and leave the library sound',
  async ({ open, home, display, note }) => {
    const app = await open()
    await withScript(app)
    await withSamples(app)
    await app.key('Control', '3')
    await app.see('.relation')
    await fuzz(app, { display, seconds, seed, note })
    await app.close()
    const data = join(home.folder, 'osler/data')
    for (const library of readdirSync(data).filter((name) => name.endsWith('.osler'))) {
      const { status, stdout, stderr } = spawnSync(process.env.OSLER_CLI, ['library', 'check', join(data, library)], {
        encoding: 'utf8',
      })
      assert.equal(status, 0, `${library}: ${stdout}${stderr}`)
    }
  },
  {
    patience: 180_000 + seconds * 1000,
    trace: false,
    skip: canType ? false : 'xdotool is not installed: it leaves the dialogs of the system',
  },
)
