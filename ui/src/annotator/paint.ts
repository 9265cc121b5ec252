import type { Segment } from './layout'
import type { Mention, Scene, TypeLook } from './model'

const bar = 2 // pixels
const step = 4 // from one bar to the next

type Painted = { scene: Scene; lanes: readonly number[]; look: (type: string) => TypeLook }

/** Everything that decides how a piece of the same words looks, as one string: an equal string needs no painting. */
function fingerprint(segment: Segment, { scene, lanes }: Painted): string {
  const mentions = segment.mentions.map((index) => {
    const mention = scene.mentions[index]
    if (!mention) return ''
    const how = scene.selected.has(mention.id) ? 's' : scene.related.has(mention.id) ? 'r' : ''
    return `${mention.id}.${mention.type}.${mention.state}.${mention.says ?? ''}.${String(lanes[index])}${how}${scene.active === mention.id ? 'a' : ''}`
  })
  const ending = segment.ending.map((index) => scene.mentions[index]?.type)
  const marks = segment.marks.map((mark) => `${mark.kind}${mark.strength?.toFixed(2) ?? ''}`)
  return `${mentions.join()}/${ending.join()}/${marks.join()}`
}

/** How a piece looks: what its element says beside its words. */
type Dress = { class: string; style: string; mentions: string; letters: string; says: string }

/** The pieces of a paragraph that are drawn, by their place, in order. */
export type Pieces = ReadonlyMap<string, { element: HTMLElement; print: string; dress: Dress }>

const naked: Dress = { class: '', style: '', mentions: '', letters: '', says: '' }

/**
 * Draws a paragraph's pieces into `root`, and leaves those alone that look as they did: to select a relation in a long paragraph
 * costs what has changed, and not the paragraph. The same words are dressed anew and not replaced, since new elements would have
 * the whole paragraph laid out again. Letters are drawn by CSS, so that they are neither selected nor counted as text.
 */
export function paintSegments(
  root: HTMLElement,
  before: Pieces,
  text: string,
  segments: readonly Segment[],
  painted: Painted,
): Pieces {
  const after = new Map<string, { element: HTMLElement; print: string; dress: Dress }>()
  let next = root.firstElementChild
  const dropUntil = (end: Element | null) => {
    while (next && next !== end) {
      const dropped = next
      next = next.nextElementSibling
      dropped.remove()
    }
  }
  for (const segment of segments) {
    const place = `${String(segment.start)}-${String(segment.end)}`
    const print = fingerprint(segment, painted)
    const known = before.get(place)
    const element = known?.element ?? document.createElement('span')
    if (known) {
      // Both are in the order of the text: what stands before it is no longer wanted.
      dropUntil(element)
      next = element.nextElementSibling
    } else {
      element.textContent = text.slice(segment.start, segment.end)
      element.dataset['start'] = String(segment.start)
      root.insertBefore(element, next)
    }
    if (known?.print === print) {
      after.set(place, known)
      continue
    }
    const dress = dressOf(segment, painted)
    put(element, known?.dress ?? naked, dress)
    after.set(place, { element, print, dress })
  }
  dropUntil(null)
  return after
}

/** Writes what is different, and nothing else: whatever is written has the browser look at the piece again. */
function put(element: HTMLElement, before: Dress, dress: Dress): void {
  const write = (name: string, old: string, value: string) => {
    if (value === old) return
    if (value === '') element.removeAttribute(name)
    else element.setAttribute(name, value)
  }
  write('class', before.class, dress.class)
  write('data-mentions', before.mentions, dress.mentions)
  write('data-letters', before.letters, dress.letters)
  write('title', before.says, dress.says)
  // Not as an attribute, which the page's policy might not allow.
  if (dress.style !== before.style) element.style.cssText = dress.style
  if (dress.style === '') element.removeAttribute('style')
}

function dressOf(segment: Segment, { scene, lanes, look }: Painted): Dress {
  const classes: string[] = []
  const style: string[] = []
  const mentions = segment.mentions.flatMap((index) => {
    const mention = scene.mentions[index]
    return mention ? [{ mention, lane: lanes[index] ?? 0, look: look(mention.type) }] : []
  })
  for (const mark of segment.marks) {
    classes.push(`at-${mark.kind}`)
    if (mark.kind === 'shade') {
      const strength = mark.strength ?? 0
      classes.push(strength < 0 ? 'at-against' : 'at-for')
      style.push(`--strength: ${String(Math.min(1, Math.abs(strength)))}`)
    }
  }
  if (mentions.length === 0) return { ...naked, class: classes.join(' '), style: style.join('; ') }

  classes.push('at-mention')
  const deepest = Math.max(...mentions.map(({ lane }) => lane))
  const images: string[] = []
  const sizes: string[] = []
  const places: string[] = []
  for (const { mention, lane, look: one } of mentions) {
    const thick = scene.selected.has(mention.id) ? bar + 1 : bar
    images.push(barImage(mention, one.color))
    sizes.push(`100% ${String(thick)}px`)
    places.push(`0 calc(100% - ${String((deepest - lane) * step)}px)`)
  }
  const inner = mentions.at(-1)
  if (inner) style.push(`--type: ${inner.look.color}`)
  style.push(
    `--lanes: ${String(deepest + 1)}`,
    `background-image: ${images.join(', ')}`,
    `background-size: ${sizes.join(', ')}`,
    `background-position: ${places.join(', ')}`,
  )
  if (mentions.some(({ mention }) => scene.selected.has(mention.id))) classes.push('at-selected')
  else if (mentions.some(({ mention }) => scene.related.has(mention.id))) classes.push('at-related')
  if (mentions.some(({ mention }) => scene.active === mention.id)) classes.push('at-active')
  if (mentions.every(({ mention }) => mention.state === 'rejected')) classes.push('at-rejected')
  return {
    class: classes.join(' '),
    style: style.join('; '),
    mentions: mentions.map(({ mention }) => mention.id).join(' '),
    letters: segment.ending.map((index) => look(scene.mentions[index]?.type ?? '').letter).join(''),
    says: mentions.flatMap(({ mention }) => mention.says ?? []).join('\n'),
  }
}

function barImage(mention: Mention, color: string): string {
  switch (mention.state) {
    case 'suggested':
      return `repeating-linear-gradient(90deg, ${color} 0 5px, transparent 5px 8px)`
    case 'rejected':
      return `repeating-linear-gradient(90deg, ${color} 0 1px, transparent 1px 5px)`
    case 'accepted':
    case 'added':
      return `linear-gradient(${color}, ${color})`
  }
}
