// How quick it feels, with the model that comes with Osler. Printed; the bounds are wide, since other work may share the machine.

import assert from 'node:assert/strict'
import { journey } from './stage.mjs'

/** Begins to look how long the page is kept from going on. */
const WATCH = `
  const gaps = (window.gaps = { all: [], on: true })
  let last = performance.now()
  const tick = () => {
    const now = performance.now()
    gaps.all.push(now - last)
    last = now
    if (gaps.on) setTimeout(tick, 0)
  }
  setTimeout(tick, 0)`

const FIGURES = `
  window.gaps.on = false
  const all = window.gaps.all.sort((left, right) => left - right)
  return { longest: all.at(-1), most: all[Math.floor(all.length * 0.99)], over: all.filter((gap) => gap > 50).length, count: all.length }`

const words = ({ longest, most, over, count }) => `99 % within ${most.toFixed(0)} ms, longest ${longest.toFixed(0)} ms, ${String(over)} of ${String(count)} over 50 ms`

journey('the starter answers at once, and the window goes on meanwhile', async ({ open, note }) => {
  const app = await open()
  const [origin, drawn] = await app.ask('the first picture', () => app.session.run(`const [mark] = performance.getEntriesByName('usable'); return mark && [performance.timeOrigin, mark.startTime]`))
  const usable = origin + drawn - app.session.started
  note(`usable window ${usable.toFixed(0)} ms after the app was started, ${drawn.toFixed(0)} ms of them in the page`)
  await app.press('Control', '2')
  await app.click('button', 'New draft')
  await app.press('Control', 'd')
  await app.fill('[aria-label="Describe a term"] input[placeholder]', 'tremor')
  await app.session.run(WATCH)
  await app.session.runAsync('setTimeout(arguments[0], 2000)')
  const rest = await app.session.run(FIGURES)
  note(`page at rest: ${words(rest)}`)

  await app.session.run(WATCH)
  // In the page itself: the driver's questions would be in the figures.
  const { first, ended, asked } = await app.session.runAsync(`
    const done = arguments[0]
    const begun = performance.now()
    const asked = []
    let first = null
    document.querySelector('[aria-label="Describe a term"] form').requestSubmit()
    const ask = async () => {
      const at = performance.now()
      await window.__TAURI_INTERNALS__.invoke('library')
      asked.push(performance.now() - at)
    }
    const look = () => {
      const text = [...document.querySelectorAll('article .words')].some((one) => one.textContent.trim() !== '')
      if (first === null && text) first = performance.now() - begun
      if (asked.length < 5 || Math.random() < 0.1) void ask()
      const running = document.querySelector('[aria-label="Describe a term"] button[type=submit]') === null
      if (!running && first !== null) done({ first, ended: performance.now() - begun, asked })
      else setTimeout(look, 20)
    }
    setTimeout(look, 0)`)
  const figures = await app.session.run(FIGURES)
  note(`first token of the starter after ${first.toFixed(0)} ms, the model's loading included; all after ${ended.toFixed(0)} ms`)
  note(`page while the model works: ${words(figures)}`)
  note(`answers of the library meanwhile: longest ${Math.max(...asked).toFixed(0)} ms of ${String(asked.length)}`)
  assert.ok(first < 15_000 && usable < 30_000)
}, { trace: false })
