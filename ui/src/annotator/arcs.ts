/** Arcs of the selected relation, in one SVG that lies over the text and takes no pointer events. */

type Point = { x: number; y: number }

export type Box = { left: number; top: number; width: number; height: number }

const svg = 'http://www.w3.org/2000/svg'

/** The way from above one box to above another: over the line where both stand on one, else through the gap between. */
export function arcPath(from: Box, to: Box): { path: string; end: Point; label: Point } {
  const start = { x: from.left + from.width / 2, y: from.top + 2 }
  const end = { x: to.left + to.width / 2, y: to.top + 2 }
  const sameLine = Math.abs(from.top - to.top) < Math.min(from.height, to.height)
  if (sameLine) {
    const high = Math.min(start.y, end.y) - Math.min(18, 8 + Math.abs(end.x - start.x) / 20)
    const bend = Math.min(14, Math.abs(end.x - start.x) / 2) * Math.sign(end.x - start.x || 1)
    return {
      path: `M${at(start.x, start.y)}Q${at(start.x, high)} ${at(start.x + bend, high)}L${at(end.x - bend, high)}Q${at(end.x, high)} ${at(end.x, end.y)}`,
      end,
      label: { x: (start.x + end.x) / 2, y: high },
    }
  }
  // On different lines: from under the upper mention into the gap below its line, along that gap, and down to the lower one.
  const down = end.y > start.y
  const [upper, lower] = down ? [from, to] : [to, from]
  const leave = { x: upper.left + upper.width / 2, y: upper.top + upper.height + 4 }
  const reach = { x: lower.left + lower.width / 2, y: lower.top + 1 }
  const gap = Math.min(leave.y + 5, (leave.y + reach.y) / 2)
  const side = Math.sign(reach.x - leave.x || 1)
  const round = Math.min(6, Math.abs(reach.x - leave.x) / 2, Math.abs(gap - leave.y), Math.max(1, reach.y - gap))
  const points = [
    `M${at(leave.x, leave.y)}`,
    `L${at(leave.x, gap - round)}Q${at(leave.x, gap)} ${at(leave.x + side * round, gap)}`,
    `L${at(reach.x - side * round, gap)}Q${at(reach.x, gap)} ${at(reach.x, gap + round)}`,
    `L${at(reach.x, reach.y)}`,
  ]
  return { path: points.join(''), end: down ? reach : leave, label: { x: (leave.x + reach.x) / 2, y: gap } }
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

  draw(arcs: { from: Box; to: Box; label: string }[]): void {
    this.layer.replaceChildren()
    for (const arc of arcs) {
      const { path, end: tip, label } = arcPath(arc.from, arc.to)
      for (const name of ['at-arc-halo', 'at-arc']) {
        const line = document.createElementNS(svg, 'path')
        line.setAttribute('d', path)
        line.classList.add(name)
        this.layer.append(line)
      }
      const end = document.createElementNS(svg, 'circle')
      end.setAttribute('cx', String(tip.x))
      end.setAttribute('cy', String(tip.y))
      end.setAttribute('r', '3')
      end.classList.add('at-arc-end')
      const text = document.createElementNS(svg, 'text')
      text.setAttribute('x', String(label.x))
      text.setAttribute('y', String(label.y))
      text.textContent = arc.label
      this.layer.append(end, text)
    }
  }

  /** The rubber line of a drag. */
  drag(from: Box, to: { x: number; y: number }): void {
    this.layer.replaceChildren()
    const line = document.createElementNS(svg, 'path')
    line.setAttribute('d', `M${String(from.left + from.width / 2)} ${String(from.top + from.height / 2)}L${String(to.x)} ${String(to.y)}`)
    line.classList.add('at-rubber')
    this.layer.append(line)
  }
}
