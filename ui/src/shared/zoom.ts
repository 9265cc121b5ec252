const steps = [0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2]

/** The next step of zoom in a direction; the last one stays. */
export function zoomed(zoom: number, direction: 1 | -1): number {
  const nearest = steps.reduce(
    (best, step, place) => (Math.abs(step - zoom) < Math.abs((steps[best] ?? 1) - zoom) ? place : best),
    0,
  )
  return steps[Math.min(steps.length - 1, Math.max(0, nearest + direction))] ?? 1
}

export const zoomSteps = steps
