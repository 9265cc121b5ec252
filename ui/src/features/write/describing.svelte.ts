import type { CheckedText, Decoding, DescribeEvent, GivenSource, HostError, Token } from '../../host/types'
import type { App } from '../../shared/app.svelte'
import { toError } from '../../shared/errors'
import { Latest } from '../../shared/latest.svelte'
import { sentenceOf, textOf } from './checking'

export type Candidate = {
  seed: number | null
  beginning: Token[]
  tokens: Token[]
  tentative: string
  ended: 'complete' | 'length' | 'repetition' | 'stopped' | null
  meanLogProbability: number | null
  /** One of its words was chosen by hand. */ changed?: boolean
  /** What sources say of its sentences; null where nobody has looked yet. */
  checked: CheckedText | null
}

/** What a model writes of a term when it is asked to, each sentence held against the sources that were found. */
export class Describing {
  private readonly app: App
  careful = $state(true)
  seed = $state(7)
  locked = $state(false)
  candidates = $state.raw<Candidate[]>([])
  asked = $state('')
  /** What its sentences are held against. */
  sources = $state.raw<readonly GivenSource[]>([])
  error = $state<HostError | null>(null)
  private readonly latest: Latest

  constructor(app: App) {
    this.app = app
    this.latest = new Latest(app.jobs, 'write')
  }

  get running(): boolean {
    return this.latest.running
  }

  get decoding(): Decoding {
    return this.careful ? { kind: 'careful' } : { kind: 'varied', temperature: 0.8, seed: this.seed }
  }

  describe(term: string, sources: readonly GivenSource[]): void {
    // An unlocked seed moves on, so that asking again gives something else.
    if (!this.careful && !this.locked && this.asked === term) this.seed += 3
    this.asked = term
    this.sources = sources
    this.run(term, this.decoding, 3, '', (candidates) => (this.candidates = candidates))
  }

  /** Goes on from another token than the one that was taken. */
  goOn(place: number, token: number, text: string): void {
    const candidate = this.candidates[place]
    const replaced = candidate?.tokens[token]
    if (!candidate || !replaced) return
    const chosen = replaced.alternatives.find((one) => one.text === text)
    const kept: Token[] = [
      ...candidate.tokens.slice(0, token),
      {
        text,
        logProbability: chosen?.logProbability ?? 0,
        alternatives: [
          { text: replaced.text, logProbability: replaced.logProbability },
          ...replaced.alternatives.filter((one) => one.text !== text),
        ],
      },
    ]
    const beginning = kept.map((one) => one.text).join('')
    this.run(
      this.asked,
      { kind: 'varied', temperature: 0.8, seed: candidate.seed ?? this.seed },
      1,
      beginning,
      ([fresh]) => {
        if (fresh)
          this.candidates = this.candidates.map((one, index) =>
            index === place ? { ...fresh, changed: true, tokens: withKept(fresh.tokens, kept, beginning) } : one,
          )
      },
    )
  }

  stop(): void {
    this.latest.cancel()
  }

  forget(): void {
    this.latest.leave()
    this.candidates = []
    this.asked = ''
    this.error = null
  }

  /** Other sources, as of another meaning: what was written is held against them. */
  holdAgainst(sources: readonly GivenSource[]): void {
    this.sources = sources
    this.candidates = this.candidates.map((one) => ({ ...one, checked: null }))
    void this.check()
  }

  /** Holds every candidate that has ended, and was not looked at yet, against the sources. */
  private async check(): Promise<void> {
    const { sources, asked } = this
    const waiting = this.candidates.filter((one) => one.ended !== null && one.checked === null && textOf(one) !== '')
    for (const candidate of waiting) {
      try {
        const request = { text: sentenceOf(asked, candidate), sources: [...sources] }
        const checked = await this.app.host.checkSupport(request)
        // Whatever was written or chosen meanwhile is checked by itself.
        if (this.sources === sources)
          this.candidates = this.candidates.map((one) => (one === candidate ? { ...one, checked } : one))
      } catch (thrown) {
        this.error = toError(thrown)
        return
      }
    }
  }

  private run(
    term: string,
    decoding: Decoding,
    wanted: number,
    beginning: string,
    show: (candidates: Candidate[]) => void,
  ): void {
    this.error = null
    // What was under way is stopped by what begins now.
    this.candidates = this.candidates.map(stopped)
    let candidates: Candidate[] = []
    const fresh = (seed: number | null): Candidate => ({
      seed,
      beginning: [],
      tokens: [],
      tentative: '',
      ended: null,
      meanLogProbability: null,
      checked: null,
    })
    const change = (place: number, edit: (one: Candidate) => Candidate) => {
      // Beam search has no seeds: its candidates are known when they come.
      while (candidates.length <= place) candidates = [...candidates, fresh(null)]
      candidates = candidates.map((one, index) => (index === place ? edit(one) : one))
      show(candidates)
    }
    this.latest.begin<DescribeEvent>(
      (listener) => this.app.host.describe({ term, candidates: wanted, decoding, beginning, maxTokens: 96 }, listener),
      (event) => {
        switch (event.kind) {
          case 'started':
            candidates = event.seeds.map((seed) => fresh(decoding.kind === 'varied' ? seed : null))
            show(candidates)
            break
          case 'tokens':
            change(event.candidate, (one) => ({
              ...one,
              tokens: [...one.tokens, ...event.tokens],
              tentative: event.tentative,
            }))
            break
          case 'candidate':
            change(event.candidate, (one) => ({
              ...one,
              ended: event.ended,
              meanLogProbability: event.meanLogProbability,
              tentative: '',
            }))
            break
        }
      },
      (ending) => {
        candidates = candidates.map(stopped)
        show(candidates)
        void this.check()
        if (ending.kind === 'failed') this.error = ending.error
        else if (ending.kind === 'finished') this.app.ready('write', `The draft about “${term}” is there`)
      },
    )
  }
}

const stopped = (one: Candidate): Candidate => (one.ended === null ? { ...one, ended: 'stopped', tentative: '' } : one)

/** The tokens that were kept keep their own figures; the host sends them again as the beginning. */
export function withKept(tokens: Token[], kept: Token[], beginning: string): Token[] {
  let length = 0
  let place = 0
  while (place < tokens.length && length < beginning.length) {
    length += tokens[place]?.text.length ?? 0
    place += 1
  }
  return length < beginning.length ? kept : [...kept, ...tokens.slice(place)]
}
