// The W3C protocol over fetch, as far as the tests of the window need it. WebKitWebDriver starts the app itself; the app
// opens to it because of TAURI_WEBVIEW_AUTOMATION, in release builds too.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { until } from './until.mjs'

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

/** Keys by name, as WebDriver writes them. */
export const keys = {
  Enter: '\uE007',
  Escape: '\uE00C',
  Tab: '\uE004',
  Delete: '\uE017',
  Control: '\uE009',
  Shift: '\uE008',
  Alt: '\uE00A',
  Up: '\uE013',
  Down: '\uE015',
  Backspace: '\uE003',
  Right: '\uE014',
  Left: '\uE012',
  End: '\uE010',
  Home: '\uE011',
  Space: ' ',
}

// In the page: done when an element has stood still for two pictures. A click on what still moves hits what was there before.
const STILL = `
  const [element, done] = arguments
  const place = () => JSON.stringify(element.getBoundingClientRect())
  let [before, still] = [place(), 0]
  const look = () => {
    const now = place()
    still = now === before ? still + 1 : 0
    before = now
    if (still === 2) done()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)`

/** A port nobody listens on at the moment. A fixed one may belong to a driver that was left behind. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts the app behind a driver. Everything that was started dies with `end`, also after a failure. */
export async function launch({ binary, args, env }) {
  const port = await freePort()
  // The leader of a group of its own: the app and its web processes die with it.
  const driver = spawn('WebKitWebDriver', ['--host=127.0.0.1', `--port=${String(port)}`], {
    detached: true,
    stdio: 'ignore',
    env: { ...env, TAURI_WEBVIEW_AUTOMATION: 'true' },
  })
  const reap = () => {
    try {
      process.kill(-driver.pid, 'SIGKILL')
    } catch {
      // It is gone.
    }
  }
  process.once('exit', reap)

  async function call(method, path, body) {
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    })
    const { value } = await response.json()
    if (!response.ok)
      throw new Error(`${method} ${path.replace(/.*session\/[^/]*/, '')}: ${value?.error} ${value?.message}`)
    return value
  }

  await until('the driver to answer', () => call('GET', '/status').catch(() => null))
  const started = Date.now()
  const { sessionId } = await call('POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args } } },
  })
  const session = `/session/${sessionId}`
  const run = (script, ...args) => call('POST', `${session}/execute/sync`, { script, args })

  return {
    driver: driver.pid,
    /** When the app was started, by the clock on the wall. */
    started,
    run,
    runAsync: (script, ...args) => call('POST', `${session}/execute/async`, { script, args }),
    /** Nothing also where it was taken off the page while it was on its way here. */
    element: (script, ...args) =>
      run(script, ...args).then(
        (found) => found?.[ELEMENT] ?? null,
        (error) => (/stale element/.test(error.message) ? null : Promise.reject(error)),
      ),
    async click(element) {
      await call('POST', `${session}/execute/async`, { script: STILL, args: [{ [ELEMENT]: element }] })
      await call('POST', `${session}/element/${element}/click`, {})
    },
    write: (element, text) => call('POST', `${session}/element/${element}/value`, { text }),
    clear: (element) => call('POST', `${session}/element/${element}/clear`, {}),
    /** `press('Control', 'z')`: the first ones are held. */
    press: (...names) => {
      const values = names.map((name) => keys[name] ?? name)
      const down = values.map((value) => ({ type: 'keyDown', value }))
      const up = values.toReversed().map((value) => ({ type: 'keyUp', value }))
      return call('POST', `${session}/actions`, {
        actions: [{ type: 'key', id: 'keyboard', actions: [...down, ...up] }],
      })
    },
    type: (text) => {
      const actions = [...text]
        .map((sign) => (sign === '\n' ? keys.Enter : sign))
        .flatMap((value) => [
          { type: 'keyDown', value },
          { type: 'keyUp', value },
        ])
      return call('POST', `${session}/actions`, { actions: [{ type: 'key', id: 'keyboard', actions }] })
    },
    /** Keys going down and up, one after the other. */
    keys: (actions) => call('POST', `${session}/actions`, { actions: [{ type: 'key', id: 'keyboard', actions }] }),
    resize: (width, height) => call('POST', `${session}/window/rect`, { width, height }),
    picture: async () => Buffer.from(await call('GET', `${session}/screenshot`), 'base64'),
    async end() {
      await call('DELETE', session).catch(() => null)
      process.removeListener('exit', reap)
      reap()
    },
    /** As a crash would. */
    kill: reap,
  }
}
