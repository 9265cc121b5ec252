// How long the page is kept from going on, looked at in the page itself: the driver's questions would be in the figures.

import { availableParallelism, loadavg } from 'node:os'
import { groupOf, read } from './processes.mjs'

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

/** What the kernel gave the page's own thread until now, and how long it let it wait for a core, in nanoseconds. */
function turns(app) {
  const pages = groupOf(app.session.driver).filter((process) => read(`/proc/${process}/comm`).startsWith('WebKitWebP'))
  const sums = { worked: 0, waited: 0 }
  for (const page of pages) {
    const [worked, waited] = read(`/proc/${page}/task/${page}/schedstat`).split(' ').map(Number)
    sums.worked += worked || 0
    sums.waited += waited || 0
  }
  return sums
}

/**
 * How much longer than alone the page's work took: what its thread waited for a core beside what it had of it. Other programs of
 * a shared machine do that to it, and no code of the window. Where the kernel does not tell, by the programs that want each core.
 */
function stretched(before, after) {
  const [worked, waited] = [after.worked - before.worked, after.waited - before.waited]
  return worked > 0 ? 1 + waited / worked : Math.max(1, loadavg()[0] / availableParallelism())
}

/** The page's pauses while something is done. */
export async function pausesDuring(app, work) {
  await app.session.run(WATCH)
  const before = turns(app)
  const result = await work()
  const stretch = stretched(before, turns(app))
  return { ...(await app.session.run(FIGURES)), stretch, result }
}

export const inWords = ({ longest, most, over, count, stretch }) =>
  `95 % within ${most.toFixed(0)} ms, longest ${longest.toFixed(0)} ms, ${String(over)} of ${String(count)} over 50 ms, all ${stretch.toFixed(1)} times as long as on a free core`

/** Nobody notices 50 ms. One pause may be longer: a collection of garbage, the first drawing of something. */
const bar = { most: 50, longest: 250 }

const keepsTo = ({ most, longest, stretch }) => most <= bar.most * stretch && longest <= bar.longest * stretch

/**
 * The first of up to five rounds that is good enough; an error if none is. What the window does itself it does in each round;
 * what other programs of a shared machine take, they seldom take five times.
 */
export async function bestOf(note, what, round) {
  const rounds = []
  for (let time = 1; time <= 5; time += 1) {
    const found = await round(time)
    note(`${what}${time > 1 ? `, round ${String(time)}` : ''}: ${inWords(found)}`)
    if (keepsTo(found)) return found
    rounds.push(found)
  }
  throw new Error(
    `${what}: never 95 % within ${String(bar.most)} ms and all within ${String(bar.longest)} ms, times what others took: ${rounds.map(inWords).join('; ')}`,
  )
}
