import type { EditorView } from '@codemirror/view'
import type { Job } from '../../host/interface'
import type { Token } from '../../host/types'
import type { App } from '../../shared/app.svelte'
import { acceptBetween, addPassage, addUnsure, isUnsure, passagesOf, unsureOf, type Unsure } from './generated'

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
    const passage = passagesOf(editor.state).find((one) => one.from <= from && one.to >= to)
    const end = passage?.to ?? to
    // The first token of a description stands without its blank.
    const written = /\s/.test(editor.state.sliceDoc(from - 1, from)) ? text.trimStart() : text
    const taken = token.alternatives.find((one) => one.text === text)
    const others = [
      { text: token.text, logProbability: token.logProbability },
      ...token.alternatives.filter((one) => one.text !== text),
    ]
    const kept = unsureOf(editor.state).filter((one) => one.from >= (passage?.from ?? from) && one.to <= from)
    const tokens: Token[] = [{ text: written, logProbability: taken?.logProbability ?? 0, alternatives: others }]
    let at = from + written.length
    const mark = () => {
      if (!passage) return
      let place = from
      const unsure = tokens.flatMap((one) => {
        const here = { token: one, from: place, to: (place += one.text.length) }
        return isUnsure(one) && here.to <= at ? [addUnsure.of(here)] : []
      })
      editor.dispatch({
        effects: [
          acceptBetween.of({ from: passage.from, to: at }),
          addPassage.of({ ...passage, to: at, tokens: [] }),
          ...kept.map((one) => addUnsure.of(one)),
          ...unsure,
        ],
      })
    }
    const put = (change: { from: number; to?: number; insert: string }) => {
      this.writes = true
      editor.dispatch({ changes: change, effects: acceptBetween.of({ from, to: change.to ?? change.from }) })
      mark()
      this.writes = false
    }
    this.job?.cancel()
    put({ from, to: end, insert: written })
    const job = this.app.host.continueText({ before: editor.state.sliceDoc(0, at), maxTokens: 32 }, (event) => {
      if (event.kind === 'tokens') {
        if (this.job !== job) return
        tokens.push(...event.tokens)
        const more = event.tokens.map((one) => one.text).join('')
        const before = at
        at += more.length
        put({ from: before, insert: more })
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
