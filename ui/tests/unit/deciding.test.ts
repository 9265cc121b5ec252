/** Decisions under fast keys: a slow host, thirty keys a second, and each decision is about what was on the screen. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { statusOf, subjectKey } from '../../src/features/annotate/mentions'
import { Session } from '../../src/features/annotate/session.svelte'
import { ManualClock } from '../../src/host/scripted/clock'
import { scriptedHost } from '../../src/host/scripted'
import type { Judgement } from '../../src/host/types'
import { App } from '../../src/shared/app.svelte'

const between = 1000 / 30

async function openApp(storing = 250, opening = 90) {
  const host = scriptedHost({ scene: 'review', clock: new ManualClock() })
  const slow =
    <Args extends unknown[], Result>(milliseconds: number, work: (...args: Args) => Promise<Result>) =>
    (...args: Args) =>
      new Promise<Result>((resolve, reject) => {
        setTimeout(() => work(...args).then(resolve, reject), milliseconds)
      })
  const stored: Judgement[] = []
  const { decide, document } = host
  host.decide = (judgements) => {
    stored.push(...judgements)
    return slow(storing, decide)(judgements)
  }
  host.document = slow(opening, document)
  const app = new App(host, await host.start())
  const session = app.keep(Session)
  app.go('annotate')
  // As the screen does it.
  let opened: number | null = null
  const follow = () => {
    if (app.document === null || app.document === opened) return
    opened = app.document
    void session.open(app.document)
  }
  return { app, host, session, stored, follow }
}

type Opened = Awaited<ReturnType<typeof openApp>>

/** What the user saw when the key went down, and what the key was. */
type Pressed = { key: 'a' | 'x'; row: string | null; open: boolean }

async function press({ session, follow }: Opened, keys: ('a' | 'x')[], wait: number): Promise<Pressed[]> {
  const pressed: Pressed[] = []
  for (const key of keys) {
    await vi.advanceTimersByTimeAsync(wait)
    follow()
    const { row } = session
    pressed.push({
      key,
      row: row && session.view ? subjectKey(row.subject) : null,
      open: row !== null && statusOf(row) === 'open',
    })
    void (key === 'a'
      ? session.deciding.accept({ at: performance.now() })
      : session.deciding.reject({ at: performance.now() }))
    follow()
  }
  await vi.advanceTimersByTimeAsync(60_000)
  follow()
  await vi.advanceTimersByTimeAsync(1_000)
  return pressed
}

beforeEach(() =>
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'requestAnimationFrame', 'cancelAnimationFrame', 'performance', 'Date'],
  }),
)
afterEach(() => vi.useRealTimers())

describe.each([
  ['in reading order', null],
  ['along a queue through the library', 'confidence' as const],
])('thirty keys a second, %s', (_, order) => {
  test.each([1000, 300, 150, 100, between])(
    'each decision is about the row that was on the screen: a key every %d ms',
    async (wait) => {
      const opened = await openApp()
      const { app, host, session, stored, follow } = opened
      const [first = 0] = await host.documentIds('newestFirst', { undecided: true, withoutTask: null, origin: null })
      session.neighbours = await host.documentIds('newestFirst', { undecided: false, withoutTask: null, origin: null })
      app.document = first
      follow()
      await vi.advanceTimersByTimeAsync(500)
      if (order) {
        const choosing = session.queue.choose(order)
        await vi.advanceTimersByTimeAsync(500)
        await choosing
        follow()
        await vi.advanceTimersByTimeAsync(500)
      }
      const keys = Array.from({ length: 40 }, (__, place) => (place % 2 === 0 ? 'a' : 'x') as 'a' | 'x')
      const pressed = await press(opened, keys, wait)
      // What was stored is what was pressed, in the order of the keys, but for the keys that were refused.
      const asked = stored.map((judgement) => ({
        key: judgement.kind === 'accept' ? 'a' : 'x',
        row: subjectKey(judgement.subject),
      }))
      let from = 0
      for (const one of asked) {
        const place = pressed.findIndex(
          (key, at) => at >= from && key.key === one.key && key.row === one.row && key.open,
        )
        expect(place, `${one.key} on ${one.row} was not pressed in sight of it`).toBeGreaterThanOrEqual(from)
        from = place + 1
      }
      expect(
        new Set(asked.map((one) => one.row)).size,
        'no decision is overridden by a key that was meant for another row',
      ).toBe(asked.length)
      expect(asked.length).toBeGreaterThan(3)
      if (wait >= 300)
        expect(
          await host.documentIds('newestFirst', { undecided: true, withoutTask: null, origin: null }),
          'nobody is too fast at that pace',
        ).toEqual([])
      // And it is what the library holds.
      for (const judgement of stored) {
        if (judgement.subject.kind !== 'finding') continue
        expect(host.world.decisions.get(subjectKey(judgement.subject))?.verdict).toBe(
          judgement.kind === 'accept' ? 'accepted' : 'rejected',
        )
      }
      expect(session.deciding.pending.size).toBe(0)
    },
  )
})

test('a key from before the row was on the screen is refused in words', async () => {
  const opened = await openApp(0, 0)
  const { app, session, stored, follow } = opened
  app.document = 4
  const [id = 0] = await app.host.documentIds('newestFirst', { undecided: true, withoutTask: null, origin: null })
  app.document = id
  follow()
  await vi.advanceTimersByTimeAsync(500)
  const before = performance.now()
  session.move(1)
  await vi.advanceTimersByTimeAsync(100)
  await session.deciding.accept({ at: before })
  expect(stored).toEqual([])
  expect(session.deciding.refusal).toMatch(/^Key not taken: the next relation was not on the screen yet/)
  expect(session.announcement).toBe(session.deciding.refusal)
  void session.deciding.accept({ at: performance.now() })
  await vi.advanceTimersByTimeAsync(100)
  expect(stored).toHaveLength(1)
  expect(session.deciding.refusal).toBeNull()
})

test('what is out of view is brought into view and not decided', async () => {
  const { app, session, stored, follow } = await openApp(0, 0)
  const [id = 0] = await app.host.documentIds('newestFirst', { undecided: true, withoutTask: null, origin: null })
  app.document = id
  follow()
  await vi.advanceTimersByTimeAsync(500)
  session.deciding.rowInView = () => false
  await session.deciding.accept({ at: performance.now() })
  expect(stored).toEqual([])
  expect(session.deciding.refusal).toMatch(/out of view/)
})

test('a decision that could not be stored is said, and its row comes back', async () => {
  const { app, host, session, follow } = await openApp(0, 0)
  const [id = 0] = await host.documentIds('newestFirst', { undecided: true, withoutTask: null, origin: null })
  app.document = id
  follow()
  await vi.advanceTimersByTimeAsync(500)
  host.decide = () => Promise.reject({ code: 'diskFull', message: 'The disk is full.', hint: 'Free some space.' })
  const row = session.selected
  void session.deciding.accept({ at: performance.now() })
  expect(session.selected, 'the next row is there at once').not.toBe(row)
  await vi.advanceTimersByTimeAsync(100)
  expect(app.toasts.at(-1)?.text).toBe('The disk is full.')
  expect(session.selected).toBe(row)
  expect(session.row && statusOf(session.row)).toBe('open')
})

test('after the last row of a document the next one with something undecided opens', async () => {
  const { app, host, session, follow } = await openApp(0, 0)
  const open = await host.documentIds('newestFirst', { undecided: true, withoutTask: null, origin: null })
  session.neighbours = await host.documentIds('newestFirst', { undecided: false, withoutTask: null, origin: null })
  app.document = open[0] ?? 0
  follow()
  await vi.advanceTimersByTimeAsync(500)
  const undecided = session.counts.open
  for (let place = 0; place < undecided; place += 1) {
    void session.deciding.accept({ at: performance.now() })
    await vi.advanceTimersByTimeAsync(200)
  }
  expect(app.document).toBe(open[1])
  follow()
  await vi.advanceTimersByTimeAsync(500)
  expect(session.row && statusOf(session.row)).toBe('open')
  // S goes on in the same way.
  const here = app.document
  for (let place = 0; place <= session.counts.open; place += 1) {
    await session.deciding.goOn()
    await vi.advanceTimersByTimeAsync(50)
    if (app.document !== here) break
    if (session.rows.filter((row) => statusOf(row) === 'open').length === 1) await session.deciding.accept()
    else void session.deciding.accept({ at: performance.now() })
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(app.document).not.toBe(here)
})

test('undo goes back to what it takes back, also in another document', async () => {
  const { app, host, session, follow } = await openApp(0, 0)
  const open = await host.documentIds('newestFirst', { undecided: true, withoutTask: null, origin: null })
  app.document = open[0] ?? 0
  follow()
  await vi.advanceTimersByTimeAsync(500)
  const row = session.selected
  void session.deciding.accept({ at: performance.now() })
  await vi.advanceTimersByTimeAsync(100)
  app.document = open[1] ?? 0
  follow()
  await vi.advanceTimersByTimeAsync(500)
  void app.turnHere('undo')
  await vi.advanceTimersByTimeAsync(100)
  follow()
  await vi.advanceTimersByTimeAsync(500)
  expect([app.document, session.selected]).toEqual([open[0], row])
})
