import { describe, expect, test, vi } from 'vitest'
import { CommandTable, commands } from '../../src/shared/commands'
import { chordOf, keycaps, normalChord } from '../../src/shared/keys'

const press = (key: string, modifiers: Partial<KeyboardEvent> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...modifiers,
})

describe('chords', () => {
  test.each([
    [press('k', { ctrlKey: true }), false, 'Mod+K'],
    [press('k', { metaKey: true }), true, 'Mod+K'],
    [press('A', { shiftKey: true }), false, 'Shift+A'],
    [press('?', { shiftKey: true }), false, '?'],
    [press(' '), false, 'Space'],
    [press('ArrowDown', { altKey: true }), false, 'Alt+ArrowDown'],
    [press('+', { ctrlKey: true, shiftKey: true }), false, 'Mod++'],
    [press('Control', { ctrlKey: true }), false, ''],
  ])('%o', (event, mac, expected) => {
    expect(chordOf(event, mac)).toBe(expected)
  })

  test('however it is written, it is the same chord', () => {
    expect(normalChord('shift+mod+k')).toBe('Mod+Shift+K')
    expect(normalChord('Mod++')).toBe('Mod++')
    expect(normalChord('arrowDown'.replace('a', 'A'))).toBe('ArrowDown')
  })

  test('stands on keys as people know them', () => {
    expect(keycaps('Mod+Shift+ArrowUp', false)).toEqual(['Ctrl', 'Shift', '↑'])
    expect(keycaps('Mod+K', true)).toEqual(['⌘', 'K'])
    expect(keycaps('Mod++', false)).toEqual(['Ctrl', '+'])
  })
})

describe('the command table', () => {
  test('no key means two things in one place', () => {
    const seen = new Map<string, string>()
    for (const command of commands) {
      for (const key of command.keys.map(normalChord)) {
        const places = command.screen
          ? [command.screen]
          : ['library', 'write', 'annotate', 'ask', 'batch', 'models', 'settings']
        for (const place of places) {
          const clash = seen.get(`${place} ${key}`)
          expect(clash, `${place} ${key}: ${command.id}`).toBeUndefined()
          seen.set(`${place} ${key}`, command.id)
        }
      }
    }
  })

  test('runs what the key means on this screen, and only where it can', () => {
    const table = new CommandTable()
    const [accept, undo] = [vi.fn(), vi.fn()]
    let can = false
    table.on('annotate.accept', accept, () => can)
    table.on('undo', undo)
    expect(table.press('A', null, false)).toBe(false)
    table.screen = 'annotate'
    expect(table.press('A', null, false)).toBe(false)
    can = true
    expect(table.press('A', null, false)).toBe(true)
    expect(accept).toHaveBeenCalledOnce()
    expect(table.press('Mod+Z', null, false)).toBe(true)
    expect(table.available().map((command) => command.id)).toEqual(['undo', 'annotate.accept'])
  })

  test('leaves letters to whoever types, and everything to a dialog', () => {
    const table = new CommandTable()
    table.screen = 'annotate'
    const accept = vi.fn()
    table.on('annotate.accept', accept)
    table.on('undo', accept)
    const input = document.createElement('input')
    expect(table.press('A', input, false)).toBe(false)
    expect(table.press('Mod+Z', input, false)).toBe(false)
    expect(table.press('A', document.body, true)).toBe(false)
    expect(accept).not.toHaveBeenCalled()
  })

  test('takes other keys, and names who has one already', () => {
    const table = new CommandTable()
    table.screen = 'annotate'
    const accept = vi.fn()
    table.on('annotate.accept', accept)
    table.bind([{ command: 'annotate.accept', keys: ['shift+y'] }])
    expect(table.press('A', null, false)).toBe(false)
    expect(table.press('Shift+Y', null, false)).toBe(true)
    const [reject] = commands.filter((command) => command.id === 'annotate.reject')
    expect(reject && table.conflict('Shift+Y', reject)?.id).toBe('annotate.accept')
    expect(reject && table.conflict('F9', reject)).toBeNull()
  })

  test('the newest handler answers, and the old one again when it is gone', () => {
    const table = new CommandTable()
    const [general, own] = [vi.fn(), vi.fn()]
    table.on('stop', general)
    const off = table.on('stop', own)
    table.run('stop')
    off()
    table.run('stop')
    expect([general.mock.calls.length, own.mock.calls.length]).toEqual([1, 1])
  })
})
