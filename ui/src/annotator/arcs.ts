/** The line of the selected relation, in one SVG that lies over the text and takes no pointer events. */

type Point = { x: number; y: number }

/** Where a piece of text stands; `pitch` is from its line to the next. */
export type Box = { left: number; top: number; width: number; height: number; pitch: number }

const svg = 'http://www.w3.org/2000/svg'

/** How far outside the column the margin route runs. */
const margin = 14
/** How far above a line of text it runs: between two lines there is room for it, and for nothing else. */
const clearance = 1.5
/** From that route to its name. */
const beside = 9

export type Route = {
  path: string
  end: Point
  /** Where its name can stand without covering text: beside the line in the margin. */ label: Point | null
}

/**
 * A way between two mentions that crosses no text: above their line where both stand on one, through the gap where the lines
 * are neighbours, else out to the nearer margin and back. `width`: of the column.
 */
export function routeOf(from: Box, to: Box, width: number): Route {
  const middle = (box: Box) => box.left + box.width / 2
  const above = (box: Box): Point => ({ x: middle(box), y: box.top })
  if (Math.abs(from.top - to.top) < Math.min(from.height, to.height)) {
    const gap = Math.min(from.top, to.top) - clearance
    const [start, end] = [above(from), above(to)]
    return { path: rounded([start, { x: start.x, y: gap }, { x: end.x, y: gap }, end]), end, label: null }
  }
  const down = to.top > from.top
  const [upper, lower] = down ? [from, to] : [to, from]
  const leave = { x: middle(upper), y: upper.top + upper.height }
  const reach = above(lower)
  // Both just above a line: what hangs below the upper one, the bars of outer mentions too, stays free.
  const [below, over] = [upper.top + upper.pitch - clearance, reach.y - clearance]
  const neighbours = over - below < upper.pitch / 2
  const left = leave.x + reach.x <= 2 * width - leave.x - reach.x
  const out = left ? -margin : width + margin
  const way = neighbours
    ? [
        { x: leave.x, y: over },
        { x: reach.x, y: over },
      ]
    : [
        { x: leave.x, y: below },
        { x: out, y: below },
        { x: out, y: over },
        { x: reach.x, y: over },
      ]
  return {
    path: rounded([leave, ...way, reach]),
    end: down ? reach : leave,
    label: neighbours ? null : { x: left ? out - beside : out + beside, y: (below + over) / 2 },
  }
}

/** Straight pieces with rounded corners. */
function rounded(points: readonly Point[], radius = 6): string {
  const [first] = points
  if (!first) return ''
  const pieces = [`M${at(first.x, first.y)}`]
  points.slice(1).forEach((corner, index) => {
    const before = points[index]
    const after = points[index + 2]
    if (!before) return
    if (!after) return pieces.push(`L${at(corner.x, corner.y)}`)
    const [to, away] = [toward(corner, before), toward(corner, after)]
    const round = Math.min(radius, to.length / 2, away.length / 2)
    pieces.push(
      `L${at(corner.x + to.x * round, corner.y + to.y * round)}Q${at(corner.x, corner.y)} ${at(corner.x + away.x * round, corner.y + away.y * round)}`,
    )
  })
  return pieces.join('')
}

function toward(from: Point, to: Point): Point & { length: number } {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  return length === 0 ? { x: 0, y: 0, length } : { x: (to.x - from.x) / length, y: (to.y - from.y) / length, length }
}

const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`

export class ArcLayer {
  private readonly layer: SVGSVGElement

  constructor(root: HTMLElement) {
    this.layer = document.createElementNS(svg, 'svg')
    this.layer.classList.add('at-arcs')
    this.layer.setAttribute('aria-hidden', 'true')
    root.append(this.layer)
  }

  /** `width`: of the column that the boxes stand in. */
  draw(arcs: { from: Box; to: Box; label: string }[], width: number): void {
    this.layer.replaceChildren()
    for (const arc of arcs) {
      const { path, end: tip, label } = routeOf(arc.from, arc.to, width)
      const line = document.createElementNS(svg, 'path')
      line.setAttribute('d', path)
      line.classList.add('at-arc')
      const end = document.createElementNS(svg, 'circle')
      end.setAttribute('cx', String(tip.x))
      end.setAttribute('cy', String(tip.y))
      end.setAttribute('r', '3')
      end.classList.add('at-arc-end')
      this.layer.append(line, end)
      if (!label) continue
      const text = document.createElementNS(svg, 'text')
      // It reads upwards, as the spine of a book.
      text.setAttribute('transform', `translate(${at(label.x, label.y)}) rotate(-90)`)
      text.textContent = arc.label
      this.layer.append(text)
    }
  }

  /** The rubber line of a drag. */
  drag(from: Box, to: { x: number; y: number }): void {
    this.layer.replaceChildren()
    const line = document.createElementNS(svg, 'path')
    line.setAttribute(
      'd',
      `M${String(from.left + from.width / 2)} ${String(from.top + from.height / 2)}L${String(to.x)} ${String(to.y)}`,
    )
    line.classList.add('at-rubber')
    this.layer.append(line)
  }
}
