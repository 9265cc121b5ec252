import type { Job, Listener } from '../interface'
import type { Ending, HostError, Streamed } from '../types'

/** What the body of a streamed call works with. `stopped()` is asked before every piece of work. */
export type Stream<Event> = { emit(event: Event): void; stopped(): boolean }

let jobs = 0

/** Runs `body` as a job: numbers its events and ends it exactly once, whatever happens. */
export function runJob<Event>(listener: Listener<Event>, body: (stream: Stream<Event>) => Promise<void>): Job {
  let seq = 0
  let cancelled = false
  const send = (event: Event | Ending) => {
    listener({ seq, ...event } as Streamed<Event>)
    seq += 1
  }
  const ended = async () => {
    try {
      await Promise.resolve()
      await body({ emit: send, stopped: () => cancelled })
      send(cancelled ? { kind: 'stopped' } : { kind: 'finished' })
    } catch (thrown) {
      const error: HostError =
        typeof thrown === 'object' && thrown !== null && 'code' in thrown
          ? (thrown as HostError)
          : { code: 'other', message: String(thrown), hint: 'This is a mistake in the scripted host.' }
      send({ kind: 'failed', error })
    }
  }
  void ended()
  return {
    id: `scripted-${String((jobs += 1))}`,
    cancel: () => {
      cancelled = true
    },
  }
}
