import type { Change, Judgement, Reason, Subject } from '../../host/types'
import type { Press } from '../../shared/commands'
import { pressedAt } from '../../shared/keys'
import { statusOf, subjectKey, type Relation } from './mentions'
import type { Session } from './session.svelte'

const undecided = { undecided: true, withoutTask: null, origin: null }

/**
 * Decisions, however fast they come. A key is about what was on the screen when it was pressed, or it is refused in words; the selection
 * goes on at once, and what was decided is stored in the order of the keys.
 */
export class Deciding {
  private readonly session: Session
  /** Why the last key did nothing. */
  refusal = $state<string | null>(null)
  /** What is decided and not yet stored. */
  pending = $state.raw<ReadonlySet<string>>(new Set())
  /** Another document is on its way. */
  leaving = $state(false)
  /** Whether the selected row, and the mention at hand, are in view; whoever shows them knows, and brings them there if they are not. */
  rowInView: () => boolean = () => true
  mentionInView: () => boolean = () => true
  /** The row that was decided last where nothing is left: the next key of a series is not about it. Whoever selects it may decide again. */
  settled: string | null = null
  /** What was decided, by the step that stored it: undo goes back to it. */
  private readonly stepped = new Map<number, { document: number; key: string }>()

  constructor(session: Session) {
    this.session = session
    session.app.onTurn((change) => this.turned(change))
  }

  readonly acceptable: readonly Relation[] = $derived.by(() =>
    this.session.rows.filter((one) => statusOf(one) === 'open' && !this.pending.has(subjectKey(one.subject))),
  )

  /** The subject that keys act on: the mention the keyboard is at, or else the selected row. */
  get target(): Subject | null {
    return this.session.marking.activeMention?.entity?.subject ?? this.session.row?.subject ?? null
  }

  /** What a key that decides is about; nothing, and why, where that was not on the screen when the key was pressed. */
  aim(press: Press, target = this.target): Subject | null {
    const { session } = this
    if (!target) return null
    let why: string | null = null
    if (this.leaving || session.app.document !== session.view?.id) why = 'the next document was not on the screen yet'
    else if (this.pending.has(subjectKey(target))) why = 'the last decision is still being stored'
    else if (press !== null && subjectKey(target) === this.settled)
      why = 'nothing else is left to decide. Select the relation to decide it again'
    else if (press !== null && !session.sight.had(press.at)) why = 'the next relation was not on the screen yet'
    else if (press !== null && !(session.marking.activeMention?.entity ? this.mentionInView() : this.rowInView()))
      why = 'what it would decide was out of view. Look at it and press again'
    this.refusal = why === null ? null : `Key not taken: ${why}.`
    if (this.refusal !== null) session.announcement = this.refusal
    return why === null ? target : null
  }

  /** The same for a click on a button beside the row. The second one of a double click is about what the first one brought. */
  aimClick(event: MouseEvent, target: Subject): Subject | null {
    // Whoever points at the button of a row means that row.
    this.settled = null
    if (event.detail < 2) return this.aim({ at: pressedAt(event) }, target)
    this.refusal = 'Click not taken: it was the second one of a double click.'
    return null
  }

  async accept(press: Press = null, subject = this.aim(press)): Promise<void> {
    if (subject) await this.decide({ kind: 'accept', subject })
  }

  async reject(press: Press = null, subject = this.aim(press), reason: Reason | null = null): Promise<void> {
    if (subject) await this.decide({ kind: 'reject', subject, reason, comment: '' })
  }

  async withdraw(press: Press = null, subject?: Subject | null): Promise<void> {
    // To take back what was just decided is what a curator wants who sees it.
    this.settled = null
    subject ??= this.aim(press)
    if (!subject) return
    const { app, queue } = this.session
    queue.note(subjectKey(subject), false)
    await app.act(() => app.host.withdraw([subject]))
  }

  async acceptAll(subjects: readonly Subject[]): Promise<void> {
    const { app } = this.session
    if (subjects.length > 0)
      await app.act(() => app.host.decide(subjects.map((subject) => ({ kind: 'accept', subject }))))
  }

  /** Decides; if it was about the selected row, the next one is selected before this one is stored. */
  async decide(judgement: Judgement): Promise<void> {
    const { session } = this
    const { view, app } = session
    if (!view) return
    const key = subjectKey(judgement.subject)
    const onRow = key === session.selected
    // The row may leave the list (a filter by status), so its place is found before.
    const before = session.rows.findIndex((one) => subjectKey(one.subject) === key)
    this.pending = new Set(this.pending).add(key)
    session.queue.note(key, true)
    const onward = onRow && session.queue.active ? session.queue.onFrom(key) : null
    // Which document has something undecided is known only once this is stored.
    const elsewhere = onRow && onward === null && !session.nextOpen()
    if (elsewhere) this.leaving = true
    const change = await app.act(() => app.host.decide([judgement]), { then: () => this.stored(key) })
    this.stored(key)
    if (!change) {
      session.queue.note(key, false)
      this.leaving = false
      session.show(view.id, key)
      return
    }
    if (change.step.event !== 0) this.stepped.set(change.step.event, { document: view.id, key })
    if (onward !== null && !(await onward)) this.nothingLeft(key)
    if (elsewhere) await this.leave(view.id, key, before)
  }

  /** From the last undecided row of a document. */
  private async leave(document: number, key: string, before: number): Promise<void> {
    const { session } = this
    if (session.view?.id !== document || session.selected !== key) {
      this.leaving = false
      return
    }
    await this.nextDocument(key)
    if (session.app.document !== document || session.rows.some((one) => subjectKey(one.subject) === key)) return
    // Nothing is left anywhere, and a filter no longer shows the row.
    const next = session.rows[Math.min(before, session.rows.length - 1)]
    session.select(next ? subjectKey(next.subject) : null)
  }

  /** On to what is undecided next: along the queue, or here, or in another document. */
  async goOn(): Promise<void> {
    const { session } = this
    this.refusal = null
    if (this.leaving) return
    if (session.queue.active) {
      if (!(await session.queue.onFrom(session.selected))) this.nothingLeft()
    } else if (!session.nextOpen()) await this.nextDocument()
  }

  /** `decided`: the row that was decided just now. */
  private async nextDocument(decided: string | null = null): Promise<void> {
    const { app, neighbours } = this.session
    const here = app.document
    this.leaving = true
    try {
      const open = new Set(await app.host.documentIds('newestFirst', undecided))
      if (app.document !== here) return
      const place = neighbours.indexOf(here ?? -1)
      const next = [...neighbours.slice(place + 1), ...neighbours.slice(0, Math.max(0, place))].find((id) =>
        open.has(id),
      )
      if (next === undefined) this.nothingLeft(decided)
      else app.document = next
    } catch (thrown) {
      app.fail(thrown)
    } finally {
      if (app.document === here) this.leaving = false
    }
  }

  private nothingLeft(decided: string | null = null): void {
    const { app } = this.session
    this.settled = decided
    app.toast('Everything that was found is decided.', { label: 'Export', run: () => app.commands.run('export') })
  }

  private stored(key: string): void {
    if (!this.pending.has(key)) return
    const rest = new Set(this.pending)
    rest.delete(key)
    this.pending = rest
    // Its decision can be seen from now on: a key that was pressed before was not about it.
    if (key === this.session.selected) this.session.sight.changed()
  }

  /** What was undone, or done again, is shown. */
  private turned(change: Change): void {
    const place = this.stepped.get(change.step.event)
    this.settled = null
    if (this.session.app.screen === 'annotate' && change.document !== null)
      this.session.show(change.document, place?.key ?? null)
  }

  forget(): void {
    this.leaving = false
    this.refusal = null
    this.settled = null
    this.pending = new Set()
    this.stepped.clear()
  }
}
