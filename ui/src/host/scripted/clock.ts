/** Time as the scripted host sees it, so that tests decide when it passes. */
export interface Clock {
  now(): number
  /** Resolves `milliseconds` later. */
  sleep(milliseconds: number): Promise<void>
}

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

/** A clock that stands still until it is advanced. */
export class ManualClock implements Clock {
  private time: number
  private waiting: { at: number; wake: () => void }[] = []

  constructor(start = Date.UTC(2026, 10, 22, 9, 30)) {
    this.time = start
  }

  now(): number {
    return this.time
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      this.waiting.push({ at: this.time + milliseconds, wake })
    })
  }

  /** Lets `milliseconds` pass and wakes sleepers in order, with room for each to go on and sleep again. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds
    await settle()
    for (;;) {
      this.waiting.sort((left, right) => left.at - right.at)
      const first = this.waiting[0]
      if (!first || first.at > end) break
      this.waiting.shift()
      this.time = Math.max(this.time, first.at)
      first.wake()
      await settle()
    }
    this.time = end
  }
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
}
