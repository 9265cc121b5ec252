/** Every command of Osler in one table: the palette, the sheet of keys and the settings read it. */

import type { KeyBinding } from '../host/types'
import { isTyping, normalChord } from './keys'

export type Screen = 'library' | 'write' | 'annotate' | 'ask' | 'batch' | 'models' | 'settings'

export type Command = {
  id: string
  title: string
  section: 'Go' | 'Everywhere' | 'Library' | 'Annotate' | 'Write' | 'Ask' | 'Batch'
  keys: string[]
  /** Where it can be used; everywhere without one. */
  screen?: Screen
}

/** A key that was pressed: when, by the page's clock. Nothing for a button, a menu or the palette. */
export type Press = { at: number } | null

/** Commands that a held key repeats. All others change something, or take the user elsewhere: once a press. */
const repeating = new Set([
  'zoomIn',
  'zoomOut',
  'annotate.nextRow',
  'annotate.previousRow',
  'annotate.nextMention',
  'annotate.previousMention',
  'annotate.thresholdUp',
  'annotate.thresholdDown',
])

const go = (screen: Screen, title: string, key: string): Command => ({
  id: `go.${screen}`,
  title: `Go to ${title}`,
  section: 'Go',
  keys: [key],
})
const on =
  (screen: Screen, section: Command['section']) =>
  (name: string, title: string, ...keys: string[]): Command => ({
    id: `${screen}.${name}`,
    title,
    section,
    keys,
    screen,
  })
const everywhere = (name: string, title: string, ...keys: string[]): Command => ({
  id: name,
  title,
  section: 'Everywhere',
  keys,
})
const library = on('library', 'Library')
const annotate = on('annotate', 'Annotate')
const write = on('write', 'Write')
const ask = on('ask', 'Ask')

export const commands: readonly Command[] = [
  go('library', 'Library', 'Mod+1'),
  go('write', 'Write', 'Mod+2'),
  go('annotate', 'Annotate', 'Mod+3'),
  go('ask', 'Ask', 'Mod+4'),
  go('batch', 'Batch', 'Mod+5'),
  go('models', 'Models', 'Mod+6'),
  go('settings', 'Settings', 'Mod+,'),

  everywhere('palette', 'Command palette', 'Mod+K'),
  everywhere('keys', 'All keys', '?'),
  everywhere('undo', 'Undo', 'Mod+Z'),
  everywhere('redo', 'Redo', 'Mod+Shift+Z', 'Mod+Y'),
  everywhere('stop', 'Stop what runs', 'Escape'),
  everywhere('search', 'Find here, or in the library', 'Mod+F'),
  everywhere('open', 'Open files', 'Mod+O'),
  everywhere('export', 'Export', 'Mod+E'),
  everywhere('zoomIn', 'Zoom in', 'Mod++', 'Mod+='),
  everywhere('zoomOut', 'Zoom out', 'Mod+-'),
  everywhere('zoomReset', 'Actual size', 'Mod+0'),
  everywhere('theme', 'Switch between light and dark', 'Mod+Shift+L'),
  everywhere('history', 'Show the history', 'Mod+H'),

  library('paste', 'Import what was copied', 'Mod+V'),
  library('openDocument', 'Open in Annotate', 'Enter'),
  library('select', 'Select or not', 'Space'),
  library('selectAll', 'Select all', 'Mod+A'),
  library('remove', 'Remove the selected documents', 'Delete'),
  library('batch', 'Start a batch over the selection', 'B'),

  annotate('extract', 'Extract relations', 'Mod+Enter'),
  annotate('accept', 'Accept', 'A'),
  annotate('reject', 'Reject', 'X'),
  annotate('rejectWithReason', 'Reject with a reason', 'Shift+X'),
  annotate('edit', 'Edit', 'E'),
  annotate('skip', 'Skip to the next undecided', 'S', 'Space'),
  annotate('withdraw', 'Take the decision back', 'Backspace'),
  annotate('nextRow', 'Next relation', 'J', 'ArrowDown'),
  annotate('previousRow', 'Previous relation', 'K', 'ArrowUp'),
  annotate('nextDocument', 'Next document', 'N'),
  annotate('previousDocument', 'Previous document', 'P'),
  annotate('nextMention', 'Next mention', 'M'),
  annotate('previousMention', 'Previous mention', 'Shift+M'),
  annotate('relate', 'Relate this mention to another', 'R'),
  annotate('cursor', 'Select words with the arrows', 'W'),
  annotate('occurrences', 'Annotate all occurrences', 'O'),
  annotate('note', 'Write a note', 'T'),
  annotate('identifier', 'Choose the id', 'I'),
  annotate('acceptAll', 'Accept all that is shown', 'Shift+A'),
  annotate('thresholdUp', 'Raise the threshold', ']'),
  annotate('thresholdDown', 'Lower the threshold', '['),
  annotate('compare', 'Two models side by side', 'C'),
  annotate('prompt', 'Show the exact prompt', 'Shift+P'),

  write('new', 'New draft', 'Mod+N'),
  write('describe', 'Describe the selected term', 'Mod+D'),
  write('draft', 'Write a draft of the described term', 'Mod+Shift+D'),
  write('ghost', 'Ghost text on or off', 'Mod+G'),
  write('acceptGenerated', 'Confirm the generated sentence here', 'Mod+Enter'),
  write('alternatives', 'Alternatives of the token here', 'Alt+ArrowDown'),

  ask('run', 'Ask', 'Mod+Enter'),
  ask('prompt', 'Show the exact prompt', 'Shift+P'),
]

type Handler = { run: (press: Press) => void; enabled: () => boolean }

export class CommandTable {
  private readonly handlers = new Map<string, Handler[]>()
  private bindings: readonly KeyBinding[] = []
  screen: Screen = 'library'

  /** The newest handler of a command that can do something wins; the result removes it. */
  on(id: string, run: (press: Press) => void, enabled: () => boolean = () => true): () => void {
    if (!commands.some((command) => command.id === id)) throw new Error(`no command ${id}`)
    const handler: Handler = { run, enabled }
    this.handlers.set(id, [...(this.handlers.get(id) ?? []), handler])
    return () =>
      this.handlers.set(
        id,
        (this.handlers.get(id) ?? []).filter((one) => one !== handler),
      )
  }

  bind(bindings: readonly KeyBinding[]): void {
    this.bindings = bindings
  }

  keysOf(command: Command): string[] {
    return (this.bindings.find((binding) => binding.command === command.id)?.keys ?? command.keys).map(normalChord)
  }

  firstKey(id: string): string | null {
    const command = commands.find((one) => one.id === id)
    return (command && this.keysOf(command)[0]) ?? null
  }

  /** The newest one that can do something. */
  private handler(id: string): Handler | undefined {
    return this.handlers.get(id)?.findLast((handler) => handler.enabled())
  }

  /** Commands that would do something now. */
  available(): Command[] {
    return commands.filter((command) => this.here(command) && this.handler(command.id) !== undefined)
  }

  private here(command: Command): boolean {
    return command.screen === undefined || command.screen === this.screen
  }

  run(id: string, press: Press = null): boolean {
    const handler = this.handler(id)
    if (!handler) return false
    this.ran(id)
    handler.run(press)
    return true
  }

  /** What the tests of the window read: which commands a journey has run. */
  ran(id: string): void {
    performance.clearMarks(`command ${id}`)
    performance.mark(`command ${id}`)
  }

  /** Runs what a key stands for. The screen's own meaning goes before the general one. A repeat of a held key does nothing, but where repeating it is its sense. */
  press(
    chord: string,
    target: EventTarget | null,
    modal: boolean,
    { at = performance.now(), repeat = false }: { at?: number; repeat?: boolean } = {},
  ): boolean {
    const plain = !/^(Mod|Ctrl|Alt)\+/.test(chord) && chord !== 'Escape'
    if (plain && isTyping(target)) return false
    if (isTyping(target) && ['Mod+Z', 'Mod+Shift+Z', 'Mod+Y', 'Mod+V', 'Mod+A'].includes(chord)) return false
    const pressed =
      target instanceof HTMLElement
        ? target.closest('button, a, summary, [role="option"], [role="menuitem"], [role="radio"], input, select')
        : null
    if (
      pressed &&
      ['Enter', 'Space', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'].includes(chord) &&
      !pressed.hasAttribute('data-keys')
    )
      return false
    const meant = commands.filter((command) => this.here(command) && this.keysOf(command).includes(chord))
    meant.sort((left, right) => Number(left.screen === undefined) - Number(right.screen === undefined))
    for (const command of meant) {
      if (modal && command.id !== 'palette') continue
      if (repeat && !repeating.has(command.id)) return true
      if (this.run(command.id, { at })) return true
    }
    return false
  }

  /** Another command of the same place that has the chord already. */
  conflict(chord: string, command: Command): Command | null {
    const wanted = normalChord(chord)
    return (
      commands.find(
        (other) =>
          other.id !== command.id &&
          (other.screen === command.screen || other.screen === undefined || command.screen === undefined) &&
          this.keysOf(other).includes(wanted),
      ) ?? null
    )
  }
}
