import { ArcLayer, type Box } from './arcs'
import { byParagraph, lanesOf, paragraphsOf, segmentsOf } from './layout'
import { emptyScene, overlaps, type Mention, type Range, type Scene, type TypeLook } from './model'
import { paintSegments, type Pieces } from './paint'
import { snap, tokenFrom, tokensOf, trim } from './tokens'

export type AnnotatorEvents = {
  /** A mention was clicked; the innermost one under the pointer. Null: a click beside all mentions. */
  pick?(mention: string | null): void
  /** Text was selected, grown to whole tokens unless Shift was held. */
  select?(range: Range, box: DOMRect): void
  /** One mention was dragged onto another. */
  relate?(from: string, to: string): void
  /** The pointer is over these mentions. */
  hover?(mentions: string[]): void
}

/** Pixels the pointer must move before a press on a mention becomes a drag. */
const dragThreshold = 6

/** Signs in a line, as the style sheet sets them. */
const lineLength = 66

/** Mentions that are selected, related or active in one of two scenes and not in the other. */
function changed(before: Scene, after: Scene): Set<string> {
  const ids = new Set([
    ...before.selected,
    ...after.selected,
    ...before.related,
    ...after.related,
    ...[before.active, after.active].filter((id) => id !== null),
  ])
  const same = (id: string) =>
    before.selected.has(id) === after.selected.has(id) &&
    before.related.has(id) === after.related.has(id) &&
    (before.active === id) === (after.active === id)
  return new Set([...ids].filter((id) => !same(id)))
}

/**
 * A text with mentions, drawn into `root`. Plain DOM: a piece of a paragraph is painted again only when something about it
 * changed, and the browser leaves out paragraphs that are not in view.
 */
export class Annotator {
  readonly root: HTMLElement
  private readonly events: AnnotatorEvents
  private readonly look: (type: string) => TypeLook
  private readonly column: HTMLElement
  private readonly arcs: ArcLayer
  private readonly observer: ResizeObserver | null
  private text = ''
  private tokens: Range[] = []
  private paragraphs: Range[] = []
  private elements: HTMLElement[] = []
  private painted: Pieces[] = []
  /** What follows from the mentions alone: their lanes, and which of them each paragraph has. */
  private arranged: { mentions: readonly Mention[]; lanes: number[]; indices: number[][] } = {
    mentions: [],
    lanes: [],
    indices: [],
  }
  private scene: Scene = emptyScene
  private press: { mention: string; x: number; y: number; dragging: boolean } | null = null
  private target: string | null = null

  constructor(root: HTMLElement, look: (type: string) => TypeLook, events: AnnotatorEvents) {
    this.root = root
    this.look = look
    this.events = events
    this.column = document.createElement('div')
    this.column.className = 'at-text'
    root.append(this.column)
    this.arcs = new ArcLayer(this.column)
    root.addEventListener('mousedown', this.onMouseDown)
    root.addEventListener('pointerdown', this.onPointerDown)
    root.addEventListener('pointermove', this.onPointerMove)
    root.addEventListener('pointerup', this.onPointerUp)
    root.addEventListener('pointercancel', this.onPointerCancel)
    root.addEventListener('keydown', this.onKeyDown)
    this.observer = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(() => this.drawArcs())
    this.observer?.observe(this.column)
  }

  /** Shows another text. `titleEnd`: paragraphs before it are set as a title. */
  show(text: string, titleEnd = 0): void {
    this.text = text
    this.tokens = tokensOf(text)
    this.paragraphs = paragraphsOf(text)
    this.scene = emptyScene
    for (const element of this.elements) element.remove()
    this.elements = this.paragraphs.map((paragraph) => {
      const title = paragraph.end <= titleEnd
      const element = document.createElement(title ? 'h2' : 'p')
      if (!title) {
        // About as high as it will be, so that the scroll bar tells the truth before all of it was in view.
        element.style.containIntrinsicSize = `auto ${String(2 * Math.ceil((paragraph.end - paragraph.start) / lineLength))}em`
        if (paragraph.end < text.length && text[paragraph.end] !== '\n') element.className = 'at-part'
      }
      this.column.insertBefore(element, this.column.lastElementChild)
      return element
    })
    this.painted = this.paragraphs.map(() => new Map())
    this.arrange([])
    this.update(emptyScene)
  }

  update(scene: Scene): void {
    const { scene: before, arranged: known } = this
    this.scene = scene
    if (known.mentions !== scene.mentions) this.arrange(scene.mentions)
    const { lanes, indices } = this.arranged
    const painting = { scene, lanes, look: this.look }
    const moved = changed(before, scene)
    this.paragraphs.forEach((paragraph, place) => {
      const element = this.elements[place]
      const pieces = this.painted[place]
      if (!element || !pieces) return
      const here = indices[place] ?? []
      const then = known.indices[place] ?? []
      const same = (index: number, at: number) =>
        scene.mentions[index] === known.mentions[then[at] ?? -1] &&
        lanes[index] === known.lanes[then[at] ?? -1] &&
        !moved.has(scene.mentions[index]?.id ?? '')
      const marked = [...before.marks, ...scene.marks].some((mark) => overlaps(mark, paragraph))
      if (pieces.size > 0 && !marked && here.length === then.length && here.every(same)) return
      this.painted[place] = paintSegments(
        element,
        pieces,
        this.text,
        segmentsOf(paragraph, scene.mentions, here, scene.marks),
        painting,
      )
    })
    this.drawArcs()
  }

  private arrange(mentions: readonly Mention[]): void {
    this.arranged = { mentions, lanes: lanesOf(mentions), indices: byParagraph(this.paragraphs, mentions) }
  }

  destroy(): void {
    this.observer?.disconnect()
    this.root.removeEventListener('mousedown', this.onMouseDown)
    this.root.removeEventListener('pointerdown', this.onPointerDown)
    this.root.removeEventListener('pointermove', this.onPointerMove)
    this.root.removeEventListener('pointerup', this.onPointerUp)
    this.root.removeEventListener('pointercancel', this.onPointerCancel)
    this.root.removeEventListener('keydown', this.onKeyDown)
    this.column.remove()
  }

  /** The first whole word in view, for a cursor that begins there. */
  wordAt(offset: number): Range | null {
    return this.tokens[Math.min(this.tokens.length - 1, tokenFrom(this.tokens, offset))] ?? null
  }

  get words(): readonly Range[] {
    return this.tokens
  }

  /** Brings an offset into view, with some lines around it. */
  reveal(offset: number, block: 'nearest' | 'start' | 'center' = 'nearest'): void {
    this.elementAt(offset)?.scrollIntoView({ block, behavior: 'auto' })
  }

  /** The first offset whose paragraph is in view. */
  get top(): number {
    const edge = this.root.getBoundingClientRect().top
    const place = this.elements.findIndex((element) => element.getBoundingClientRect().bottom > edge + 1)
    return this.paragraphs[place]?.start ?? 0
  }

  /** Where a range stands on the screen. */
  boxOf(range: Range): DOMRect | null {
    const boxes = this.elementsOf(range).map((element) => element.getBoundingClientRect())
    const first = boxes[0]
    const last = boxes.at(-1)
    if (!first || !last) return null
    return new DOMRect(first.left, first.top, Math.max(0, last.right - first.left), last.bottom - first.top)
  }

  /** Whether all of a range is in view. */
  sees(range: Range): boolean {
    const box = this.boxOf(range)
    const pane = this.root.getBoundingClientRect()
    return box === null || pane.height === 0 || (box.top >= pane.top - 1 && box.bottom <= pane.bottom + 1)
  }

  /** The word above or below a range that stands nearest to it; nothing where there is no such line. */
  wordOnNextLine(range: Range, by: 1 | -1): Range | null {
    const here = this.rectOf(range)
    if (!here || here.height === 0) return null
    const middle = here.left + here.width / 2
    let line: { top: number; words: { token: Range; away: number }[] } | null = null
    for (let place = tokenFrom(this.tokens, by > 0 ? range.end - 1 : range.start) + by; ; place += by) {
      const token = this.tokens[place]
      const box = token && this.rectOf(token)
      if (!token || !box) break
      if (Math.abs(box.top - here.top) < here.height / 2) continue
      if (line && Math.abs(box.top - line.top) > here.height / 2) break
      line ??= { top: box.top, words: [] }
      line.words.push({ token, away: Math.abs(box.left + box.width / 2 - middle) })
    }
    return line?.words.reduce((best, one) => (one.away < best.away ? one : best)).token ?? null
  }

  private rectOf(range: Range): DOMRect | null {
    const node = this.elementAt(range.start)
    const text = node?.firstChild
    if (!node || !text) return null
    const from = range.start - Number(node.dataset['start'])
    const chosen = document.createRange()
    chosen.setStart(text, from)
    chosen.setEnd(text, Math.min(text.textContent?.length ?? from, from + range.end - range.start))
    return chosen.getBoundingClientRect()
  }

  private elementsOf(range: Range): HTMLElement[] {
    return this.paragraphs.flatMap((paragraph, place) => {
      if (paragraph.end <= range.start || paragraph.start >= range.end) return []
      return [...(this.elements[place]?.children ?? [])].filter((child): child is HTMLElement => {
        const start = Number((child as HTMLElement).dataset['start'])
        return start < range.end && start + (child.textContent?.length ?? 0) > range.start
      })
    })
  }

  private elementAt(offset: number): HTMLElement | undefined {
    return this.elementsOf({ start: offset, end: offset + 1 })[0]
  }

  private mention(id: string | null): Mention | undefined {
    return this.scene.mentions.find((mention) => mention.id === id)
  }

  private boxOfMention(id: string): Box | null {
    const range = this.mention(id)?.ranges[0]
    const element = range && this.elementAt(range.start)
    const box = element?.getClientRects?.()[0]
    if (!element || !box) return null
    const origin = this.column.getBoundingClientRect()
    const pitch = Number.parseFloat(getComputedStyle(element).lineHeight) || 1.5 * box.height
    return { left: box.left - origin.left, top: box.top - origin.top, width: box.width, height: box.height, pitch }
  }

  private drawArcs(): void {
    this.arcs.draw(
      this.scene.links.flatMap((link) => {
        const from = this.boxOfMention(link.from)
        const to = this.boxOfMention(link.to)
        return from && to ? [{ from, to, label: link.label }] : []
      }),
      this.column.clientWidth,
    )
  }

  /** Ids of the mentions of the piece under an event, the innermost last. */
  private mentionsUnder(target: EventTarget | null): string[] {
    const piece = target instanceof Element ? target.closest<HTMLElement>('.at-mention') : null
    return piece && this.column.contains(piece) ? (piece.dataset['mentions'] ?? '').split(' ').filter(Boolean) : []
  }

  // A press on a mention would begin a text selection; it begins a drag instead. Alt leaves the browser its way.
  private readonly onMouseDown = (event: MouseEvent): void => {
    if (
      event.button === 0 &&
      !event.altKey &&
      !event.shiftKey &&
      event.detail < 2 &&
      this.mentionsUnder(event.target).length > 0
    )
      event.preventDefault()
  }

  private readonly onPointerDown = (event: PointerEvent): void => {
    const mention = this.mentionsUnder(event.target).at(-1)
    if (event.button !== 0 || event.altKey || event.shiftKey || mention === undefined) return
    this.press = { mention, x: event.clientX, y: event.clientY, dragging: false }
  }

  private readonly onPointerMove = (event: PointerEvent): void => {
    const { press } = this
    if (!press) {
      this.events.hover?.(this.mentionsUnder(event.target))
      return
    }
    if (!press.dragging && Math.hypot(event.clientX - press.x, event.clientY - press.y) < dragThreshold) return
    if (!press.dragging) {
      press.dragging = true
      this.root.setPointerCapture?.(event.pointerId)
      this.root.classList.add('at-dragging')
    }
    const under =
      this.mentionsUnder(document.elementFromPoint?.(event.clientX, event.clientY) ?? event.target).at(-1) ?? null
    this.setTarget(under === press.mention ? null : under)
    const from = this.boxOfMention(press.mention)
    const origin = this.column.getBoundingClientRect()
    if (from) this.arcs.drag(from, { x: event.clientX - origin.left, y: event.clientY - origin.top })
  }

  private readonly onPointerUp = (event: PointerEvent): void => {
    const { press, target } = this
    if (press?.dragging) {
      this.endDrag()
      if (target !== null) this.events.relate?.(press.mention, target)
      return
    }
    this.press = null
    const range = this.selectedRange(event.shiftKey)
    if (range) {
      const box = window.getSelection()?.getRangeAt(0).getBoundingClientRect?.()
      this.events.select?.(range, box ?? new DOMRect(event.clientX, event.clientY, 0, 0))
      return
    }
    if (event.button === 0) this.events.pick?.(this.mentionsUnder(event.target).at(-1) ?? null)
  }

  private readonly onPointerCancel = (): void => this.endDrag()

  private readonly onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.press?.dragging) {
      event.stopPropagation()
      this.endDrag()
    }
  }

  private endDrag(): void {
    this.press = null
    this.setTarget(null)
    this.root.classList.remove('at-dragging')
    this.drawArcs()
  }

  private setTarget(mention: string | null): void {
    if (this.target === mention) return
    this.target = mention
    for (const element of this.column.querySelectorAll('.at-target')) element.classList.remove('at-target')
    for (const range of this.mention(mention)?.ranges ?? [])
      for (const element of this.elementsOf(range)) element.classList.add('at-target')
  }

  /** What the browser has selected inside the text, in offsets. */
  private selectedRange(exact: boolean): Range | null {
    const selection = window.getSelection()
    if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null
    const chosen = selection.getRangeAt(0)
    if (!this.column.contains(chosen.startContainer) || !this.column.contains(chosen.endContainer)) return null
    const start = this.offsetOf(chosen.startContainer, chosen.startOffset)
    const end = this.offsetOf(chosen.endContainer, chosen.endOffset)
    if (start === null || end === null) return null
    const range = { start: Math.min(start, end), end: Math.max(start, end) }
    return exact ? trim(this.text, range) : snap(this.tokens, range)
  }

  private offsetOf(node: Node, offset: number): number | null {
    const piece = (node instanceof HTMLElement ? node : node.parentElement)?.closest<HTMLElement>('[data-start]')
    if (piece)
      return (
        Number(piece.dataset['start']) +
        (node instanceof HTMLElement ? (offset > 0 ? (piece.textContent?.length ?? 0) : 0) : offset)
      )
    // The selection ends between pieces, or at a paragraph: take the nearest piece.
    const place = this.elements.findIndex((element) => element === node || element.contains(node))
    const paragraph = this.paragraphs[place]
    if (!paragraph) return null
    const child = node.childNodes[offset]
    return child instanceof HTMLElement && child.dataset['start'] !== undefined
      ? Number(child.dataset['start'])
      : offset === 0
        ? paragraph.start
        : paragraph.end
  }
}
