// How long the page is kept from going on, looked at in the page itself: the driver's questions would be in the figures.

import { availableParallelism, loadavg } from 'node:os'

/** Begins to look. A timer of a page comes at best every 4 ms; what lies between two of them beyond that, somebody took. */
const WATCH = `
  window.pauses?.stop()
  const all = []
  let last = performance.now()
  let on = true
  const tick = () => {
    const now = performance.now()
    all.push(now - last)
    last = now
    if (on) setTimeout(tick, 0)
  }
  setTimeout(tick, 0)
  window.pauses = { stop: () => ((on = false), all) }`

const FIGURES = `
  const all = window.pauses.stop().sort((left, right) => left - right)
  delete window.pauses
  return { longest: all.at(-1) ?? 0, most: all[Math.floor(all.length * 0.95)] ?? 0, over: all.filter((pause) => pause > 50).length, count: all.length }`

/** The page's pauses while something is done. */
export async function pausesDuring(app, work) {
  await app.session.run(WATCH)
  const result = await work()
  return { ...(await app.session.run(FIGURES)), result }
}

export const inWords = ({ longest, most, over, count }) => `95 % within ${most.toFixed(0)} ms, longest ${longest.toFixed(0)} ms, ${String(over)} of ${String(count)} over 50 ms`

/** How much longer than alone a piece of work takes where so many programs want each core. */
const shared = () => Math.max(1, loadavg()[0] / availableParallelism())

/** Whether pauses keep to the bar, or to as much more as a machine that others use gives less. */
const keepsTo = (bar, { most, longest }) => most <= (bar.most ?? Infinity) * shared() && longest <= bar.longest * shared()

/**
 * The first of up to three rounds that is good enough; an error if none is. What the window does itself it does in each round;
 * what other programs of a shared machine take, they seldom take three times.
 */
export async function bestOf(note, what, round, bar) {
  let best = null
  for (let time = 1; time <= 3; time += 1) {
    const found = await round(time)
    note(`${what}${time > 1 ? `, round ${String(time)}` : ''}: ${inWords(found)}`)
    if (!best || found.longest < best.longest) best = found
    if (keepsTo(bar, found)) return found
  }
  throw new Error(`${what}: ${inWords(best)}, while ${shared().toFixed(1)} programs wanted each core`)
}
