/** The twin's whole state, and the few things that every part of it needs. */

import type * as wire from '../types'
import { looksLikeSha256 } from './chance'
import type { Clock } from './clock'
import { Journal } from './journal'
import { sentencesOf, signatureOf } from './reading'

export type StoredDocument = {
  id: number
  sourceId: string
  title: string
  origin: string
  format: string
  importedAt: number
  text: string
  words: number
}

export type Finding = { id: number; document: number; prediction: wire.Prediction }
export type StoredDecision = wire.Decision & { subject: wire.Subject; content: wire.Content | null; document: number }
export type Added = { id: number; document: number; content: wire.Content; decision: wire.Decision }
export type StoredRun = wire.Run & { document: number; seed: string }

export const subjectKey = (subject: wire.Subject) => `${subject.kind}-${String(subject.id)}`

export const failure = (code: wire.ErrorCode, message: string, hint: string): wire.HostError => ({
  code,
  message,
  hint,
})

export const plural = (count: number, one: string, many = `${one}s`) => `${String(count)} ${count === 1 ? one : many}`

/** Relations, the same statement of two models once. */
/** What a list of retracted articles says: the twin's knows titles that say so themselves. */
export const retractedAmong = (title: string): string | null =>
  /^retracted/i.test(title) ? 'Retraction, 3/1/2020: Falsification of data (retraction_watch.csv)' : null

function distinct(findings: Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ document, prediction }) => {
    const key = `${String(document)} ${signatureOf(prediction.content)}`
    return prediction.content.kind === 'relation' && !seen.has(key) && seen.add(key)
  })
}

export class World {
  readonly journal = new Journal()
  readonly clock: Clock
  settings: wire.Settings
  details = { path: '~/Documents/Osler/First library.osler', name: 'First library', description: '' }
  engine: wire.EngineStatus
  readonly listeners = new Set<(event: wire.AppEvent) => void>()
  /** Tops of documents by id. */
  readonly places = new Map<number, number>()
  place: wire.Place | null = null
  readonly reports: string[] = []
  private ids = 0

  constructor(clock: Clock, settings: wire.Settings) {
    this.clock = clock
    this.settings = settings
    this.engine = {
      state: 'ready',
      model: 'Osler starter',
      modelId: 'starter',
      device: 'Ryzen 7 7840U, 8 cores',
      graphics: false,
      deviceReason: 'There is no graphics adapter that fits',
      activity: null,
      tokensPerSecond: null,
      queued: 0,
      memory: 31_200_000,
    }
  }

  nextId(): number {
    return (this.ids += 1)
  }

  tell(event: wire.AppEvent): void {
    for (const listener of this.listeners) listener(event)
  }

  setEngine(change: Partial<wire.EngineStatus>): wire.EngineStatus {
    this.engine = { ...this.engine, ...change }
    this.tell({ kind: 'engine', status: this.engine })
    return this.engine
  }

  get documents(): Map<string, StoredDocument> {
    return this.journal.rows('documents')
  }
  get findings(): Map<string, Finding> {
    return this.journal.rows('findings')
  }
  get decisions(): Map<string, StoredDecision> {
    return this.journal.rows('decisions')
  }
  get added(): Map<string, Added> {
    return this.journal.rows('added')
  }
  get notes(): Map<string, wire.Note> {
    return this.journal.rows('notes')
  }
  get runs(): Map<string, StoredRun> {
    return this.journal.rows('runs')
  }
  get drafts(): Map<string, wire.Draft> {
    return this.journal.rows('drafts')
  }

  stored(id: number): StoredDocument {
    const found = this.documents.get(String(id))
    if (!found) {
      throw failure(
        'notFound',
        `Document ${String(id)} is not in this library.`,
        'It may have been removed or undone. Refresh the list and choose another.',
      )
    }
    return found
  }

  /** Rows of a table that belong to a document. Kept by scanning: the twin is small. */
  private of<Row extends { document: number }>(rows: Map<string, Row>, document: number): Row[] {
    return [...rows.values()].filter((row) => row.document === document)
  }

  findingsOf(document: number): Finding[] {
    return this.of(this.findings, document)
  }

  annotation(finding: Finding): wire.Annotation {
    const subject: wire.Subject = { kind: 'finding', id: finding.id }
    const decision = this.decisions.get(subjectKey(subject)) ?? null
    const content = decision?.content ?? finding.prediction.content
    return {
      subject,
      content,
      signature: signatureOf(finding.prediction.content),
      prediction: finding.prediction,
      decision: decision && {
        verdict: decision.verdict,
        reason: decision.reason,
        comment: decision.comment,
        curator: decision.curator,
        madeAt: decision.madeAt,
      },
    }
  }

  marks(document: number): wire.Marks {
    const added = this.of(this.added, document).map((own): wire.Annotation => ({
      subject: { kind: 'added', id: own.id },
      content: own.content,
      signature: signatureOf(own.content),
      prediction: null,
      decision: own.decision,
    }))
    return {
      annotations: [...this.findingsOf(document).map((finding) => this.annotation(finding)), ...added],
      notes: this.of(this.notes, document),
      runs: this.of(this.runs, document).map(({ document: _, seed: __, ...run }) => run),
    }
  }

  view(id: number): wire.DocumentView {
    const stored = this.stored(id)
    const titleEnd = stored.title.length
    const passages: wire.Passage[] = [{ span: { start: 0, end: titleEnd }, type: 'title' }]
    let start = titleEnd + 1
    for (const line of stored.text.slice(start).split('\n')) {
      if (line.length > 0) passages.push({ span: { start, end: start + line.length }, type: 'abstract' })
      start += line.length + 1
    }
    return {
      ...stored,
      textSha256: looksLikeSha256(stored.text),
      passages,
      sentences: sentencesOf(stored.text),
      infons: [
        { name: 'journal', value: 'Journal of Invented Results' },
        { name: 'year', value: String(2019 + (id % 7)) },
      ],
      retracted: retractedAmong(stored.title),
      abbreviations: [...stored.text.matchAll(/([A-Za-z]+(?:[- ][a-z]+){1,3}) \(([A-Z]{2,5})\)/g)].map((match) => ({
        short: match[2] ?? '',
        long: match[1] ?? '',
      })),
      marks: this.marks(id),
      top: this.places.get(id) ?? 0,
    }
  }

  summary(id: number): wire.DocumentSummary {
    const { sourceId, title, origin, importedAt, words } = this.stored(id)
    const findings = distinct(this.findingsOf(id))
    return {
      id,
      sourceId,
      title,
      origin,
      importedAt,
      words,
      findings: findings.length,
      decided: findings.filter((finding) => this.decisions.has(`finding-${String(finding.id)}`)).length,
      read: this.of(this.runs, id).length > 0,
      notes: this.of(this.notes, id).length,
      retracted: retractedAmong(title) !== null,
    }
  }

  library(): wire.Library {
    const relations = distinct([...this.findings.values()])
    return {
      ...this.details,
      bytes: 81_920 + [...this.documents.values()].reduce((sum, document) => sum + document.text.length * 3, 0),
      documents: this.documents.size,
      findings: relations.length,
      decided: relations.filter((finding) => this.decisions.has(`finding-${String(finding.id)}`)).length,
      notes: this.notes.size,
      drafts: this.drafts.size,
      readOnly: false,
      undo: this.journal.next('curation', 'undo'),
      redo: this.journal.next('curation', 'redo'),
    }
  }

  change(step: wire.Step): wire.Change {
    const shown = step.document !== null && this.documents.has(String(step.document)) ? step.document : null
    return { step, document: shown, marks: shown === null ? null : this.marks(shown), library: this.library() }
  }

  act(document: number | null, change: () => string, about: string[] = []): wire.Change {
    return this.change(this.journal.act('curation', this.clock.now(), document, change, about))
  }
}
