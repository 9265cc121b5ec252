// Everything the window asks of the world behind it. Two hosts keep this promise: `tauri` (the desktop shell) and
// `scripted` (a twin in memory, for a browser and for tests). What can be asked are the generated commands, which say what each does.

import type { Channel } from '@tauri-apps/api/core'
import type { commands } from './bindings'
import type * as wire from './types'

/** A streamed call under way. Its listener hears events in order and exactly one ending, also after `cancel`. */
export interface Job {
  readonly id: string
  /** Asks it to stop at the next token. The ending still comes through the listener. */
  cancel(): void
}

export type Listener<Event> = (event: wire.Streamed<Event>) => void

/** Those that are asked as they are: jobs are cancelled by themselves, and settings are whole in the window. */
type Commands = Omit<typeof commands, 'cancel' | 'start' | 'saveSettings' | 'answerFallback'>

/** A command that gets a job's id before its own arguments and a channel after them: the host makes both, and gives a job. */
type Stream<Command> = Command extends (job: string, ...rest: infer Rest) => unknown
  ? Rest extends [...infer Given, Channel<wire.Streamed<infer Event>>]
    ? (...given: [...Given, listener: Listener<Event>]) => Job
    : never
  : never

/** A command that is answered, be it with nothing. */
type Call<Command> = Command extends (...given: infer Given) => Promise<infer Result>
  ? (...given: Given) => [Result] extends [null] ? Promise<void> : Promise<Result>
  : never

/** The names of the commands that stream. */
export type StreamName = {
  [Name in keyof Commands]: Stream<Commands[Name]> extends never ? never : Name
}[keyof Commands]

/** A rejected promise carries a `HostError`. */
export type Host = {
  [Name in keyof Commands]: Name extends StreamName ? Stream<Commands[Name]> : Call<Commands[Name]>
} & {
  /** Everything the window shows first. */
  start(): Promise<wire.Startup>
  saveSettings(settings: wire.Settings): Promise<void>
  /** Answers `askFallback`; the settings as they are then. */
  answerFallback(allow: boolean): Promise<wire.Settings>
  /** Hears what the host says by itself; call it before `start`. Returns how to stop listening. */
  watch(listener: (event: wire.AppEvent) => void): () => void
}
