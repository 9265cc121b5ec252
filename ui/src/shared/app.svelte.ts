/** What all screens share: the host, what it says about itself, where the user is, and the toasts. */

import { getContext, setContext, type Component } from 'svelte'
import type { Host } from '../host/interface'
import type * as wire from '../host/types'
import { CommandTable, type Screen } from './commands'
import { holding, type Asked, type Dialog } from './dialogs'
import { toError } from './errors'
import { capital } from './format'
import { Jobs } from './jobs.svelte'
import { ToastList, type Toast } from './toasts.svelte'

/** What a feature keeps while the app runs. `forget`: another library was opened, and what is about the last one is gone. */
export interface Lasting {
  forget(): void
}

type ChangeListener = (change: { document: number | null; marks: wire.Marks | null }) => void

export class App {
  readonly host: Host
  readonly commands = new CommandTable()
  readonly now: () => number
  readonly version: string
  settings = $state<wire.Settings>() as wire.Settings
  library = $state<wire.Library>() as wire.Library
  engine = $state<wire.EngineStatus>() as wire.EngineStatus
  recent = $state<wire.RecentLibrary[]>([])
  notices = $state<wire.StartNotice[]>([])
  batches = $state<wire.Batch[]>([])
  /** The installed models, for what was measured of them. */
  models = $state.raw<wire.Model[]>([])
  screen = $state<Screen>('library')
  /** The document that Annotate and Ask are at. */
  document = $state<number | null>(null)
  /** Documents chosen in the library, for Ask, Batch and Export. */
  chosen = $state<number[]>([])
  draft = $state<number | null>(null)
  /** A passage that was gone to, until its document shows it. */
  passage: { document: number; span: wire.Span } | null = null
  /** What takes keys before any command does: a text in which words or mentions are chosen by typing. True where it took one. */
  keys: ((event: KeyboardEvent) => boolean) | null = null
  private shown = $state.raw<Dialog | null>(null)
  private later: Dialog[] = []
  readonly toastList = new ToastList()
  dropping = $state<string[] | null>(null)
  /** Counts changes of what the library holds. */
  revision = $state(0)
  /** Counts changes of which documents there are. */
  listing = $state(0)
  readonly jobs = new Jobs()
  private readonly lasting = new Map<new (app: App) => Lasting, Lasting>()
  private readonly changeListeners = new Set<ChangeListener>()
  private readonly turnListeners = new Set<(change: wire.Change) => void>()
  /** Actions on the library, one after the other in the order in which they were asked for. */
  private line: Promise<unknown> = Promise.resolve()
  /** What is done with documents that were just imported. */
  afterImport: (documents: number[], origin: string) => void = () => undefined
  private systemDark = $state(false)

  constructor(host: Host, startup: wire.Startup, now: () => number = () => Date.now()) {
    this.host = host
    this.now = now
    this.version = startup.version
    this.settings = startup.settings
    this.library = startup.library
    this.engine = startup.engine
    this.recent = startup.recent
    this.notices = startup.notices
    this.commands.bind(startup.settings.keys)
    if (startup.place) this.document = startup.place.document
    if (startup.opened.length > 0) this.receive(startup.opened)
    const dark = typeof matchMedia === 'undefined' ? null : matchMedia('(prefers-color-scheme: dark)')
    this.systemDark = dark?.matches ?? false
    dark?.addEventListener('change', (event) => (this.systemDark = event.matches))
    void host
      .batches()
      .then((batches) => (this.batches = batches))
      .catch((thrown: unknown) => this.fail(thrown))
    void this.loadModels()
  }

  // Dialogs

  get dialog(): Dialog | null {
    return this.shown
  }

  /** Opens a dialog, or closes the one that is open; one that holds something is closed by nobody but its user. */
  set dialog(next: Dialog | null) {
    const before = this.shown
    if (next !== null && before !== null && holding.has(before.kind)) {
      this.later.push(next)
      return
    }
    this.shown = next ?? this.later.shift() ?? null
    if (before?.kind === 'asked') before.answer(null)
  }

  /**
   * Asks with a dialog, and tells what was answered; null where it was left. Question and answer are handed over by value: whoever
   * asks keeps what it is about in its own hands, and nothing is read from a dialog that is closed.
   */
  ask<Question, Answer>(component: Component<Asked<Question, Answer>>, question: Question): Promise<Answer | null> {
    return new Promise((resolve) => {
      const answer = (value: Answer | null) => {
        resolve(value)
        if (this.shown === dialog) this.dialog = null
      }
      const dialog: Dialog = {
        kind: 'asked',
        component: component as Component<Asked<unknown, unknown>>,
        question,
        answer: answer as (value: unknown) => void,
      }
      this.dialog = dialog
    })
  }

  hear(event: wire.AppEvent): void {
    switch (event.kind) {
      case 'engine':
        if (event.status.modelId !== this.engine.modelId) void this.loadModels()
        this.engine = event.status
        break
      case 'dropHover':
        this.dropping = event.paths
        break
      case 'dropLeft':
        this.dropping = null
        break
      case 'dropped':
        this.dropping = null
        this.take(event.paths)
        break
      case 'opened':
        if (event.paths.length > 0) this.receive(event.paths)
        break
      case 'batch':
        this.afterBatch(event.batch)
        this.batches = [event.batch, ...this.batches.filter((batch) => batch.id !== event.batch.id)].sort(
          (left, right) => right.id - left.id,
        )
        break
      case 'libraryChanged':
        this.hold(event.library)
        for (const document of event.documents ?? [])
          this.changeListeners.forEach((listener) => listener({ document, marks: null }))
        break
      case 'askFallback':
        this.dialog = { kind: 'fallback', from: event.from, to: event.to, reason: event.reason }
        break
    }
  }

  /** What a batch has found is in the library: lists, figures and the open document show it once it pauses or ends. */
  private afterBatch(batch: wire.Batch): void {
    const before = this.batches.find((one) => one.id === batch.id)
    if (before?.state !== 'running' || batch.state === 'running') return
    void this.host
      .library()
      .then((library) => {
        this.hold(library)
        for (const listener of this.changeListeners) listener({ document: this.document, marks: null })
      })
      .catch((thrown: unknown) => this.fail(thrown))
  }

  /** What was dropped: a model on Models, documents or a library anywhere else. */
  take(paths: string[]): void {
    if (this.screen === 'models') void this.lookAtModel(paths)
    else this.receive(paths)
  }

  /** What a folder of weights holds is shown once it is known; without paths the system's dialog asks for one before. */
  async lookAtModel(paths: string[] | null): Promise<void> {
    try {
      const preview = await this.host.previewModel(paths)
      if (preview) this.dialog = { kind: 'modelImport', preview }
    } catch (thrown) {
      this.dialog = { kind: 'error', error: toError(thrown) }
    }
  }

  /** A library is opened; anything else may be imported. */
  private receive(paths: string[]): void {
    const [library, ...others] = paths
    if (library !== undefined && others.length === 0 && library.toLowerCase().endsWith('.osler'))
      void this.switchTo(() => this.host.openLibrary(library))
    else this.preview({ kind: 'paths', paths, columns: {} })
  }

  /** Works with another library, unless a dialog was closed. */
  async switchTo(open: () => Promise<wire.Library | null>): Promise<void> {
    try {
      const library = await this.inTurn(open)
      if (!library) return
      for (const one of this.lasting.values()) one.forget()
      this.document = null
      this.draft = null
      this.chosen = []
      this.hold(library)
      ;[this.recent, this.batches] = await Promise.all([this.host.recentLibraries(), this.host.batches()])
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** The one of its kind, made when it is first needed. */
  keep<Kind extends Lasting>(kind: new (app: App) => Kind): Kind {
    const known = this.lasting.get(kind)
    if (known) return known as Kind
    // It outlives the screen that asks for it first: what it derives would stand still once that screen is left.
    let made: Kind | undefined
    $effect.root(() => {
      made = new kind(this)
    })
    const kept = made ?? new kind(this)
    this.lasting.set(kind, kept)
    return kept
  }

  go(screen: Screen, where: { document?: number; passage?: wire.Span; draft?: number } = {}): void {
    if (where.document !== undefined) this.document = where.document
    this.passage = where.document && where.passage ? { document: where.document, span: where.passage } : null
    if (where.draft !== undefined) this.draft = where.draft
    this.screen = screen
    this.commands.screen = screen
  }

  get theme(): 'light' | 'dark' | 'contrast' {
    const { theme } = this.settings
    return theme === 'system' ? (this.systemDark ? 'dark' : 'light') : theme
  }

  save(change: Partial<wire.Settings>): void {
    this.settings = { ...this.settings, ...change }
    if (change.keys) this.commands.bind(change.keys)
    this.host.saveSettings($state.snapshot(this.settings)).catch((thrown: unknown) => this.fail(thrown))
  }

  async loadModels(): Promise<void> {
    try {
      this.models = await this.host.models()
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  // Actions

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.line.then(work)
    this.line = done.catch(() => undefined)
    return done
  }

  /** Hears of what was undone or done again. */
  onTurn(listener: (change: wire.Change) => void): () => void {
    this.turnListeners.add(listener)
    return () => this.turnListeners.delete(listener)
  }

  onChange(listener: ChangeListener): () => void {
    this.changeListeners.add(listener)
    return () => this.changeListeners.delete(listener)
  }

  /** The library as it is after whatever was done to it. */
  hold(library: wire.Library): void {
    this.library = library
    this.revision += 1
    this.listing += 1
  }

  /** A change of the library is shown wherever it is looked at. */
  took(change: wire.Change): void {
    // What is decided about a document changes no list of documents, which may be long.
    const lists = change.marks === null || change.library.documents !== this.library.documents
    this.library = change.library
    this.revision += 1
    if (lists) this.listing += 1
    for (const listener of this.changeListeners) listener(change)
  }

  /** Runs an action of the library and says what it did; `then` is done with it. Null where it failed; the error is shown. */
  async act(
    action: () => Promise<wire.Change>,
    { quiet = false, then = null }: { quiet?: boolean; then?: (() => void) | null } = {},
  ): Promise<wire.Change | null> {
    try {
      const change = await this.inTurn(action)
      this.took(change)
      then?.()
      // Where nothing was changed, Undo would take back something else.
      const undo = change.step.event === 0 ? null : { label: 'Undo', run: () => void this.turn('undo') }
      if (!quiet) this.step(capital(change.step.summary), undo)
      return change
    } catch (thrown) {
      this.fail(thrown)
      return null
    }
  }

  /**
   * Undo and redo by key. Writing and Annotate and the list of documents show what is taken back; elsewhere it is said first what it
   * would be.
   */
  async turnHere(direction: 'undo' | 'redo'): Promise<void> {
    if (this.screen === 'write') return this.turn(direction, 'writing')
    if (this.screen === 'annotate' || this.screen === 'library') return this.turn(direction)
    const step = this.library[direction]
    const word = direction === 'undo' ? 'Undo' : 'Redo'
    if (!step) this.toast(`Nothing to ${word.toLowerCase()}`)
    else
      this.step(`${word}: ${step.summary}? It is not on this screen.`, {
        label: word,
        run: () => void this.turn(direction),
      })
  }

  async turn(direction: 'undo' | 'redo', track: wire.Track = 'curation'): Promise<void> {
    try {
      const change = await this.inTurn(() => this.host[direction](track))
      if (!change) {
        this.toast(direction === 'undo' ? 'Nothing to undo' : 'Nothing to redo')
        return
      }
      const back =
        direction === 'undo' ? ({ label: 'Redo', to: 'redo' } as const) : ({ label: 'Undo', to: 'undo' } as const)
      const elsewhere = this.screen !== 'annotate' && change.document !== null ? change.document : null
      this.took(change)
      this.turnListeners.forEach((listener) => listener(change))
      this.step(
        `${direction === 'undo' ? 'Undone' : 'Redone'}: ${change.step.summary}`,
        elsewhere === null
          ? { label: back.label, run: () => void this.turn(back.to, track) }
          : { label: 'Show', run: () => this.go('annotate', { document: elsewhere }) },
      )
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** Something has come that was asked for on a screen: said where the user is not looking at it. */
  ready(screen: Screen, text: string, show: () => void = () => undefined): void {
    if (this.screen === screen) return
    const run = () => {
      show()
      this.go(screen)
    }
    this.toast(text, { label: 'Show', run })
  }

  // Toasts

  get toasts(): readonly Toast[] {
    return this.toastList.all
  }

  toast(text: string, action: Toast['action'] = null, tone: Toast['tone'] = 'plain'): void {
    this.toastList.add(text, action, tone)
  }

  /** A step of the library. */
  step(text: string, action: Toast['action']): void {
    this.toastList.step(text, action)
  }

  /** What nobody caught: shown as any error, and logged with where it happened. Its words stay here: they may hold some of a text. */
  uncaught(thrown: unknown): void {
    const place =
      thrown instanceof Error
        ? `${thrown.name} ${(thrown.stack ?? '')
            .split('\n')
            .filter((line) => line.includes('@') || line.trim().startsWith('at '))
            .slice(0, 6)
            .join(' | ')}`
        : typeof thrown
    void this.host.report(place).catch(() => undefined)
    this.fail(thrown)
  }

  fail(thrown: unknown): void {
    const error = toError(thrown)
    // The same again and again is said once.
    if (this.toasts.some((toast) => toast.tone === 'error' && toast.text === error.message)) return
    this.toast(error.message, { label: 'Details', run: () => (this.dialog = { kind: 'error', error }) }, 'error')
  }

  /** Imports what is given after showing what it is. */
  preview(source: wire.ImportSource): void {
    this.dialog = { kind: 'import', source }
  }
}

const key = Symbol('app')

export const provideApp = (app: App) => setContext(key, app)
export const useApp = () => getContext<App>(key)
