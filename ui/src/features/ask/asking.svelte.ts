import type { Job, Listener } from '../../host/interface'
import type {
  AskEvent,
  AskScope,
  ClassifyEvent,
  EvidenceSentence,
  HostError,
  Influence,
  LabelScore,
  Probabilities,
  Sought,
  Span,
  Verdict,
} from '../../host/types'
import type { App, Lasting } from '../../shared/app.svelte'
import { Latest } from '../../shared/latest.svelte'

export type Answer = {
  document: number
  title: string
  /** Whether a list of retracted articles has it. */
  retracted: boolean
  /** What its sentences say. */
  verdict: Verdict
  evidence: EvidenceSentence[]
  /** What was looked for; none for an answer that a library has kept. */
  sought: Sought[]
  probabilities: Probabilities
  /** What leaving each sentence out does to the model's answer, once that was asked for. */
  influences: Influence[] | null
}
export type Searched = { sought: Sought[]; naming: number; speaking: number }
export type Unanswered = { document: number; title: string; error: HostError }
export type Labelled = {
  document: number
  title: string
  labels: LabelScore[]
  sentences: { span: Span; scores: LabelScore[] }[]
  /** From this probability on a sentence has a label; endless until it is known. */ threshold: number
  done: boolean
}

/** Questions and classifications: what was asked of what, and what has come back. */
export class Questions implements Lasting {
  private readonly app: App
  mode = $state<'question' | 'hallmarks'>('question')
  question = $state('')
  /** One of several documents, whose result is looked at. */
  opened = $state<number | null>(null)
  /** What was asked of which documents, and which model answered. */
  asked = $state<{ question: string; documents: number[]; library: boolean; modelId: string | null } | null>(null)
  /** What the library was searched for. */
  searched = $state.raw<Searched | null>(null)
  /** The document whose sentences are weighed. */
  weighing = $state<number | null>(null)
  /** Which model classified. */
  classified = $state<string | null>(null)
  answers = $state.raw<Answer[]>([])
  unanswered = $state.raw<Unanswered[]>([])
  labelled = $state.raw<Labelled[]>([])
  total = $state(0)
  error = $state<HostError | null>(null)
  private readonly latest: Latest

  constructor(app: App) {
    this.app = app
    this.latest = new Latest(app.jobs, 'ask')
  }

  get running(): boolean {
    return this.latest.running
  }

  /** Asks these documents, or, without any, those of the library that say something about the question. */
  ask(documents: number[] | null): void {
    const question = this.question.trim()
    if (question === '' || documents?.length === 0) return
    this.total = documents?.length ?? 0
    this.asked = { question, documents: documents ?? [], library: documents === null, modelId: this.app.engine.modelId }
    this.searched = null
    this.answers = []
    this.unanswered = []
    const scope: AskScope = documents === null ? { kind: 'library' } : { kind: 'documents', documents }
    this.begin<AskEvent>(
      (listener) => this.app.host.ask({ question, scope }, listener),
      (event) => {
        switch (event.kind) {
          case 'searched':
            this.searched = event
            this.total = event.speaking
            break
          case 'answer': {
            const { document, title, retracted, verdict, evidence, sought, probabilities } = event
            this.answers = [
              ...this.answers,
              { document, title, retracted, verdict, evidence, sought, probabilities, influences: null },
            ]
            break
          }
          case 'unanswered':
            this.unanswered = [...this.unanswered, { document: event.document, title: event.title, error: event.error }]
            break
          case 'influence':
            break
        }
      },
    )
  }

  /** Leaves the sentences of a document out one by one. */
  weigh(document: number): void {
    const question = this.asked?.question
    if (question === undefined || this.running) return
    this.total = 1
    this.begin<AskEvent>(
      (listener) => this.app.host.weigh({ question, document }, listener),
      (event) => {
        if (event.kind === 'influence')
          this.answers = this.answers.map((one) =>
            one.document === event.document ? { ...one, influences: event.sentences } : one,
          )
      },
    )
    this.weighing = document
  }

  classify(documents: number[]): void {
    if (documents.length === 0) return
    this.total = documents.length
    this.labelled = []
    this.classified = this.app.engine.modelId
    const edit = (document: number, change: (one: Labelled) => Labelled) => {
      const there = this.labelled.find((one) => one.document === document) ?? {
        document,
        title: '',
        labels: [],
        sentences: [],
        threshold: Number.POSITIVE_INFINITY,
        done: false,
      }
      this.labelled = [...this.labelled.filter((one) => one.document !== document), change(there)]
    }
    this.begin<ClassifyEvent>(
      (listener) => this.app.host.classify({ documents }, listener),
      (event) => {
        switch (event.kind) {
          case 'sentence':
            edit(event.document, (one) => ({
              ...one,
              sentences: [...one.sentences, { span: event.span, scores: event.scores }],
            }))
            break
          case 'labels':
            edit(event.document, (one) => ({
              ...one,
              title: event.title,
              labels: event.labels,
              threshold: event.threshold,
              done: true,
            }))
            break
        }
      },
    )
  }

  /** The answers that a batch has stored, as if they had been asked for here. */
  async load(question: string, documents: { id: number; title: string }[]): Promise<void> {
    this.latest.leave()
    this.error = null
    this.mode = 'question'
    this.question = question
    this.opened = null
    this.unanswered = []
    this.answers = []
    this.asked = { question, documents: documents.map((one) => one.id), library: false, modelId: null }
    this.searched = null
    this.total = documents.length
    const asked = this.asked
    for (const { id, title } of documents) {
      const { marks, text, retracted } = await this.app.host.document(id)
      if (this.asked !== asked) return
      const found = marks.annotations.findLast(
        (one) => one.content.kind === 'answer' && one.content.question === question,
      )
      if (found?.content.kind !== 'answer') continue
      const { verdict, probabilities } = found.content
      const evidence = found.content.evidence.map((one) => ({
        ...one,
        text: text.slice(one.span.start, one.span.end),
        named: [],
      }))
      asked.modelId = marks.runs.find((run) => run.id === found.prediction?.run)?.modelId ?? null
      this.answers = [
        ...this.answers,
        {
          document: id,
          title,
          retracted: retracted !== null,
          verdict,
          evidence,
          sought: [],
          probabilities,
          influences: null,
        },
      ]
    }
  }

  /** The labels that a batch has stored: of each sentence only those that it has. */
  async loadLabels(documents: { id: number; title: string }[]): Promise<void> {
    this.latest.leave()
    this.error = null
    this.mode = 'hallmarks'
    this.opened = null
    this.total = documents.length
    this.classified = null
    let loaded: Labelled[] = (this.labelled = [])
    for (const { id, title } of documents) {
      const { marks } = await this.app.host.document(id)
      if (this.labelled !== loaded) return
      const run = marks.runs.findLast((one) => one.task === 'classify' && one.state !== 'failed')
      if (!run) continue
      const labels: LabelScore[] = []
      const sentences = new Map<number, Labelled['sentences'][number]>()
      for (const { content, prediction } of marks.annotations) {
        if (content.kind !== 'label' || prediction?.run !== run.id) continue
        const score = { label: content.label, probability: prediction.score ?? 0 }
        if (content.span === null) labels.push(score)
        else
          sentences.set(content.span.start, {
            span: content.span,
            scores: [...(sentences.get(content.span.start)?.scores ?? []), score],
          })
      }
      this.classified = run.otherWeights ? null : run.modelId
      const inOrder = [...sentences.values()].sort((left, right) => left.span.start - right.span.start)
      loaded = this.labelled = [
        ...loaded,
        { document: id, title, labels, sentences: inOrder, threshold: 0, done: true },
      ]
    }
  }

  stop(): void {
    this.latest.cancel()
  }

  forget(): void {
    this.latest.leave()
    this.asked = null
    this.searched = null
    this.opened = null
    this.answers = []
    this.unanswered = []
    this.labelled = []
    this.error = null
  }

  private begin<Event>(start: (listener: Listener<Event>) => Job, hear: (event: Event) => void): void {
    this.error = null
    this.weighing = null
    this.latest.begin(start, hear, (ending) => {
      this.weighing = null
      this.error = ending.kind === 'failed' ? ending.error : null
      if (this.error === null)
        this.app.ready('ask', this.mode === 'question' ? 'The question is answered' : 'The hallmarks are found')
    })
  }
}
