import type { QueueEntry, QueueOrder, RelationTask } from '../../host/types'
import type { App } from '../../shared/app.svelte'
import { subjectKey } from './mentions'

const page = 100

export const entryKey = (entry: QueueEntry) => subjectKey(entry.annotation.subject)

/** Undecided relations of the whole library in an order that the curator chose. It goes on with its place while other screens are open. */
export class Queue {
  private readonly app: App
  order = $state<QueueOrder | 'documents'>('documents')
  task = $state<RelationTask | null>(null)
  entries = $state.raw<QueueEntry[]>([])
  total = $state(0)
  private next: string | null = null
  private asked = 0
  /** What was decided since, whatever the list says that was read before. */
  private readonly decided = new Set<string>()
  /** Shows a relation, also of another document. */
  private readonly show: (document: number, key: string) => void

  constructor(app: App, show: (document: number, key: string) => void) {
    this.app = app
    this.show = show
    app.onTurn(() => this.decided.clear())
  }

  get active(): boolean {
    return this.order !== 'documents'
  }

  /** Another order, or other relations: it begins with its first one. */
  async choose(order: QueueOrder | 'documents', task: RelationTask | null = this.task): Promise<void> {
    this.order = order
    this.task = task
    if (!this.active) return
    this.entries = []
    await this.load()
    const first = this.entries[0]
    if (first) this.show(first.document, entryKey(first))
  }

  async load(): Promise<void> {
    if (this.order === 'documents') return
    const asked = (this.asked += 1)
    const found = await this.app.host.queue(this.order, this.filter(), null, page)
    if (asked !== this.asked) return
    this.entries = found.entries
    this.total = found.total
    this.next = found.next
  }

  async more(): Promise<void> {
    if (this.order === 'documents' || this.next === null) return
    const asked = (this.asked += 1)
    const found = await this.app.host.queue(this.order, this.filter(), this.next, page)
    if (asked !== this.asked) return
    this.entries = [...this.entries, ...found.entries]
    this.next = found.next
  }

  /** That it was decided is known before the list is read again. */
  note(key: string, decided: boolean): void {
    if (decided) this.decided.add(key)
    else this.decided.delete(key)
  }

  forget(): void {
    this.entries = []
    this.total = 0
    this.next = null
    this.asked += 1
    this.decided.clear()
  }

  /** On from a relation: to the next undecided one, or to the first where the place is lost. False where nothing is left. */
  async onFrom(key: string | null): Promise<boolean> {
    for (;;) {
      const place = this.entries.findIndex((entry) => entryKey(entry) === key)
      const here = this.entries[place]
      const open = (entry: QueueEntry) => !this.decided.has(entryKey(entry)) && entryKey(entry) !== key
      // What another model says of the same is decided with it.
      const other = (entry: QueueEntry) =>
        entry.document !== here?.document || entry.annotation.signature !== here.annotation.signature
      const following = this.entries.slice(place + 1).find((entry) => open(entry) && other(entry))
      if (following) {
        this.show(following.document, entryKey(following))
        return true
      }
      if (this.next !== null) {
        await this.more()
        continue
      }
      const first = this.entries.find((entry) => open(entry) && other(entry))
      if (!first) return false
      this.show(first.document, entryKey(first))
      return true
    }
  }

  private filter() {
    return { undecided: true, document: null, task: this.task, type: null, atLeast: null }
  }
}
