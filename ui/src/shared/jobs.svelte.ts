import type { Screen } from './commands'

/** A job under way, and the screen that shows it. */
type Running = { cancel: () => void; screen: Screen }

/** What Stop stops: the newest job first. */
export class Jobs {
  private all = $state.raw<Running[]>([])

  /** Remembers a job so that Stop reaches it; call the result when it has ended. */
  track(job: { cancel: () => void }, screen: Screen): () => void {
    const running = { cancel: () => job.cancel(), screen }
    this.all = [...this.all, running]
    return () => (this.all = this.all.filter((one) => one !== running))
  }

  get running(): number {
    return this.all.length
  }

  /** Where the newest job shows what it does. */
  get screen(): Screen | null {
    return this.all.at(-1)?.screen ?? null
  }

  stop(): void {
    this.all.at(-1)?.cancel()
  }
}
