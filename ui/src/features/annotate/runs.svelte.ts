import type { Job } from '../../host/interface'
import type { Annotation, HostError, RelationTask, Run } from '../../host/types'
import type { App } from '../../shared/app.svelte'
import { capital } from '../../shared/format'

function without<Value>(map: ReadonlyMap<number, Value>, key: number): ReadonlyMap<number, Value> {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

/** A run over a document, and what it has found so far: it is kept when the run has ended. */
export type Extraction = {
  tokens: number
  tokensPerSecond: number
  /** Parts of the text that have been read. */
  part: number
  parts: number
  run: Run | null
  found: Annotation[]
}

/** Runs over documents. They go on while another document, or another screen, is open. */
export class Runs {
  private readonly app: App
  private extractions = $state.raw<ReadonlyMap<number, Extraction>>(new Map())
  private errors = $state.raw<ReadonlyMap<number, HostError>>(new Map())
  private readonly jobs = new Map<number, Job>()
  /** A relation was found. */
  onfound: (document: number, annotation: Annotation) => void = () => undefined
  /** Whether its document is looked at. */
  isOpen: (document: number) => boolean = () => false

  constructor(app: App) {
    this.app = app
  }

  of(document: number): Extraction | null {
    return this.extractions.get(document) ?? null
  }

  errorOf(document: number): HostError | null {
    return this.errors.get(document) ?? null
  }

  /** What another model, or another task, said is no longer about what could be done now. */
  forgetErrors(): void {
    this.errors = new Map()
  }

  stop(document: number): void {
    this.jobs.get(document)?.cancel()
  }

  forget(): void {
    for (const job of this.jobs.values()) job.cancel()
    this.errors = new Map()
  }

  /** Ends when the run has ended. `quiet`: nothing is said of it. */
  extract({ id: document, name }: { id: number; name: string }, task: RelationTask, quiet = false): Promise<void> {
    if (this.jobs.has(document)) return Promise.resolve()
    const change = (edit: (one: Extraction) => Extraction) => {
      const one = this.extractions.get(document)
      if (one) this.extractions = new Map(this.extractions).set(document, edit(one))
    }
    this.extractions = new Map(this.extractions).set(document, {
      tokens: 0,
      tokensPerSecond: 0,
      part: 0,
      parts: 1,
      run: null,
      found: [],
    })
    this.errors = without(this.errors, document)
    return new Promise((resolve) => {
      const job = this.app.host.extract({ document, task, mode: this.app.settings.mode, modelId: null }, (event) => {
        switch (event.kind) {
          case 'started': {
            // The run is told in full at the end; until then its findings need to know that it is the latest.
            const run: Run = {
              id: event.run,
              task,
              model: this.app.engine.model ?? '',
              modelId: this.app.engine.modelId ?? '',
              state: 'running',
              findings: 0,
              finishedAt: null,
              notices: [],
              problem: null,
            }
            change((one) => ({ ...one, parts: event.parts, run }))
            break
          }
          case 'progress':
            change((one) => ({
              ...one,
              part: event.part,
              parts: event.parts,
              tokens: event.tokens,
              tokensPerSecond: event.tokensPerSecond,
            }))
            break
          case 'found':
            change((one) => ({ ...one, found: [...one.found, event.annotation] }))
            this.onfound(document, event.annotation)
            break
          case 'stored': {
            // From here on it is kept.
            change((one) => ({ ...one, run: null, found: [] }))
            this.app.took(event.change)
            const summary = capital(event.change.step.summary)
            if (quiet) break
            if (this.app.screen === 'annotate' && this.isOpen(document))
              this.app.step(summary, { label: 'Undo', run: () => void this.app.turn('undo') })
            else
              this.app.toast(`${summary} in ${name}`, {
                label: 'Show',
                run: () => this.app.go('annotate', { document }),
              })
            break
          }
          case 'failed':
            this.errors = new Map(this.errors).set(document, event.error)
            if (!this.isOpen(document)) this.app.fail(event.error)
            ended()
            break
          default:
            ended()
        }
      })
      this.jobs.set(document, job)
      const untrack = this.app.jobs.track(job, 'annotate')
      const ended = () => {
        untrack()
        this.jobs.delete(document)
        this.extractions = without(this.extractions, document)
        resolve()
      }
    })
  }
}
