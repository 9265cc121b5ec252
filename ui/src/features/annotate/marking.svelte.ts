import type { Range } from '../../annotator/model'
import type { Concept } from '../../host/types'
import { choose } from '../../shared/choose'
import { placesOf } from '../../shared/find'
import { relationName, schemas, taskName } from '../../shared/words'
import { mentionIdAt, relationBetween, subjectKey, type KnownMention } from './mentions'
import type { Session } from './session.svelte'

/** Mentions in the text: walked, made, related; and words that are looked for. */
export class Marking {
  private readonly session: Session
  private at = $state<string | null>(null)
  /** Where the second half of a relation is looked for by keyboard. */
  relating = $state<string | null>(null)
  /** Words that are selected with the keyboard. */
  cursor = $state<Range | null>(null)
  /** Letters that were typed to get to a word or a mention. */
  typed = $state('')
  /** Selected text that waits for a type, and where to show the choice. */
  pending = $state.raw<{ range: Range; box: DOMRect; occurrences: number } | null>(null)
  /** Places of what is looked for, and the one that is looked at. */
  found = $state.raw<Range[]>([])
  foundAt = $state(0)

  constructor(session: Session) {
    this.session = session
  }

  /** The mention that the keyboard is at. */
  get active(): string | null {
    return this.at
  }

  set active(id: string | null) {
    if (id !== this.at) this.session.sight.changed()
    this.at = id
  }

  readonly activeMention: KnownMention | null = $derived.by(
    () => this.session.mentions.find((mention) => mention.id === this.active) ?? null,
  )

  /** Puts away whatever is half done, or else leaves the mention; true if there was something. */
  clear(): boolean {
    const half = this.pending !== null || this.cursor !== null || this.relating !== null
    const something = half || this.active !== null
    this.pending = null
    this.cursor = null
    this.typed = ''
    if (this.relating !== null) this.active = this.relating
    else if (!half) this.active = null
    this.relating = null
    return something
  }

  // Walking

  move(by: number): void {
    const { mentions, row } = this.session
    if (mentions.length === 0) return
    const selectedStart = row?.content.participants[0]?.spans[0]?.start ?? 0
    const place =
      this.active === null
        ? mentions.findIndex((mention) => (mention.ranges[0]?.start ?? 0) >= selectedStart) - (by > 0 ? 1 : 0)
        : mentions.findIndex((mention) => mention.id === this.active)
    const next = mentions[(place + by + mentions.length) % mentions.length]
    if (next) this.activate(next)
  }

  private activate(mention: KnownMention): void {
    this.active = mention.id
    this.session.announcement = `${mention.says ?? mention.text}, ${mention.type}, ${mention.state}`
  }

  /** A click on a mention: the row it takes part in; again, the next such row. */
  pick(id: string | null): void {
    const { session } = this
    this.pending = null
    this.cursor = null
    this.active = id
    if (id === null) return
    const having = session.rows.filter((row) =>
      row.content.participants.some((one) =>
        one.spans.some((span) => id.startsWith(`${String(span.start)}-${String(span.end)}:`)),
      ),
    )
    if (having.length === 0) return
    const place = having.findIndex((row) => subjectKey(row.subject) === session.selected)
    const next = having[(place + 1) % having.length]
    if (next) session.selected = subjectKey(next.subject)
  }

  // Relating

  /** Mentions that the one at hand can be related to in this task, one of each name, the nearest first. */
  partnersOf(id: string): KnownMention[] {
    const { mentions, task } = this.session
    const first = mentions.find((mention) => mention.id === id)
    if (!first) return []
    const [head, tail] = schemas[task].sides
    const wanted = first.type === head ? tail : first.type === tail ? head : null
    if (wanted === null) return []
    const start = (mention: KnownMention) => mention.ranges[0]?.start ?? 0
    const names = new Set([first.text.toLowerCase()])
    return mentions
      .filter((mention) => mention.type === wanted && mention.state !== 'rejected')
      .sort((left, right) => Math.abs(start(left) - start(first)) - Math.abs(start(right) - start(first)))
      .filter((mention) => !names.has(mention.text.toLowerCase()) && names.add(mention.text.toLowerCase()))
  }

  beginRelation(): void {
    const { activeMention, session } = this
    if (!activeMention) return
    const [nearest] = this.partnersOf(activeMention.id)
    if (!nearest) {
      session.app.toast(
        `“${activeMention.text}” (${activeMention.type}) can be related to nothing here for ${taskName[session.task]}.`,
      )
      return
    }
    this.relating = activeMention.id
    this.typed = ''
    this.activate(nearest)
  }

  /** Another partner: the next one, or the next whose name begins with what was typed. */
  stepPartner(by: number): void {
    if (this.relating === null) return
    const partners = this.partnersOf(this.relating)
    const place = partners.findIndex((mention) => mention.id === this.active)
    const next = partners[(place + by + partners.length) % partners.length]
    this.typed = ''
    if (next) this.activate(next)
  }

  typePartner(letter: string): void {
    if (this.relating === null) return
    const partners = this.partnersOf(this.relating)
    const find = (typed: string) =>
      partners.find((mention) => mention.text.toLowerCase().startsWith(typed)) ??
      partners.find((mention) =>
        mention.text
          .toLowerCase()
          .split(/[\s-]+/)
          .some((word) => word.startsWith(typed)),
      )
    for (const typed of [this.typed + letter.toLowerCase(), letter.toLowerCase()]) {
      const mention = find(typed)
      if (!mention) continue
      this.typed = typed
      this.activate(mention)
      return
    }
  }

  async relate(from: string, to: string): Promise<void> {
    const { app, mentions, task } = this.session
    const first = mentions.find((mention) => mention.id === from)
    const second = mentions.find((mention) => mention.id === to)
    this.relating = null
    this.typed = ''
    if (!first || !second || first === second) return
    const { relations } = schemas[task]
    const type =
      relations.length === 1
        ? relations[0]
        : await choose(
            app,
            'relationType',
            `${first.text} and ${second.text}`,
            relations.map((value) => ({ value, label: relationName[value] ?? value })),
          )
    if (type != null) await this.addRelation(first, second, type)
  }

  async addRelation(from: KnownMention, to: KnownMention, type: string): Promise<void> {
    const { session } = this
    const { view, task, app } = session
    if (!view) return
    const [first, second] = await Promise.all([from, to].map((mention) => this.identified(mention)))
    if (!first || !second) return
    const content = relationBetween(first, second, task, type)
    const change = await app.act(() => app.host.annotate(view.id, [content]))
    const added = change?.marks?.annotations
      .filter((one) => one.subject.kind === 'added' && one.content.kind === 'relation')
      .at(-1)
    if (added && session.view?.id === view.id) session.select(subjectKey(added.subject))
  }

  /** With the id that the dictionary knows for its name, where nothing in the document says one. */
  private async identified(mention: KnownMention): Promise<KnownMention> {
    return mention.concepts.length > 0 ? mention : { ...mention, concepts: await this.conceptOf(mention.text) }
  }

  private async conceptOf(name: string): Promise<Concept[]> {
    return (await this.session.app.host.findConcepts(name, 1).catch(() => [])).slice(0, 1)
  }

  // Making

  async pend(range: Range, box: DOMRect): Promise<void> {
    const { view, app } = this.session
    if (!view) return
    this.pending = { range, box, occurrences: 1 }
    const name = view.text.slice(range.start, range.end)
    const occurrences = await app.host.countOccurrences(view.id, name).catch(() => 1)
    if (this.pending?.range === range) this.pending = { range, box, occurrences }
  }

  /** Makes the pending text, or all its occurrences, a mention, which is at once the one that keys act on. */
  async mark(type: string, everywhere: boolean, range = this.pending?.range ?? this.cursor): Promise<void> {
    const { session } = this
    const { view, app } = session
    if (!view || !range) return
    this.pending = null
    this.cursor = null
    this.typed = ''
    window.getSelection()?.removeAllRanges()
    const name = view.text.slice(range.start, range.end)
    const concepts = await this.conceptOf(name)
    const change = await app.act(() =>
      everywhere
        ? app.host.annotateOccurrences(view.id, name, type, concepts)
        : app.host.annotate(view.id, [{ kind: 'entity', type, spans: [range], text: name, concepts }]),
    )
    if (change && session.view?.id === view.id) this.active = mentionIdAt(session.mentions, range, type)
  }

  // Finding

  /** Looks for words; how often they stand in the text. */
  find(words: string): number {
    this.found = placesOf(this.session.view?.text ?? '', words)
    this.foundAt = 0
    return this.found.length
  }

  stepFound(by: number): void {
    if (this.found.length > 0) this.foundAt = (this.foundAt + by + this.found.length) % this.found.length
  }
}
