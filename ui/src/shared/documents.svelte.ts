/** The list of documents: all ids at once, rows as they come into view, so that ten thousand cost what ten do. */

import type { Host } from '../host/interface'
import type { DocumentFilter, DocumentOrder, DocumentSummary } from '../host/types'

const page = 60

export class DocumentList {
  ids = $state.raw<number[]>([])
  rows = $state.raw<ReadonlyMap<number, DocumentSummary>>(new Map())
  loaded = $state(false)
  private readonly host: Host
  private asked = new Set<number>()
  private generation = 0

  constructor(host: Host) {
    this.host = host
  }

  async load(order: DocumentOrder, filter: DocumentFilter): Promise<void> {
    const generation = (this.generation += 1)
    const ids = await this.host.documentIds(order, filter)
    if (generation !== this.generation) return
    this.asked = new Set()
    this.ids = ids
    this.loaded = true
    // Rows in view are read again; the old ones stay until then, so that nothing flickers.
    await this.fetch(ids.slice(0, page))
  }

  /** The row at a place, and asks for it if it is not there yet. */
  row(index: number): DocumentSummary | undefined {
    this.need(index)
    const id = this.ids[index]
    return id === undefined ? undefined : this.rows.get(id)
  }

  /** Makes sure of the row at `index` and of those around it. */
  need(index: number): void {
    const id = this.ids[index]
    if (id === undefined || this.asked.has(id)) return
    const start = Math.floor(index / page) * page
    void this.fetch(this.ids.slice(start, start + page))
  }

  async refresh(ids: readonly number[]): Promise<void> {
    ids.forEach((id) => this.asked.delete(id))
    await this.fetch([...ids])
  }

  private async fetch(ids: number[]): Promise<void> {
    const wanted = ids.filter((id) => !this.asked.has(id))
    if (wanted.length === 0) return
    wanted.forEach((id) => this.asked.add(id))
    const rows = await this.host.documentSummaries(wanted).catch((thrown: unknown) => {
      // Whoever looks at them next asks again.
      wanted.forEach((id) => this.asked.delete(id))
      throw thrown
    })
    const next = new Map(this.rows)
    for (const row of rows) next.set(row.id, row)
    this.rows = next
  }
}
