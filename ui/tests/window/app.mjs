// The window as a person has it: what can be seen, what can be clicked and typed.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { strangeSockets } from './sockets.mjs'
import { canTrace, strangeCalls, traced } from './trace.mjs'
import { until } from './until.mjs'
import { launch } from './webdriver.mjs'

const TITLE = 'Osler'

// In the page: the first visible element that the selector names, whose name or text holds the words.
const FIND = `
  const [selector, words] = arguments
  const visible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  const named = (element) => [element.getAttribute('aria-label'), element.textContent, element.getAttribute('placeholder')].some((text) => text?.replace(/\\s+/g, ' ').includes(words))
  return [...document.querySelectorAll(selector)].find((element) => visible(element) && (!words || named(element))) ?? null`

/** A home for the app that is thrown away; the app can be started in it again and again. */
export function makeHome() {
  const folder = mkdtempSync(join(tmpdir(), 'osler-window-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What the app finds around it: a home of its own, and nothing of the developer's session. */
export function surroundings({ home, display }) {
  const folder = (name) => {
    const path = join(home.folder, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  return {
    PATH: process.env.PATH,
    HOME: folder('home'),
    LANG: 'C.UTF-8',
    DISPLAY: display.name,
    // Nothing of the developer's own session: no bus (another Osler may run there; and none is started, which would outlive the
    // test), no desktop settings.
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    XDG_CONFIG_HOME: folder('config'),
    XDG_DATA_HOME: folder('share'),
    XDG_CACHE_HOME: folder('cache'),
    XDG_RUNTIME_DIR: folder('runtime'),
    GSETTINGS_BACKEND: 'memory',
    NO_AT_BRIDGE: '1',
    OSLER_HOME: folder('osler'),
    ...(process.env.OSLER_TEST_ENV ? JSON.parse(process.env.OSLER_TEST_ENV) : {}),
  }
}

/** `trace`: have the kernel's own record of its sockets, which makes the start slower; else they are looked at now and then. */
export async function openApp({ home, display, args = [], trace = true }) {
  const env = surroundings({ home, display })
  const program = { binary: process.env.OSLER_BINARY, args }
  const record = trace && canTrace ? join(home.folder, `calls-${String(Date.now())}`) : null
  const started = Date.now()
  const session = await launch({ ...(record ? traced(program, record) : program), env })
  const checkSockets = () => record ?? assert.deepEqual(strangeSockets(session.driver), [], 'Osler opens no connection')
  const ask = (what, question, patience) =>
    until(
      what,
      async () => {
        checkSockets()
        return question()
      },
      patience,
    )
  const find = (selector, words = '') => session.element(FIND, selector, words)
  const see = (selector, words = '', patience) =>
    ask(`${selector} "${words}" to be seen`, () => find(selector, words), patience)

  const app = {
    session,
    find,
    see,
    ask,
    seeText: (words, patience) => see('#app, [role=dialog], [role=status], body', words, patience),
    gone: (selector, words = '', patience) =>
      ask(`${selector} "${words}" to be gone`, async () => !(await find(selector, words)), patience),
    async click(selector, words = '') {
      // What moves or is drawn anew between the two calls is found again.
      await ask(`a click on ${selector} "${words}"`, async () => {
        const element = await find(selector, words)
        return (
          element &&
          session.click(element).then(
            () => true,
            () => false,
          )
        )
      })
    },
    async fill(selector, text) {
      const element = await see(selector)
      await session.clear(element)
      await session.write(element, text)
    },
    press: session.press,
    type: session.type,
    text: (selector) => session.run(`return document.querySelector(arguments[0])?.textContent ?? ''`, selector),
    count: (selector) => session.run('return document.querySelectorAll(arguments[0]).length', selector),
    settle: () =>
      session.runAsync(
        'const done = arguments[0]; document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))',
      ),
    async picture() {
      await app.settle()
      return session.picture()
    },
    /** A real drop from another program. */
    drop: (...files) => promisify(execFile)(process.env.OSLER_XDND_DROP, [TITLE, ...files], { env, timeout: 60_000 }),
    /** The page, once it has drawn what is there and can tell a key that comes now from one that came before. */
    async key(...names) {
      await app.settle()
      await session.press(...names)
    },
    /** What the host answers to a command of the window. */
    invoke: (command, args = {}) =>
      session.runAsync(
        'const [command, args, done] = arguments; window.__TAURI_INTERNALS__.invoke(command, args).then(done)',
        command,
        args,
      ),
    functions: new Set(),
    async gather() {
      const marks = await session
        .run(`return performance.getEntriesByType('mark').map((mark) => mark.name)`)
        .catch(() => [])
      for (const mark of marks) app.functions.add(mark.replace(/^(command|dialog) /, ''))
    },
    /** Ends as a person would end it. */
    async close() {
      checkSockets()
      await app.gather()
      await session.end()
      if (record) assert.deepEqual(strangeCalls(record), [], 'Osler asks for no address but this machine')
    },
    crash: () => session.kill(),
    milliseconds: 0,
  }
  await app.see('nav[aria-label=Osler]', '', 60_000)
  app.milliseconds = Date.now() - started
  return app
}
