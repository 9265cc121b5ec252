// The desktop shell. Thin on purpose: each generated command is a method, and each stream has a channel.

import { Channel } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import { commands } from './bindings'
import type { Host, Job, Listener, StreamName } from './interface'
import type { AppEvent, HostError, Streamed } from './types'

/** Whatever a command threw, as a `HostError`. */
function toHostError(thrown: unknown): HostError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown) return thrown as HostError
  return {
    code: 'other',
    message: `Osler could not finish this: ${String(thrown)}.`,
    hint: 'Try it again. If it comes back, copy the diagnostics and report it.',
  }
}

async function call<Result>(answer: Promise<Result>): Promise<Result> {
  try {
    return await answer
  } catch (thrown) {
    throw toHostError(thrown)
  }
}

let jobs = 0

/** Starts a streamed command with a fresh job id and a channel. One that cannot even start ends its stream as failed. */
function stream<Event>(
  start: (job: string, channel: Channel<Streamed<Event>>) => Promise<unknown>,
  listener: Listener<Event>,
): Job {
  const job = `${String(Date.now())}-${String((jobs += 1))}`
  const channel = new Channel<Streamed<Event>>()
  let next = 0
  let ended = false
  channel.onmessage = (event) => {
    next = event.seq + 1
    ended ||= 'kind' in event && (event.kind === 'finished' || event.kind === 'stopped' || event.kind === 'failed')
    listener(event)
  }
  start(job, channel).catch((thrown: unknown) => {
    if (!ended) listener({ seq: next, kind: 'failed', error: toHostError(thrown) })
  })
  return { id: job, cancel: () => void commands.cancel(job).catch(() => undefined) }
}

/** The commands that stream: nothing of their types is left when the program runs. */
const streams: Record<StreamName, true> = {
  previewImport: true,
  importPreviewed: true,
  extract: true,
  describe: true,
  continueText: true,
  ask: true,
  weigh: true,
  classify: true,
  importModel: true,
  verifyModel: true,
  exportTo: true,
}

type Command = (...given: unknown[]) => Promise<unknown>

/** A command as the window asks it. */
function asked(command: Command, isStream: boolean) {
  if (!isStream) return (...given: unknown[]) => call(command(...given))
  return (...given: unknown[]) =>
    stream((job, channel) => command(job, ...given.slice(0, -1), channel), given.at(-1) as Listener<unknown>)
}

export function tauriHost(): Host {
  const all = Object.entries(commands) as [string, Command][]
  const host = Object.fromEntries(all.map(([name, command]) => [name, asked(command, name in streams)]))
  const watch: Host['watch'] = (listener) => {
    const stop = listen<AppEvent>('osler', (event) => listener(event.payload))
    return () => void stop.then((unlisten) => unlisten())
  }
  return { ...host, watch } as unknown as Host
}
