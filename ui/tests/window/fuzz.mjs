// Random keys, clicks and text on the real window, and what must hold whatever they are: nothing fails unseen, nothing is decided
// that was not asked for, and the library stays sound. A seed names the same keys again; their moments are the machine's.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { keys as named } from './webdriver.mjs'

const everything = { undecided: false, withoutTask: null, origin: null }

/** Numbers from 0 to 1 from a seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

// In the page: what was done, with what was on the screen when it was done, and what nobody caught.
const WATCH = `
  const watched = { inputs: [], errors: [] }
  const here = () => {
    return {
      screen: document.querySelector('nav[aria-label=Osler] [aria-current]')?.textContent.trim() ?? '',
      row: document.querySelector('.relation[aria-selected=true]')?.id.replace('row-', '') ?? null,
      // A filter may leave the row out of the list: what is selected is still shown.
      detail: document.querySelector('.detail[data-subject]')?.dataset.subject ?? null,
      mentions: [...document.querySelectorAll('.at-active')].flatMap((one) => (one.dataset.mentions ?? '').split(' ')),
      dialog: document.querySelector('[data-dialog]')?.dataset.dialog ?? null,
      focus: document.activeElement?.textContent.trim().slice(0, 20) ?? '',
    }
  }
  const note = (kind, name) => watched.inputs.push({ at: Date.now(), kind, name, ...here() })
  addEventListener('keydown', (event) => note('key', [event.ctrlKey && 'Ctrl', event.altKey && 'Alt', event.shiftKey && 'Shift', event.key].filter(Boolean).join('+')), { capture: true })
  addEventListener('click', (event) => note('click', (event.target.closest?.('button, label, [role]') ?? event.target).textContent?.trim().slice(0, 40) ?? ''), { capture: true })
  addEventListener('error', (event) => event.message.startsWith('ResizeObserver loop') || watched.errors.push([event.message, event.error?.stack].join(' ')))
  addEventListener('unhandledrejection', (event) => watched.errors.push(event.reason?.stack ?? JSON.stringify(event.reason)))
  window.watched = watched`

// In the page: something that can be pressed, by its place in the list of all that can.
const CLICK = `
  const all = [...document.querySelectorAll('button, label, select, [role=option], .at-mention, summary')].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled)
  const one = all[Math.floor(arguments[0] * all.length)]
  if (!one) return
  if (one instanceof HTMLSelectElement) {
    one.selectedIndex = Math.floor(arguments[1] * one.options.length)
    one.dispatchEvent(new Event('change', { bubbles: true }))
  } else one.click()`

const plain = [...'abcdefghijklmnopqrstuvwxyz', ...'0123456789', ...'?/[].,-=+ ']
const others = ['Enter', 'Escape', 'Tab', 'Delete', 'Backspace', 'Up', 'Down', 'Left', 'Right', 'Home', 'End', 'Space']
// Ctrl+O, whose dialog is the system's, comes by its button as well; the web view itself takes Ctrl+P to a printer.
const controlled = [...'abcdefghijklmnqrstuvwxyz', ...'0123456,=-', 'Enter', 'Right', 'Home', 'End']
/** What a curator presses most comes most. */
const often = [
  'a',
  'x',
  's',
  'j',
  'k',
  'n',
  'p',
  'm',
  'o',
  'w',
  'r',
  'e',
  'i',
  't',
  'c',
  'Enter',
  'Escape',
  'Enter',
  'Escape',
  '1',
  '2',
  '3',
  'Backspace',
  ['Shift', 'X'],
  ['Shift', 'A'],
  ['Shift', 'M'],
  ['Shift', 'P'],
]

function anyKey(random) {
  const one = (list) => list[Math.floor(random() * list.length)]
  const kind = random()
  if (kind < 0.55) return one(often)
  if (kind < 0.72) return one(plain)
  if (kind < 0.82) return one(others)
  if (kind < 0.86) return ['Shift', one([...plain.slice(0, 26).map((letter) => letter.toUpperCase()), ...others])]
  if (kind < 0.87) return ['Alt', one([...others.slice(3), ...'123'])]
  return ['Control', one(controlled)]
}

/** Keys one after the other, as fast as the driver has them. */
function press(app, all) {
  const actions = all.flatMap((key) => {
    const chord = [key].flat().map((name) => named[name] ?? name)
    return [
      ...chord.map((value) => ({ type: 'keyDown', value })),
      ...chord.toReversed().map((value) => ({ type: 'keyUp', value })),
    ]
  })
  return app.session.keys(actions)
}

/** Dialogs of the system are left, as by somebody who wants none of it. */
async function leaveSystemDialogs(display) {
  const hands = (...words) =>
    promisify(execFile)('xdotool', words, { env: { ...process.env, DISPLAY: display.name } }).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    )
  for (const id of (await hands('search', '--onlyvisible', '--name', '.')).split('\n').filter(Boolean)) {
    if ((await hands('getwindowname', id)) === 'Osler') continue
    await hands('windowfocus', '--sync', id)
    await hands('key', '--clearmodifiers', 'Escape')
  }
}

const keyOf = (subject) => `${subject.kind}-${String(subject.id)}`

/** All that is decided, by what it is about. */
async function decisionsOf(app) {
  const ids = await app.invoke('document_ids', { order: 'newestFirst', filter: everything })
  const documents = await Promise.all(ids.map((id) => app.invoke('document', { id })))
  const made = new Map()
  for (const { marks } of documents) {
    for (const { subject, content, decision } of marks.annotations) {
      const mention =
        content.kind === 'entity'
          ? `${content.spans.map(({ start, end }) => `${String(start)}-${String(end)}`).join('+')}:${content.type}`
          : null
      if (decision !== null && subject.kind !== 'added') made.set(keyOf(subject), { ...decision, mention })
    }
  }
  return made
}

/**
 * Whether something that was done asks for this decision: its key or its button, in sight of what it is about. `inputs` are the
 * latest ones; a dialog may have been opened before them, among `all`.
 */
function isAskedFor(key, { verdict, reason, mention }, inputs, all) {
  const about = (input) =>
    input.screen === 'Annotate' &&
    (input.row === key || input.detail === key || (mention !== null && input.mentions.includes(mention)))
  const answered = (...names) =>
    all.some((input, place) => names.includes(input.dialog) && all.slice(0, place).some(about))
  const pressed = (names) => inputs.some((input) => about(input) && names.test(input.name))
  // One undo or redo brings a whole step back.
  if (
    inputs.some(
      (input) =>
        /^Ctrl\+(Shift\+)?[ZzYy]$/.test(input.name) ||
        [input.name, input.focus].some((words) => /^(Undo|Redo)/.test(words)),
    )
  )
    return true
  if (verdict === 'accepted')
    return pressed(/^([aA]$|Accept|Enter$| $)/) || all.some((input) => input.dialog === 'acceptAll')
  if (verdict === 'rejected') return reason === null ? pressed(/^([xX]$|Reject|Enter$| $)/) : answered('reason')
  return answered('edit', 'concept') || pressed(/./)
}

/**
 * Presses for so many seconds. Fails with the seed and what was done last. `sound`: asked at the end, once the window is closed.
 */
export async function fuzz(app, { display, seconds, seed, note }) {
  const random = randomFrom(seed)
  await app.session.run(WATCH)
  let before = await decisionsOf(app)
  let step = null
  let [presses, decided] = [0, 0]
  let last = []
  const told = () =>
    `seed ${String(seed)}, after ${String(presses)} presses; the last:\n${last.map(({ at, name, screen, row, detail, mentions, dialog }) => JSON.stringify({ at, name, screen, row, detail, mentions, dialog })).join('\n')}`
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    const kind = random()
    if (kind < 0.85)
      await press(
        app,
        Array.from({ length: 1 + Math.floor(random() * 12) }, () => anyKey(random)),
      )
    else if (kind < 0.95) await app.session.run(CLICK, random(), random())
    else
      await press(
        app,
        [...['amio', 'hepatotoxicity', 'Larkspur ', '# Title\n'][Math.floor(random() * 4)]].map((sign) =>
          sign === '\n' ? 'Enter' : sign,
        ),
      )
    // Whoever gets lost comes back to the work.
    if (random() < 0.12)
      await press(app, ['Escape', 'Escape', ['Control', random() < 0.7 ? '3' : String(1 + Math.floor(random() * 6))]])
    if (random() < 0.1) await leaveSystemDialogs(display)
    await app.settle()
    const watched = await app.session.run('return window.watched ?? null')
    assert.ok(watched, `the page was loaded anew: ${told()}`)
    await app.session.run('window.watched.inputs = window.watched.inputs.slice(arguments[0])', watched.inputs.length)
    presses += watched.inputs.length
    const latest = [...last.slice(-12), ...watched.inputs]
    last = [...last, ...watched.inputs].slice(-120)
    assert.deepEqual(watched.errors, [], `something failed unseen: ${told()}`)
    // Only a step that was made, or taken back, changes what is decided.
    const steps = JSON.stringify(await app.invoke('history', { before: null, limit: 20 }))
    if (steps === step) continue
    step = steps
    const after = await decisionsOf(app)
    for (const [key, decision] of after) {
      const known = before.get(key)
      if (known && known.madeAt === decision.madeAt && known.verdict === decision.verdict) continue
      decided += 1
      assert.ok(
        isAskedFor(key, decision, latest, last),
        `${told()}\n${decision.verdict} ${key} was not asked for, seed ${String(seed)}`,
      )
    }
    before = after
  }
  note(`${String(presses)} keys and clicks, ${String(decided)} decisions, seed ${String(seed)}`)
  // Nothing is stuck: from wherever this ended, two keys lead back.
  await leaveSystemDialogs(display)
  await app.ask(`the way back to the library (${told()})`, async () => {
    await press(app, ['Escape', 'Escape', ['Control', '1']])
    return (
      (await app.find('nav[aria-label=Osler] [aria-current=page]', 'Library')) && (await app.count('.dialog')) === 0
    )
  })
  assert.doesNotMatch(await app.invoke('diagnostics'), /the page failed|panicked/)
}
