import type {
  Concordance,
  DefiningSentence,
  GivenSource,
  HostError,
  SourcedText,
  TermKnowledge,
  TermMeaning,
} from '../../host/types'
import type { App, Lasting } from '../../shared/app.svelte'
import { toError } from '../../shared/errors'
import { Describing } from './describing.svelte'

/** What a mark calls a source where it leaves Osler. */
const labelOf = ({ source, id, pmid }: SourcedText) =>
  [source, pmid === '' ? id : `PMID ${pmid}`].filter(Boolean).join(' ')

/** What a draft about a term is held against: the texts of one meaning, and what defines it in the library. */
export function sourcesOf(knowledge: TermKnowledge, meaning: TermMeaning | null): GivenSource[] {
  const texts = (meaning?.texts ?? []).map((one) => ({
    number: one.number,
    label: labelOf(one),
    about: [...new Set([knowledge.term, one.term, meaning?.name ?? one.term])],
    text: one.text,
  }))
  const sentences = knowledge.library.map((one) => ({
    number: one.number,
    label: one.sourceId,
    about: [knowledge.term],
    text: one.sentence,
  }))
  return [...texts, ...sentences]
}

/** A text of a source with where it is from, as it is put into a draft: it is a quotation, and no text of a model. */
export const quotation = ({ text, citation }: { text: string; citation: string }) => `“${text}” (${citation})`

export const citationOf = ({ title, sourceId }: DefiningSentence) =>
  [title === '' ? '' : `“${title.replace(/\.$/, '')}”`, sourceId].filter(Boolean).join(', ')

/** What is known of a term, step by step: sources, the library, and only then what a model writes when it is asked to. */
export class Ladder implements Lasting {
  private readonly app: App
  readonly draft: Describing
  term = $state('')
  asked = $state('')
  looking = $state(false)
  error = $state<HostError | null>(null)
  knowledge = $state.raw<TermKnowledge | null>(null)
  /** Sentences that name the term and define nothing; null until someone wants to see them. */
  mentions = $state.raw<Concordance | null>(null)
  /** Whether someone went on to a draft that nothing can be held against. */
  unsourced = $state(false)
  private chosen = $state<number | null>(null)
  private lookingUp = 0

  constructor(app: App) {
    this.app = app
    this.draft = new Describing(app)
  }

  readonly isAmbiguous = $derived.by(() => (this.knowledge?.meanings.length ?? 0) > 1)
  /** The meaning that is looked at: the only one, or the one that was chosen. */
  readonly meaning = $derived.by((): TermMeaning | null => {
    const meanings = this.knowledge?.meanings ?? []
    return meanings.length === 1 ? (meanings[0] ?? null) : this.chosen === null ? null : (meanings[this.chosen] ?? null)
  })
  readonly place = $derived.by(() => this.chosen)
  readonly sources = $derived.by(() => (this.knowledge ? sourcesOf(this.knowledge, this.meaning) : []))
  /** Which of several things is meant has to be said before a draft about it can be held against anything. */
  readonly mustChoose = $derived.by(() => this.isAmbiguous && this.chosen === null)

  /** Nothing can be held against a draft: neither a source nor the library says what the term is. */
  readonly isUnsourced = $derived.by(() => !this.mustChoose && this.sources.length === 0)

  async lookUp(term = this.term): Promise<void> {
    const wanted = term.trim()
    if (wanted === '') return
    this.draft.forget()
    this.term = wanted
    this.asked = wanted
    this.looking = true
    this.error = null
    this.knowledge = null
    this.mentions = null
    this.unsourced = false
    this.chosen = null
    const looking = (this.lookingUp += 1)
    try {
      const knowledge = await this.app.host.lookUp(wanted)
      if (looking === this.lookingUp) this.knowledge = knowledge
    } catch (thrown) {
      if (looking === this.lookingUp) this.error = toError(thrown)
    }
    if (looking === this.lookingUp) this.looking = false
  }

  choose(place: number): void {
    this.chosen = place
    this.draft.holdAgainst(this.sources)
  }

  async showMentions(): Promise<void> {
    try {
      this.mentions = await this.app.host.concordance(this.asked, 20)
    } catch (thrown) {
      this.app.fail(thrown)
    }
  }

  /** Has a model write about the term. Where nothing can be held against it, that takes a step of its own first. */
  write(): void {
    if (this.knowledge === null || this.mustChoose) return
    if (this.isUnsourced && !this.unsourced) this.unsourced = true
    else this.draft.describe(this.asked, this.sources)
  }

  forget(): void {
    this.lookingUp += 1
    this.draft.forget()
    this.asked = ''
    this.looking = false
    this.error = null
    this.knowledge = null
    this.mentions = null
    this.unsourced = false
    this.chosen = null
  }
}
