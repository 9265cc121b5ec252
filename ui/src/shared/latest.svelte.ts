import type { Job, Listener } from '../host/interface'
import type { Ending, Streamed } from '../host/types'
import type { Screen } from './commands'
import type { Jobs } from './jobs.svelte'

const endingOf = <Event>(event: Streamed<Event>): Ending | null => {
  const { kind } = event as { kind: string }
  return kind === 'finished' || kind === 'stopped' || kind === 'failed' ? (event as Ending) : null
}

/** Jobs of one kind, of which only the latest counts: to begin another one stops it, and nothing that it still says is heard. */
export class Latest {
  private readonly jobs: Jobs
  private readonly screen: Screen
  running = $state(false)
  private job: Job | null = null
  private turn = 0

  constructor(jobs: Jobs, screen: Screen) {
    this.jobs = jobs
    this.screen = screen
  }

  begin<Event>(
    start: (listener: Listener<Event>) => Job,
    hear: (event: Event) => void,
    ended: (ending: Ending) => void,
  ): void {
    this.leave()
    const { turn } = this
    let over = false
    let untrack = () => {}
    this.running = true
    const job = start((event) => {
      const ending = endingOf(event)
      if (ending !== null) {
        over = true
        untrack()
      }
      if (turn !== this.turn) return
      if (ending === null) {
        hear(event as Event)
        return
      }
      this.job = null
      this.running = false
      ended(ending)
    })
    if (over) return
    this.job = job
    untrack = this.jobs.track(job, this.screen)
  }

  /** Asks it to stop; its ending is still heard. */
  cancel(): void {
    this.job?.cancel()
  }

  /** Stops it, and hears no more of it. */
  leave(): void {
    this.turn += 1
    this.job?.cancel()
    this.job = null
    this.running = false
  }
}
