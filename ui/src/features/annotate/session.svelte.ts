import type { Scene } from '../../annotator/model'
import type { DocumentView, HostError, Marks, Participant, RelationTask, Run } from '../../host/types'
import type { App, Lasting } from '../../shared/app.svelte'
import { toError } from '../../shared/errors'
import { isProbability } from '../../shared/figures'
import { fitOf } from '../../shared/samples'
import { schemas, taskOfRelation } from '../../shared/words'
import { Deciding } from './deciding.svelte'
import { Marking } from './marking.svelte'
import {
  align,
  mentionsOf,
  namesOf,
  onePerStatement,
  placeOf,
  relationsOf,
  shows,
  sorted,
  statusOf,
  subjectKey,
  withKnown,
  withKnownMentions,
  type KnownMention,
  type Relation,
  type Sort,
  type Status,
} from './mentions'
import { Queue } from './queue.svelte'
import { Runs } from './runs.svelte'
import { sceneOf } from './scene'
import { Sight } from './sight'

const noMarks: Marks = { annotations: [], notes: [], runs: [] }

/** One open document: its marks, what is shown of them, and what is selected. Runs over other documents go on meanwhile. */
export class Session implements Lasting {
  readonly app: App
  readonly runs: Runs
  readonly queue: Queue
  readonly marking: Marking
  readonly deciding: Deciding
  readonly sight = new Sight()
  view = $state.raw<DocumentView | null>(null)
  private kept = $state.raw<Marks>(noMarks)
  failed = $state<HostError | null>(null)
  threshold = $state(0)
  status = $state<Status | 'all'>('all')
  sort = $state<Sort>('text')
  /** Only relations of this task. */
  only = $state<RelationTask | null>(null)
  compare = $state<{ left: string; right: string } | null>(null)
  private chosenRow = $state<string | null>(null)
  hovered = $state<string | null>(null)
  /** The task that was chosen for a document, in place of the one that fits it. */
  private chosenTask = $state<{ document: number; task: RelationTask } | null>(null)
  /** The first offset in view. */
  top = 0
  /** Said to a screen reader. */
  announcement = $state('')
  /** All documents, in the order in which one goes from one to the next. */
  neighbours: number[] = []
  /** What was written of a note that was left, by what it is about. */
  readonly unwritten = new Map<string, string>()
  /** The row to select when the document that it is in is open. */
  private wanted: string | null = null
  private opening = 0

  constructor(app: App) {
    this.app = app
    this.threshold = app.settings.threshold
    this.runs = new Runs(app)
    this.runs.isOpen = (document) => this.view?.id === document
    this.runs.onfound = (document, { content, subject }) => {
      if (this.view?.id === document && content.kind === 'relation') this.selected ??= subjectKey(subject)
    }
    this.queue = new Queue(app, (document, key) => this.show(document, key))
    this.marking = new Marking(this)
    this.deciding = new Deciding(this)
    app.onChange((change) => this.take(change.document, change.marks))
  }

  // What is shown

  /** What relations are looked for: as chosen, or as the document was read last, or what a sample is about, or the usual ones. */
  readonly task = $derived.by((): RelationTask => {
    const { view, chosenTask } = this
    if (!view) return this.app.settings.task
    if (chosenTask?.document === view.id) return chosenTask.task
    const last = this.kept.runs
      .filter((run) => run.state !== 'failed')
      .map((run) => run.task)
      .findLast((task): task is RelationTask => task === 'bc5cdr' || task === 'ddi' || task === 'kdDti')
    return last ?? fitOf(view)?.task ?? this.app.settings.task
  })

  chooseTask(task: RelationTask): void {
    if (this.view) this.chosenTask = { document: this.view.id, task }
    this.runs.forgetErrors()
    this.app.save({ task })
  }

  readonly extraction = $derived.by(() => (this.view ? this.runs.of(this.view.id) : null))
  readonly extractionError = $derived.by(() => (this.view ? this.runs.errorOf(this.view.id) : null))
  /** What is kept, and what comes at the moment. */
  readonly marks = $derived.by((): Marks => {
    const { kept, extraction } = this
    if (!extraction?.run) return kept
    return { ...kept, annotations: [...kept.annotations, ...extraction.found], runs: [...kept.runs, extraction.run] }
  })
  readonly latestRuns = $derived.by(() => {
    const newest = new Map<string, Run>()
    for (const run of this.marks.runs) if (run.state !== 'failed') newest.set(`${run.task} ${run.modelId}`, run)
    return newest
  })
  private readonly runById = $derived(new Map(this.marks.runs.map((run) => [run.id, run])))
  readonly modelOfRun = $derived(new Map(this.marks.runs.map((run) => [run.id, run.modelId])))
  readonly models = $derived([
    ...new Map(
      this.marks.runs
        .filter((run) => run.task === 'bc5cdr' || run.task === 'ddi' || run.task === 'kdDti')
        .map((run) => [run.modelId, run.model]),
    ),
  ])
  private lastMentions: KnownMention[] = []
  readonly mentions = $derived.by(
    () =>
      (this.lastMentions = withKnownMentions(
        mentionsOf(this.marks.annotations, this.view?.text ?? '', this.view?.abbreviations ?? []),
        this.lastMentions,
      )),
  )
  /** Types of mentions by where they stand: what came with a document may have no roles. */
  private readonly typeAt = $derived(
    new Map(this.mentions.map((mention) => [placeOf(mention.ranges[0]), mention.type])),
  )
  readonly relations = $derived(
    relationsOf(this.marks.annotations, new Set([...this.latestRuns.values()].map((run) => run.id))),
  )
  /** Tasks that there are relations of here. */
  readonly tasks = $derived([...new Set(this.relations.flatMap((one) => taskOfRelation(one.content.type) ?? []))])
  /** With several models or runs, one row for each statement. */
  private readonly statements = $derived(
    onePerStatement(this.relations).filter(
      (one) => this.only === null || !this.tasks.includes(this.only) || taskOfRelation(one.content.type) === this.only,
    ),
  )
  readonly rows = $derived.by(() => {
    const shown = this.statements.filter((one) =>
      shows(one, { threshold: this.threshold, status: this.status, modelId: null }, this.modelOfRun),
    )
    return sorted(shown, this.sort)
  })
  readonly counts = $derived.by(() => {
    const counts = { all: 0, open: 0, accepted: 0, rejected: 0 }
    for (const one of this.statements) {
      counts.all += 1
      counts[statusOf(one)] += 1
    }
    return counts
  })
  /** Places by score of what has no score that is a probability. */
  private readonly ranks = $derived.by(() => {
    const scored = this.statements.filter((one) => one.prediction?.score != null && !this.isProbability(one))
    scored.sort((left, right) => (right.prediction?.score ?? 0) - (left.prediction?.score ?? 0))
    return new Map(scored.map((one, place) => [subjectKey(one.subject), place + 1]))
  })
  readonly aligned = $derived(
    this.compare ? align(this.relations, this.compare.left, this.compare.right, this.modelOfRun) : [],
  )
  readonly row = $derived(this.relations.find((one) => subjectKey(one.subject) === this.selected) ?? null)
  readonly shownRow = $derived(
    this.relations.find((one) => subjectKey(one.subject) === (this.hovered ?? this.selected)) ?? null,
  )
  /** Notices of the runs: texts that were read in parts. */
  readonly runNotices = $derived([...new Set([...this.latestRuns.values()].flatMap((run) => run.notices))])

  readonly scene = $derived.by((): Scene => sceneOf(this))

  /** What a participant of a relation is called: its role, or else what stands at its place. */
  sideOf(participant: Participant, place: number): string {
    return participant.role || (this.typeAt.get(placeOf(participant.spans[0])) ?? `Name ${String(place + 1)}`)
  }

  /** The same for the sides of a relation that a task knows. */
  sideName(row: Relation, participant: Participant, place: number): string {
    const task = taskOfRelation(row.content.type)
    return (task && schemas[task].names[place]) ?? this.sideOf(participant, place)
  }

  isProbability(row: Relation): boolean {
    return isProbability(
      this.app.models,
      row.prediction ? this.runById.get(row.prediction.run) : undefined,
      row.prediction,
    )
  }

  /** The place by score among what is shown here; nothing where the score itself says something. */
  rankOf(row: Relation): number | null {
    return this.ranks.get(subjectKey(row.subject)) ?? null
  }

  // Opening

  async open(id: number): Promise<void> {
    const opening = (this.opening += 1)
    try {
      const view = await this.app.host.document(id)
      if (opening !== this.opening) return
      this.deciding.leaving = false
      // Back from another screen: everything is as it was left.
      if (this.view?.id === id) {
        this.setMarks(view.marks)
        this.sight.changed()
        return this.selectWanted()
      }
      this.view = view
      this.kept = view.marks
      this.top = view.top
      // A short text is never scrolled, and yet it is where the curator was.
      void this.app.host.rememberPlace({ document: id, top: view.top }).catch(() => undefined)
      this.failed = null
      this.clear()
      this.marking.find('')
      this.selected = null
      this.compare = null
      this.sight.changed()
      const first = this.rows.find((one) => statusOf(one) === 'open') ?? this.rows[0]
      if (first) this.selected = subjectKey(first.subject)
      this.selectWanted()
    } catch (thrown) {
      if (opening === this.opening) {
        this.deciding.leaving = false
        this.view = null
        this.failed = toError(thrown)
      }
    }
  }

  /** Goes to a row, also of another document; without a row to the document. */
  show(document: number, key: string | null): void {
    this.wanted = key
    if (this.view?.id === document && this.app.document === document) this.selectWanted()
    else if (this.app.document === document) void this.open(document)
    // Whoever shows the document opens it.
    else this.app.document = document
  }

  private selectWanted(): void {
    const key = this.wanted
    this.wanted = null
    if (key !== null && this.relations.some((one) => subjectKey(one.subject) === key)) this.select(key)
  }

  /** A change of the library that may concern this document. */
  take(document: number | null, marks: Marks | null): void {
    const { view } = this
    if (!view || document !== view.id) return
    if (marks) this.setMarks(marks)
    else
      this.app.host
        .document(view.id)
        .then((found) => this.view?.id === found.id && this.setMarks(found.marks))
        .catch((thrown: unknown) => this.app.fail(thrown))
  }

  private setMarks(marks: Marks): void {
    this.kept = { ...marks, annotations: withKnown(marks.annotations, this.kept.annotations) }
    if (this.selected !== null && !this.row) this.selected = null
  }

  /** Puts away whatever is half done. */
  clear(): boolean {
    return this.marking.clear()
  }

  extract(): void {
    const { view } = this
    if (view) void this.runs.extract({ id: view.id, name: view.sourceId || view.title }, this.task)
  }

  stop(): void {
    if (this.view) this.runs.stop(this.view.id)
  }

  /** Samples are read at once, each for what it is about, so that what opens first has its result. */
  async readSamples(documents: number[]): Promise<void> {
    if (this.app.engine.modelId === null) return
    const tuned = this.app.models.find((model) => model.id === this.app.engine.modelId)?.tasks ?? []
    const rows = await this.app.host.documentSummaries([...documents].reverse())
    for (const row of rows) {
      const task = fitOf(row)?.task
      if (task && (tuned.length === 0 || tuned.includes(task)))
        await this.runs.extract({ id: row.id, name: row.sourceId }, task, true)
    }
  }

  forget(): void {
    this.runs.forget()
    this.queue.forget()
    this.opening += 1
    this.clear()
    this.marking.find('')
    this.view = null
    this.kept = noMarks
    this.deciding.forget()
    this.unwritten.clear()
    this.selected = null
    this.compare = null
    this.failed = null
  }

  // Rows

  get selected(): string | null {
    return this.chosenRow
  }

  set selected(key: string | null) {
    if (key !== this.chosenRow) this.sight.changed()
    this.chosenRow = key
  }

  select(key: string | null): void {
    this.deciding.settled = null
    this.selected = key
    this.marking.active = null
    const row = this.row
    if (row) this.announcement = `${namesOf(row)}, ${statusOf(row)}`
  }

  move(by: number): void {
    const rows = this.rows
    const place = rows.findIndex((one) => subjectKey(one.subject) === this.selected)
    const next = rows[place < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, place + by))]
    if (next) this.select(subjectKey(next.subject))
  }

  /** The next row after this one that nobody decided; true if there is one. */
  nextOpen(): boolean {
    const rows = this.rows
    const place = rows.findIndex((one) => subjectKey(one.subject) === this.selected)
    const order = [...rows.slice(place + 1), ...rows.slice(0, Math.max(0, place))]
    const next = order.find((one) => statusOf(one) === 'open' && !this.deciding.pending.has(subjectKey(one.subject)))
    if (!next) return false
    this.select(subjectKey(next.subject))
    return true
  }
}
