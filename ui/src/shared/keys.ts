/** Keys as text: `Mod+K`, `Shift+A`, `?`, `ArrowDown`. `Mod` is Ctrl, and Command on a Mac. */

const mac = typeof navigator !== 'undefined' && /Mac/.test(navigator.platform)

const order = ['Mod', 'Ctrl', 'Alt', 'Shift']

/** The chord of a keyboard event; empty for a modifier by itself. */
export function chordOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
  onMac = mac,
): string {
  if (['Control', 'Meta', 'Alt', 'Shift', 'AltGraph', 'Dead', 'Unidentified', 'Process'].includes(event.key)) return ''
  const parts: string[] = []
  if (onMac ? event.metaKey : event.ctrlKey) parts.push('Mod')
  if (onMac && event.ctrlKey) parts.push('Ctrl')
  if (event.altKey) parts.push('Alt')
  // Shift is part of a sign such as `?`; it is named with letters and with keys that have a name.
  const letter = event.key.length === 1 && event.key.toLowerCase() !== event.key.toUpperCase()
  if (event.shiftKey && (letter || event.key.length > 1)) parts.push('Shift')
  const key = event.key === ' ' ? 'Space' : letter ? event.key.toUpperCase() : event.key
  return [...parts, key].join('+')
}

/** The same chord however it was written: `shift+mod+k` becomes `Mod+Shift+K`. */
export function normalChord(text: string): string {
  const parts = text
    .split('+')
    .map((part) => part.trim())
    .filter(Boolean)
  const key = text.endsWith('+') ? '+' : (parts.pop() ?? '')
  const modifiers = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
  modifiers.sort((left, right) => order.indexOf(left) - order.indexOf(right))
  return [...modifiers, key.length === 1 ? key.toUpperCase() : key].join('+')
}

const signs: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Delete: 'Del',
  PageDown: 'PgDn',
  PageUp: 'PgUp',
}

/** The chord as it stands on keys, piece by piece. */
export function keycaps(chord: string, onMac = mac): string[] {
  const key = chord.endsWith('++') || chord === '+' ? '+' : null
  const parts = key === null ? chord.split('+') : [...chord.slice(0, -1).split('+').filter(Boolean), key]
  return parts.map((part) =>
    part === 'Mod'
      ? onMac
        ? '⌘'
        : 'Ctrl'
      : part === 'Alt' && onMac
        ? '⌥'
        : part === 'Shift' && onMac
          ? '⇧'
          : (signs[part] ?? part),
  )
}

/** Whether someone is typing there, so that single letters are text and no commands. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'range', 'button'].includes(target.type)
}

/** When a key or button was pressed, by the page's clock. Some systems tell it by another clock, which is not believed. */
export function pressedAt(event: Pick<UIEvent, 'timeStamp'>, now = performance.now()): number {
  return event.timeStamp > now || event.timeStamp < now - 5_000 ? now : event.timeStamp
}
