import type { Segment } from './layout'
import type { Mention, Scene, TypeLook } from './model'

const bar = 2 // pixels
const step = 4 // from one bar to the next

type Painted = { scene: Scene; lanes: readonly number[]; look: (type: string) => TypeLook }

/** A paragraph's pieces as DOM. Letters are drawn by CSS, so that they are neither selected nor counted as text. */
export function paintSegments(text: string, segments: readonly Segment[], painted: Painted): DocumentFragment {
  const fragment = document.createDocumentFragment()
  for (const segment of segments) fragment.append(paintSegment(text, segment, painted))
  return fragment
}

/** Everything that decides how segments look, as one string: equal strings need no painting. */
export function fingerprint(segments: readonly Segment[], { scene, lanes }: Painted): string {
  return segments
    .map((segment) => {
      const mentions = segment.mentions.map((index) => {
        const mention = scene.mentions[index]
        if (!mention) return ''
        const how = scene.selected.has(mention.id) ? 's' : scene.related.has(mention.id) ? 'r' : ''
        return `${mention.id}.${mention.type}.${mention.state}.${String(lanes[index])}${how}${scene.active === mention.id ? 'a' : ''}`
      })
      const marks = segment.marks.map((mark) => `${mark.kind}${mark.strength?.toFixed(2) ?? ''}`)
      return `${String(segment.start)}:${mentions.join()}/${segment.ending.join()}/${marks.join()}`
    })
    .join(';')
}

function paintSegment(text: string, segment: Segment, painted: Painted): HTMLElement {
  const element = document.createElement('span')
  element.textContent = text.slice(segment.start, segment.end)
  element.dataset['start'] = String(segment.start)
  const { scene, lanes, look } = painted
  const mentions = segment.mentions.flatMap((index) => {
    const mention = scene.mentions[index]
    return mention ? [{ mention, lane: lanes[index] ?? 0, look: look(mention.type) }] : []
  })
  for (const mark of segment.marks) {
    element.classList.add(`at-${mark.kind}`)
    if (mark.kind === 'shade') {
      const strength = mark.strength ?? 0
      element.classList.add(strength < 0 ? 'at-against' : 'at-for')
      element.style.setProperty('--strength', String(Math.min(1, Math.abs(strength))))
    }
  }
  if (mentions.length === 0) return element

  element.classList.add('at-mention')
  element.dataset['mentions'] = mentions.map(({ mention }) => mention.id).join(' ')
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
  if (inner) element.style.setProperty('--type', inner.look.color)
  element.style.setProperty('--lanes', String(deepest + 1))
  element.style.backgroundImage = images.join(', ')
  element.style.backgroundSize = sizes.join(', ')
  element.style.backgroundPosition = places.join(', ')
  if (mentions.some(({ mention }) => scene.selected.has(mention.id))) element.classList.add('at-selected')
  else if (mentions.some(({ mention }) => scene.related.has(mention.id))) element.classList.add('at-related')
  if (mentions.some(({ mention }) => scene.active === mention.id)) element.classList.add('at-active')
  if (mentions.every(({ mention }) => mention.state === 'rejected')) element.classList.add('at-rejected')
  const letters = segment.ending.map((index) => look(scene.mentions[index]?.type ?? '').letter).join('')
  if (letters !== '') element.dataset['letters'] = letters
  return element
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
