// The app without any driver: not one socket of the internet's protocols, from its first moment to its last.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { surroundings } from './app.mjs'
import { journey } from './stage.mjs'
import { calls, canTrace, internetCalls, traced } from './trace.mjs'
import { until } from './until.mjs'

const pubmed = fileURLToPath(new URL('fixtures/pubmed.xml', import.meta.url))

journey(
  'started as a user starts it, Osler opens no socket but those of the screen and the system',
  async ({ home, display, note }) => {
    const env = surroundings({ home, display })
    const record = join(home.folder, 'calls')
    const { binary, args } = traced({ binary: process.env.OSLER_BINARY, args: [] }, record)
    const app = spawn(binary, args, { env, detached: true, stdio: 'ignore' })
    try {
      // A window that takes a drop is up, with all its processes.
      const drop = () =>
        promisify(execFile)(process.env.OSLER_XDND_DROP, ['Osler', pubmed], { env, timeout: 10_000 }).then(
          () => true,
          () => false,
        )
      await until('the window to take a drop', drop, 60_000)
      await until('the web view to have begun', () => calls(record).length > 20)
    } finally {
      process.kill(-app.pid, 'SIGKILL')
    }
    note(`${String(calls(record).length)} calls were looked at`)
    assert.deepEqual(internetCalls(record), [])
  },
  { skip: canTrace ? false : 'strace is not installed, or not allowed to trace here' },
)
