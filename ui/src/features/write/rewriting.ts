import type { EditorView } from '@codemirror/view'
import type { Job } from '../../host/interface'
import type { Token } from '../../host/types'
import type { App } from '../../shared/app.svelte'
import { addPassage, addUnsure, byModel, isUnsure, passagesOf, type Passage, type Unsure } from './generated'

/** The passages from the one that holds a place on, as far as only white space is between them. */
function runAt(editor: EditorView, place: number): Passage[] {
  const all = passagesOf(editor.state)
  const first = all.findIndex((one) => one.from <= place && place < one.to)
  if (first < 0) return []
  const rest = all.slice(first)
  const gap = rest.findIndex((one, at) => {
    const before = rest[at - 1]
    return before !== undefined && editor.state.sliceDoc(before.to, one.from).trim() !== ''
  })
  return gap < 0 ? rest : rest.slice(0, gap)
}

/** Another word in place of an unsure one: what the model wrote after it is written anew, and can be chosen from again. */
export class Rewriting {
  private readonly app: App
  private job: Job | null = null
  /** A change of the text is the model's, and not the author's. */
  writes = false

  constructor(app: App) {
    this.app = app
  }

  /** What the author does goes before what the model still writes: its place would be another. */
  leave(): void {
    this.job?.cancel()
    this.job = null
  }

  goOn(editor: EditorView, { token, from, to }: Unsure, text: string): void {
    // A token may begin with the blank before its sentence.
    const run = runAt(editor, to - 1)
    const [first] = run
    const last = run.at(-1)
    if (!first || !last) return
    // The first token of a description stands without its blank.
    const written = /\s/.test(editor.state.sliceDoc(from - 1, from)) ? text.trimStart() : text
    const taken = token.alternatives.find((one) => one.text === text)
    const others = [
      { text: token.text, logProbability: token.logProbability },
      ...token.alternatives.filter((one) => one.text !== text),
    ]
    let at = from
    // What is written now was held against no source.
    const put = (tokens: Token[], end: number) => {
      const unsure = []
      let place = at
      for (const one of tokens) {
        if (isUnsure(one)) unsure.push(addUnsure.of({ token: one, from: place, to: place + one.text.length }))
        place += one.text.length
      }
      const insert = tokens.map((one) => one.text).join('')
      this.writes = true
      editor.dispatch({
        changes: { from: at, to: end, insert },
        annotations: byModel.of(true),
        effects: [
          addPassage.of({ ...first, from: Math.min(first.from, from), to: place, support: null, mark: '' }),
          ...unsure,
        ],
      })
      this.writes = false
      at = place
    }
    this.job?.cancel()
    put([{ text: written, logProbability: taken?.logProbability ?? 0, alternatives: others }], last.to)
    const job = this.app.host.continueText({ before: editor.state.sliceDoc(0, at), maxTokens: 32 }, (event) => {
      if (event.kind === 'tokens') {
        if (this.job === job) put(event.tokens, at)
      } else {
        if (event.kind === 'failed') this.app.fail(event.error)
        if (this.job === job) this.job = null
        ended()
      }
    })
    this.job = job
    const ended = this.app.jobs.track(job, 'write')
  }
}
