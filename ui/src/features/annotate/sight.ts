/** What stands on the screen, and since when. A key that was pressed before was meant for what stood there then. */
export class Sight {
  private since = 0
  private changes = 0

  /** Something else is shown from the next picture on. */
  changed(): void {
    const change = (this.changes += 1)
    this.since = Number.POSITIVE_INFINITY
    requestAnimationFrame(() =>
      // After that picture, and not before it.
      setTimeout(() => {
        if (change === this.changes) this.since = performance.now()
      }),
    )
  }

  /** Whether a key of that moment was pressed in sight of it. */
  had(at: number): boolean {
    return at >= this.since
  }
}
