import type { Link, Mark, Range, Scene } from '../../annotator/model'
import type { Job } from '../../host/interface'
import type { Annotation, Content, DocumentView, HostError, Judgement, Marks, Participant, Reason, RelationTask, Run, Subject } from '../../host/types'
import type { App, Lasting } from '../../shared/app.svelte'
import { toError } from '../../shared/errors'
import { capital } from '../../shared/format'
import { relationName, schemas } from '../../shared/words'
import { align, mentionOf, mentionsOf, onePerStatement, relationBetween, relationsOf, shows, sorted, statusOf, subjectKey, withKnown, withKnownMentions, type KnownMention, type Relation, type Sort, type Status } from './mentions'

const noMarks: Marks = { annotations: [], notes: [], runs: [] }

function without<Value>(map: ReadonlyMap<number, Value>, key: number): ReadonlyMap<number, Value> {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

const placeOf = (range: Range | undefined) => (range ? `${String(range.start)}-${String(range.end)}` : '')

/** A run over a document, and what it has found so far: it is kept when the run has ended. */
export type Extraction = { tokens: number; tokensPerSecond: number; part: number; parts: number; run: Run | null; found: Annotation[] }

/** What the user is choosing at the moment, beside the rows. */
export type Asking =
  | { kind: 'reason'; subject: Subject }
  | { kind: 'relationType'; from: KnownMention; to: KnownMention }
  | { kind: 'edit'; relation: Relation }
  | { kind: 'concept'; subject: Subject; content: Content; participant: number }
  | { kind: 'note'; subject: Subject | null }
  | { kind: 'acceptAll' }
  | { kind: 'prompt' }

/** One open document: its marks, what is shown of them, and what is selected. Runs over other documents go on meanwhile. */
export class Session implements Lasting {
  readonly app: App
  view = $state.raw<DocumentView | null>(null)
  private kept = $state.raw<Marks>(noMarks)
  failed = $state<HostError | null>(null)
  threshold = $state(0)
  status = $state<Status | 'all'>('all')
  sort = $state<Sort>('text')
  compare = $state<{ left: string; right: string } | null>(null)
  selected = $state<string | null>(null)
  hovered = $state<string | null>(null)
  active = $state<string | null>(null)
  /** Where the second half of a relation is looked for by keyboard. */
  relating = $state<string | null>(null)
  cursor = $state<Range | null>(null)
  /** Selected text that waits for a type, and where to show the choice. */
  pending = $state.raw<{ range: Range; box: DOMRect; occurrences: number } | null>(null)
  /** The first offset in view. */
  top = 0
  private extractions = $state.raw<ReadonlyMap<number, Extraction>>(new Map())
  private extractionErrors = $state.raw<ReadonlyMap<number, HostError>>(new Map())
  asking = $state<Asking | null>(null)
  /** Said to a screen reader. */
  announcement = $state('')
  /** The row to select when the document that it is in is open. */
  private wanted: string | null = null
  /** Where a queue through the whole library goes on after a row; nothing without such a queue. */
  ahead: (key: string) => (() => void) | null = () => null
  private readonly jobs = new Map<number, Job>()
  private opening = 0

  constructor(app: App) {
    this.app = app
    this.threshold = app.settings.threshold
    app.onChange((change) => this.take(change.document, change.marks))
  }

  get task(): RelationTask {
    return this.app.settings.task
  }

  // What is shown

  readonly extraction = $derived(this.view ? (this.extractions.get(this.view.id) ?? null) : null)
  readonly extractionError = $derived(this.view ? (this.extractionErrors.get(this.view.id) ?? null) : null)
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
  readonly modelOfRun = $derived(new Map(this.marks.runs.map((run) => [run.id, run.modelId])))
  readonly models = $derived([...new Map(this.marks.runs.filter((run) => run.task in schemas).map((run) => [run.modelId, run.model]))])
  private lastMentions: KnownMention[] = []
  readonly mentions = $derived.by(() => (this.lastMentions = withKnownMentions(mentionsOf(this.marks.annotations, this.view?.text ?? ''), this.lastMentions)))
  /** Types of mentions by where they stand: what came with a document may have no roles. */
  private readonly typeAt = $derived(new Map(this.mentions.map((mention) => [placeOf(mention.ranges[0]), mention.type])))
  readonly relations = $derived(relationsOf(this.marks.annotations, new Set([...this.latestRuns.values()].map((run) => run.id))))
  /** With several models or runs, one row for each statement. */
  private readonly statements = $derived(onePerStatement(this.relations))
  readonly rows = $derived.by(() => {
    const shown = this.statements.filter((one) => shows(one, { threshold: this.threshold, status: this.status, modelId: null }, this.modelOfRun))
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
  readonly aligned = $derived(this.compare ? align(this.relations, this.compare.left, this.compare.right, this.modelOfRun) : [])
  readonly row = $derived(this.relations.find((one) => subjectKey(one.subject) === this.selected) ?? null)
  readonly shownRow = $derived(this.relations.find((one) => subjectKey(one.subject) === (this.hovered ?? this.selected)) ?? null)
  readonly activeMention = $derived(this.mentions.find((mention) => mention.id === this.active) ?? null)
  /** Notices of the runs: texts that were read in parts. */
  readonly runNotices = $derived([...new Set([...this.latestRuns.values()].flatMap((run) => run.notices))])

  readonly scene = $derived.by((): Scene => {
    const row = this.shownRow
    const marks: Mark[] = []
    const links: Link[] = []
    const selected = new Set<string>()
    const related = new Set<string>()
    if (row) {
      for (const span of row.prediction?.evidence ?? []) marks.push({ ...span, kind: 'evidence' })
      for (const warning of row.prediction?.warnings ?? []) if (warning.span) marks.push({ ...warning.span, kind: 'cue' })
      const ends = row.content.participants.map((participant) => mentionOf(participant, this.mentions))
      for (const participant of row.content.participants) {
        for (const [place, span] of participant.spans.entries()) {
          const mention = this.mentions.find((one) => one.ranges[0]?.start === span.start && one.ranges[0].end === span.end)
          if (mention) (place === 0 ? selected : related).add(mention.id)
        }
      }
      const [from, to] = ends
      if (from && to) links.push({ id: subjectKey(row.subject), from: from.id, to: to.id, label: relationName[row.content.type] ?? row.content.type })
    }
    if (this.relating !== null) {
      selected.add(this.relating)
      if (this.active !== null && this.active !== this.relating) links.splice(0, links.length, { id: 'new', from: this.relating, to: this.active, label: '?' })
    }
    const range = this.pending?.range ?? this.cursor
    if (range) marks.push({ ...range, kind: 'cursor' })
    return { mentions: this.mentions, marks, links, selected, related, active: this.active }
  })

  /** What a participant of a relation is called: its role, or else what stands at its place. */
  sideOf(participant: Participant, place: number): string {
    return participant.role || (this.typeAt.get(placeOf(participant.spans[0])) ?? `Name ${String(place + 1)}`)
  }

  // Opening

  async open(id: number): Promise<void> {
    const opening = (this.opening += 1)
    try {
      const view = await this.app.host.document(id)
      if (opening !== this.opening) return
      // Back from another screen: everything is as it was left.
      if (this.view?.id === id) {
        this.setMarks(view.marks)
        return this.selectWanted()
      }
      this.view = view
      this.kept = view.marks
      this.top = view.top
      // A short text is never scrolled, and yet it is where the curator was.
      void this.app.host.rememberPlace({ document: id, top: view.top }).catch(() => undefined)
      this.failed = null
      this.clear()
      this.selected = null
      this.active = null
      this.compare = null
      const first = this.rows.find((one) => statusOf(one) === 'open') ?? this.rows[0]
      if (first) this.selected = subjectKey(first.subject)
      this.selectWanted()
    } catch (thrown) {
      if (opening === this.opening) {
        this.view = null
        this.failed = toError(thrown)
      }
    }
  }

  /** Goes to a row, also of another document. */
  show(document: number, key: string): void {
    this.wanted = key
    if (this.view?.id === document) this.selectWanted()
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
    if (!this.view || document !== this.view.id) return
    if (marks) this.setMarks(marks)
    else void this.app.host.document(this.view.id).then((view) => this.view?.id === view.id && this.setMarks(view.marks))
  }

  private setMarks(marks: Marks): void {
    this.kept = { ...marks, annotations: withKnown(marks.annotations, this.kept.annotations) }
    if (this.selected !== null && !this.row) this.selected = null
  }

  /** Puts away whatever is half done. */
  clear(): boolean {
    const something = this.pending !== null || this.cursor !== null || this.relating !== null || this.asking !== null
    this.pending = null
    this.cursor = null
    this.relating = null
    this.asking = null
    return something
  }

  // Extraction

  extract(): void {
    if (!this.view || this.jobs.has(this.view.id)) return
    const { id: document, sourceId, title } = this.view
    const change = (edit: (one: Extraction) => Extraction) => {
      const one = this.extractions.get(document)
      if (one) this.extractions = new Map(this.extractions).set(document, edit(one))
    }
    this.extractions = new Map(this.extractions).set(document, { tokens: 0, tokensPerSecond: 0, part: 1, parts: 1, run: null, found: [] })
    this.extractionErrors = without(this.extractionErrors, document)
    const job = this.app.host.extract({ document, task: this.task, mode: this.app.settings.mode, modelId: null }, (event) => {
      switch (event.kind) {
        case 'started': {
          // The run is told in full at the end; until then its findings need to know that it is the latest.
          const run: Run = { id: event.run, task: this.task, model: this.app.engine.model ?? '', modelId: this.app.engine.modelId ?? '', state: 'running', findings: 0, finishedAt: null, notices: [], problem: null }
          change((one) => ({ ...one, parts: event.parts, run }))
          break
        }
        case 'progress':
          change((one) => ({ ...one, part: event.part, parts: event.parts, tokens: event.tokens, tokensPerSecond: event.tokensPerSecond }))
          break
        case 'found':
          change((one) => ({ ...one, found: [...one.found, event.annotation] }))
          if (this.view?.id === document && event.annotation.content.kind === 'relation') this.selected ??= subjectKey(event.annotation.subject)
          break
        case 'stored': {
          // From here on it is kept.
          change((one) => ({ ...one, run: null, found: [] }))
          this.app.took(event.change)
          const summary = capital(event.change.step.summary)
          if (this.app.screen === 'annotate' && this.view?.id === document) this.app.step(summary, { label: 'Undo', run: () => void this.app.turn('undo') })
          else this.app.toast(`${summary} in ${sourceId || title}`, { label: 'Show', run: () => this.app.go('annotate', { document }) })
          break
        }
        case 'failed':
          this.extractionErrors = new Map(this.extractionErrors).set(document, event.error)
          if (this.view?.id !== document) this.app.fail(event.error)
          ended()
          break
        default:
          ended()
      }
    })
    this.jobs.set(document, job)
    const untrack = this.app.track(job, 'annotate')
    const ended = () => {
      untrack()
      this.jobs.delete(document)
      this.extractions = without(this.extractions, document)
    }
  }

  stop(): void {
    if (this.view) this.jobs.get(this.view.id)?.cancel()
  }

  forget(): void {
    for (const job of this.jobs.values()) job.cancel()
    this.opening += 1
    this.clear()
    this.view = null
    this.kept = noMarks
    this.extractionErrors = new Map()
    this.selected = null
    this.active = null
    this.compare = null
    this.failed = null
  }

  // Rows

  select(key: string | null): void {
    this.selected = key
    this.active = null
    const row = this.row
    if (row) this.announcement = `${row.content.participants.map((one) => one.name).join(` ${relationName[row.content.type] ?? row.content.type} `)}, ${statusOf(row)}`
  }

  move(by: number): void {
    const rows = this.rows
    const place = rows.findIndex((one) => subjectKey(one.subject) === this.selected)
    const next = rows[place < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, place + by))]
    if (next) this.select(subjectKey(next.subject))
  }

  /** On to what comes next in the queue, or here; true if there is something. */
  skip(): boolean {
    const onward = this.selected === null ? null : this.ahead(this.selected)
    onward?.()
    return onward !== null || this.nextOpen()
  }

  /** The next row after this one that nobody decided; true if there is one. */
  nextOpen(): boolean {
    const rows = this.rows
    const place = rows.findIndex((one) => subjectKey(one.subject) === this.selected)
    const order = [...rows.slice(place + 1), ...rows.slice(0, Math.max(0, place))]
    const next = order.find((one) => statusOf(one) === 'open')
    if (!next) return false
    this.select(subjectKey(next.subject))
    return true
  }

  /** The subject that keys act on: the mention the keyboard is at, or else the selected row. */
  get target(): Subject | null {
    return this.activeMention?.entity?.subject ?? this.row?.subject ?? null
  }

  async decide(judgement: Judgement): Promise<void> {
    const row = this.row
    const onRow = row !== null && subjectKey(judgement.subject) === this.selected
    // The row may leave the list (a filter by status), so the way on is found before.
    const before = this.rows.findIndex((one) => subjectKey(one.subject) === this.selected)
    const onward = onRow ? this.ahead(subjectKey(judgement.subject)) : null
    const goOn = () => {
      if (!onRow) return
      if (onward) return onward()
      if (!this.nextOpen() && !this.rows.some((one) => subjectKey(one.subject) === this.selected)) {
        const next = this.rows[Math.min(before, this.rows.length - 1)]
        this.select(next ? subjectKey(next.subject) : null)
      }
    }
    // In one go with the decision, so that both are drawn at once.
    await this.app.act(this.app.host.decide([judgement]), { then: goOn })
  }

  async accept(): Promise<void> {
    if (this.target) await this.decide({ kind: 'accept', subject: this.target })
  }

  async reject(reason: Reason | null = null, comment = ''): Promise<void> {
    if (this.target) await this.decide({ kind: 'reject', subject: this.target, reason, comment })
  }

  async withdraw(): Promise<void> {
    if (this.target) await this.app.act(this.app.host.withdraw([this.target]))
  }

  readonly acceptable = $derived(this.rows.filter((one) => statusOf(one) === 'open'))

  async acceptAll(): Promise<void> {
    const judgements = this.acceptable.map((one): Judgement => ({ kind: 'accept', subject: one.subject }))
    if (judgements.length > 0) await this.app.act(this.app.host.decide(judgements))
  }

  // Mentions

  moveMention(by: number): void {
    const { mentions } = this
    if (mentions.length === 0) return
    const selectedStart = this.row?.content.participants[0]?.spans[0]?.start ?? 0
    const place = this.active === null ? mentions.findIndex((mention) => (mention.ranges[0]?.start ?? 0) >= selectedStart) - (by > 0 ? 1 : 0) : mentions.findIndex((mention) => mention.id === this.active)
    const next = mentions[(place + by + mentions.length) % mentions.length]
    if (next) {
      this.active = next.id
      this.announcement = `${next.text}, ${next.type}, ${next.state}`
    }
  }

  /** A click on a mention: the row it takes part in; again, the next such row. */
  pick(id: string | null): void {
    this.pending = null
    this.cursor = null
    if (id === null) {
      this.active = null
      return
    }
    this.active = id
    const having = this.rows.filter((row) => row.content.participants.some((one) => one.spans.some((span) => id.startsWith(`${String(span.start)}-${String(span.end)}:`))))
    if (having.length === 0) return
    const place = having.findIndex((row) => subjectKey(row.subject) === this.selected)
    const next = having[(place + 1) % having.length]
    if (next) this.selected = subjectKey(next.subject)
  }

  relate(from: string, to: string): void {
    const first = this.mentions.find((mention) => mention.id === from)
    const second = this.mentions.find((mention) => mention.id === to)
    this.relating = null
    if (!first || !second || first === second) return
    const [only, ...more] = schemas[this.task].relations
    if (more.length === 0 && only !== undefined) void this.addRelation(first, second, only)
    else this.asking = { kind: 'relationType', from: first, to: second }
  }

  async addRelation(from: KnownMention, to: KnownMention, type: string): Promise<void> {
    if (!this.view) return
    const content = relationBetween(from, to, this.task, type)
    const change = await this.app.act(this.app.host.annotate(this.view.id, [content]))
    const added = change?.marks?.annotations.filter((one) => one.subject.kind === 'added' && one.content.kind === 'relation').at(-1)
    if (added) this.select(subjectKey(added.subject))
  }

  async pend(range: Range, box: DOMRect): Promise<void> {
    if (!this.view) return
    this.pending = { range, box, occurrences: 1 }
    const name = this.view.text.slice(range.start, range.end)
    const occurrences = await this.app.host.countOccurrences(this.view.id, name).catch(() => 1)
    if (this.pending?.range === range) this.pending = { range, box, occurrences }
  }

  /** Makes the pending text, or all its occurrences, a mention. */
  async mark(type: string, everywhere: boolean): Promise<void> {
    const { view, pending } = this
    const range = pending?.range ?? this.cursor
    if (!view || !range) return
    const name = view.text.slice(range.start, range.end)
    const concepts = (await this.app.host.findConcepts(name, 1).catch(() => [])).slice(0, 1)
    this.pending = null
    this.cursor = null
    window.getSelection()?.removeAllRanges()
    if (everywhere) await this.app.act(this.app.host.annotateOccurrences(view.id, name, type, concepts))
    else await this.app.act(this.app.host.annotate(view.id, [{ kind: 'entity', type, spans: [range], text: name, concepts }]))
  }
}
