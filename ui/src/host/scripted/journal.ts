/** Rows by table, and a journal that turns actions back by exchanging rows: the same idea as the library file's. */

import type { HistoryEntry, Step, Track } from '../types'

export type Key = string

type Patch = { table: string; key: Key; other: unknown }

type Event = { step: Step; about: string[]; at: number; state: HistoryEntry['state']; patches: Patch[] }

export class Journal {
  private readonly tables = new Map<string, Map<Key, unknown>>()
  private readonly events: Event[] = []
  private open: Patch[] | null = null

  rows<Row>(table: string): Map<Key, Row> {
    let rows = this.tables.get(table)
    if (!rows) this.tables.set(table, (rows = new Map()))
    return rows as Map<Key, Row>
  }

  /** Writes or removes a row. Inside `act` the old one is kept for undo; outside it is gone. */
  put(table: string, key: Key, row: unknown): void {
    const rows = this.rows(table)
    this.open?.push({ table, key, other: rows.get(key) })
    if (row === undefined) rows.delete(key)
    else rows.set(key, row)
  }

  /** Runs `change` as one step. What was undone before it can no longer be redone. */
  act(track: Track, at: number, document: number | null, change: () => string, about: string[] = []): Step {
    this.open = []
    try {
      const summary = change()
      for (const event of this.events)
        if (event.state === 'undone' && event.step.track === track) event.state = 'abandoned'
      const step: Step = { event: this.events.length + 1, summary, document, track }
      this.events.push({ step, about, at, state: 'done', patches: this.open })
      return step
    } finally {
      this.open = null
    }
  }

  /** Adds rows to a step that is still growing, such as a run whose findings stream in. */
  extend(step: Step, change: () => string): Step {
    const event = this.events.find((one) => one.step.event === step.event)
    if (!event) return step
    this.open = event.patches
    try {
      event.step = { ...event.step, summary: change() }
      return event.step
    } finally {
      this.open = null
    }
  }

  next(track: Track, direction: 'undo' | 'redo'): Step | null {
    const done = this.events.filter(
      (event) => event.step.track === track && event.state === (direction === 'undo' ? 'done' : 'undone'),
    )
    return (direction === 'undo' ? done.at(-1) : done[0])?.step ?? null
  }

  turn(track: Track, direction: 'undo' | 'redo'): Step | null {
    const step = this.next(track, direction)
    const event = this.events.find((one) => one.step.event === step?.event)
    if (!step || !event) return null
    event.patches.reverse()
    for (const patch of event.patches) {
      const rows = this.rows(patch.table)
      const present = rows.get(patch.key)
      if (patch.other === undefined) rows.delete(patch.key)
      else rows.set(patch.key, patch.other)
      patch.other = present
    }
    event.state = direction === 'undo' ? 'undone' : 'done'
    return step
  }

  history(before: number | null, limit: number, author: string): HistoryEntry[] {
    return this.events
      .filter((event) => before === null || event.step.event < before)
      .slice(-limit)
      .reverse()
      .map(({ step, about, at, state }) => ({
        event: step.event,
        summary: step.summary,
        about,
        author,
        document: step.document,
        madeAt: at,
        state,
      }))
  }
}
