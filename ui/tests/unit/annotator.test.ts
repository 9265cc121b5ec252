import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Annotator } from '../../src/annotator/annotator'
import { routeOf } from '../../src/annotator/arcs'
import { emptyScene, type Mention, type Scene } from '../../src/annotator/model'

const text = 'A title\nAmiodarone caused hepatotoxicity.\nDronedarone did not.'
const at = (word: string) => ({ start: text.indexOf(word), end: text.indexOf(word) + word.length })
const mention = (word: string, type: string): Mention => ({ id: word, ranges: [at(word)], type, state: 'suggested' })
const mentions = [
  mention('Amiodarone', 'Chemical'),
  mention('hepatotoxicity', 'Disease'),
  mention('Dronedarone', 'Chemical'),
]

let root: HTMLElement
let annotator: Annotator
const events = { pick: vi.fn(), select: vi.fn(), relate: vi.fn() }

beforeEach(() => {
  root = document.createElement('div')
  document.body.append(root)
  annotator = new Annotator(root, (type) => ({ color: 'teal', letter: type.charAt(0) }), events)
  annotator.show(text, 7)
  annotator.update({ ...emptyScene, mentions })
})
afterEach(() => {
  annotator.destroy()
  root.remove()
  vi.clearAllMocks()
})

const piece = (id: string) => root.querySelector<HTMLElement>(`[data-mentions~="${id}"]`) as HTMLElement
const fire = (target: Element, type: string, init: MouseEventInit = {}) =>
  target.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, button: 0, ...init }))

function choose(from: [string, number], to: [string, number]) {
  const nodeOf = (word: string) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) if (walker.currentNode.textContent?.includes(word)) return walker.currentNode
    throw new Error(word)
  }
  const range = document.createRange()
  const [start, end] = [nodeOf(from[0]), nodeOf(to[0])]
  range.setStart(start, (start.textContent ?? '').indexOf(from[0]) + from[1])
  range.setEnd(end, (end.textContent ?? '').indexOf(to[0]) + to[1])
  window.getSelection()?.removeAllRanges()
  window.getSelection()?.addRange(range)
}

describe('the annotator', () => {
  test('shows the text as it is, and letters that are no text', () => {
    const lines = [...root.querySelectorAll('h2, p')].map((element) => element.textContent)
    expect(lines).toEqual(text.split('\n'))
    expect(piece('hepatotoxicity').dataset['letters']).toBe('D')
    expect(piece('Amiodarone').dataset['start']).toBe(String(at('Amiodarone').start))
  })

  test('writes only what changed', () => {
    const observer = new MutationObserver(() => undefined)
    observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true })
    const touched = (scene: Scene) => {
      annotator.update(scene)
      return [
        ...new Set(
          observer
            .takeRecords()
            .map(
              ({ target, attributeName }) =>
                `${(target as HTMLElement).dataset['mentions'] ?? target.nodeName} ${attributeName ?? ''}`,
            ),
        ),
      ].filter((one) => !one.startsWith('svg'))
    }
    expect(touched({ ...emptyScene, mentions, selected: new Set(['Dronedarone']) })).toEqual([
      'Dronedarone class',
      'Dronedarone style',
    ])
    expect(touched({ ...emptyScene, mentions, selected: new Set(['Dronedarone']) })).toEqual([])
    const accepted = mentions.map((one) => (one.id === 'Amiodarone' ? { ...one, state: 'accepted' as const } : one))
    expect(touched({ ...emptyScene, mentions: accepted, selected: new Set(['Dronedarone']) })).toEqual([
      'Amiodarone style',
    ])
    expect(touched({ ...emptyScene, mentions: accepted })).toEqual(['Dronedarone class', 'Dronedarone style'])
    observer.disconnect()
  })

  test('a piece shows what its mention says where a pointer rests on it', () => {
    const says = mentions.map((one) => (one.id === 'Amiodarone' ? { ...one, says: 'Amiodarone: AMD' } : one))
    annotator.update({ ...emptyScene, mentions: says })
    expect(piece('Amiodarone')?.title).toBe('Amiodarone: AMD')
    annotator.update({ ...emptyScene, mentions })
    expect(piece('Amiodarone')?.hasAttribute('title')).toBe(false)
  })

  test('paints only the piece that changed, and the same as if all were painted anew', () => {
    const scenes = [
      { ...emptyScene, mentions, selected: new Set(['hepatotoxicity']) },
      {
        ...emptyScene,
        mentions,
        marks: [{ start: at('caused').start, end: at('did').end, kind: 'evidence' as const }],
      },
      { ...emptyScene, mentions: mentions.slice(1), related: new Set(['Dronedarone']) },
      { ...emptyScene, mentions, active: 'Amiodarone' },
    ]
    const kept = piece('Amiodarone')
    annotator.update(scenes[0] ?? emptyScene)
    expect(piece('Amiodarone')).toBe(kept)
    for (const scene of scenes) {
      annotator.update(scene)
      const fresh = document.createElement('div')
      const other = new Annotator(fresh, (type) => ({ color: 'teal', letter: type.charAt(0) }), {})
      other.show(text, 7)
      other.update(scene)
      expect([...root.querySelectorAll('h2, p')].map((one) => one.outerHTML)).toEqual(
        [...fresh.querySelectorAll('h2, p')].map((one) => one.outerHTML),
      )
      other.destroy()
    }
  })

  test('tells states apart without colour', () => {
    annotator.update({
      ...emptyScene,
      mentions: mentions.map((one, place) => ({
        ...one,
        state: (['accepted', 'rejected', 'suggested'] as const)[place] ?? 'added',
      })),
    })
    const bars = mentions.map((one) => piece(one.id).style.backgroundImage)
    expect(new Set(bars).size).toBe(3)
    expect(piece('hepatotoxicity')).toHaveClass('at-rejected')
  })

  test('snaps a selection to words, and Shift keeps it exact', () => {
    choose([' caused ', 3], [' caused ', 5])
    fire(root, 'pointerup')
    expect(events.select).toHaveBeenLastCalledWith(at('caused'), expect.anything())
    choose([' caused ', 3], [' caused ', 5])
    fire(root, 'pointerup', { shiftKey: true })
    expect(events.select).toHaveBeenLastCalledWith(
      { start: at('caused').start + 2, end: at('caused').start + 4 },
      expect.anything(),
    )
  })

  test('selects across mentions', () => {
    choose(['Amiodarone', 2], ['hepatotoxicity', 4])
    fire(root, 'pointerup')
    expect(events.select).toHaveBeenLastCalledWith(
      { start: at('Amiodarone').start, end: at('hepatotoxicity').end },
      expect.anything(),
    )
  })

  test('a click picks the innermost mention', () => {
    annotator.update({
      ...emptyScene,
      mentions: [
        ...mentions,
        {
          ...mention('hepatotoxicity', 'Disease'),
          id: 'outer',
          ranges: [{ start: at('caused').start, end: at('hepatotoxicity').end }],
        },
      ],
    })
    fire(piece('hepatotoxicity'), 'pointerdown')
    fire(piece('hepatotoxicity'), 'pointerup')
    expect(events.pick).toHaveBeenCalledWith('hepatotoxicity')
  })

  test('dragging one mention onto another relates them; a short move does not', () => {
    document.elementFromPoint = () => piece('hepatotoxicity')
    fire(piece('Amiodarone'), 'pointerdown', { clientX: 10, clientY: 10 })
    fire(root, 'pointermove', { clientX: 12, clientY: 11 })
    expect(root).not.toHaveClass('at-dragging')
    fire(root, 'pointermove', { clientX: 60, clientY: 12 })
    expect(root).toHaveClass('at-dragging')
    expect(piece('hepatotoxicity')).toHaveClass('at-target')
    fire(root, 'pointerup', { clientX: 60, clientY: 12 })
    expect(events.relate).toHaveBeenCalledWith('Amiodarone', 'hepatotoxicity')
    expect(root).not.toHaveClass('at-dragging')
  })

  test('dragging to nowhere does nothing', () => {
    document.elementFromPoint = () => root
    fire(piece('Amiodarone'), 'pointerdown', { clientX: 10, clientY: 10 })
    fire(root, 'pointermove', { clientX: 60, clientY: 12 })
    fire(root, 'pointerup')
    expect(events.relate).not.toHaveBeenCalled()
  })

  test('ten thousand words with five hundred mentions are drawn, and one more selection is quick', () => {
    const line =
      'Amiodarone was associated with hepatotoxicity and with nausea in ten of the forty patients who took it.'
    const long = Array.from({ length: 560 }, () => line).join('\n')
    const many = Array.from({ length: 500 }, (_, place): Mention => {
      const start = place * (line.length + 1)
      return { id: `m${String(place)}`, ranges: [{ start, end: start + 10 }], type: 'Chemical', state: 'suggested' }
    })
    const begun = performance.now()
    annotator.show(long)
    annotator.update({ ...emptyScene, mentions: many })
    const drawn = performance.now() - begun
    expect(root.querySelectorAll('.at-mention')).toHaveLength(500)
    const before = performance.now()
    annotator.update({ ...emptyScene, mentions: many, selected: new Set(['m250']) })
    // Beside the whole drawing and not in milliseconds: other work may share the machine.
    expect(performance.now() - before).toBeLessThan(drawn / 3)
    expect(root.querySelectorAll('.at-selected')).toHaveLength(1)
  })

  test('a relation is drawn through gaps and margins, never through text', () => {
    const box = (left: number, top: number) => ({ left, top, width: 40, height: 22, pitch: 33 })
    const lines = [100, 133, 166, 199, 232]
    const corners = (path: string) =>
      [...path.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map((pair) => ({ x: Number(pair[1]), y: Number(pair[2]) }))
    const points = (path: string) =>
      corners(path).flatMap((to, place, all) => {
        const from = all[place - 1] ?? to
        return Array.from({ length: 50 }, (_, step) => ({
          x: from.x + ((to.x - from.x) * step) / 49,
          y: from.y + ((to.y - from.y) * step) / 49,
        }))
      })
    const crossed = (path: string) =>
      points(path).filter(({ x, y }) => x > 0 && x < 500 && lines.some((top) => y > top && y < top + 22))
    for (const [from, to] of [
      [box(10, 100), box(300, 100)],
      [box(300, 100), box(10, 133)],
      [box(60, 100), box(80, 232)],
      [box(400, 232), box(450, 100)],
    ] as const) {
      expect(crossed(routeOf(from, to, 500).path)).toEqual([])
    }
    // By the nearer margin, with its name there.
    expect(routeOf(box(60, 100), box(80, 232), 500).label?.x).toBeLessThan(0)
    expect(routeOf(box(400, 232), box(450, 100), 500).label?.x).toBeGreaterThan(500)
    expect(routeOf(box(60, 100), box(80, 232), 500).end).toEqual({ x: 100, y: 232 })
    expect(routeOf(box(60, 232), box(80, 100), 500).end).toEqual({ x: 100, y: 122 })
  })
})
