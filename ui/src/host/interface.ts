// Everything the window asks of the world behind it. Two hosts keep this promise: `tauri` (the desktop shell) and
// `scripted` (a twin in memory, for a browser and for tests).

import type * as wire from './types'

/** A streamed call under way. Its listener hears events in order and exactly one ending, also after `cancel`. */
export interface Job {
  readonly id: string
  /** Asks it to stop at the next token. The ending still comes through the listener. */
  cancel(): void
}

export type Listener<Event> = (event: wire.Streamed<Event>) => void

/** A rejected promise carries a `HostError`. */
export interface Host {
  // The app
  start(): Promise<wire.Startup>
  /** Hears what the host says by itself; call it before `start`. Returns how to stop listening. */
  watch(listener: (event: wire.AppEvent) => void): () => void
  saveSettings(settings: wire.Settings): Promise<void>
  /** Versions, device, settings, the last errors; never document text. */
  diagnostics(): Promise<string>
  /** Writes into the log where the page failed; never document text. */
  report(place: string): Promise<void>
  reveal(folder: wire.Folder): Promise<void>
  /** Answers `askFallback`; the settings as they are then. */
  answerFallback(allow: boolean): Promise<wire.Settings>

  // The library file
  library(): Promise<wire.Library>
  /** Asks for a place with the system's dialog; null when the dialog was closed. */
  createLibrary(): Promise<wire.Library | null>
  /** Without a path the system's dialog asks for one. */
  openLibrary(path: string | null): Promise<wire.Library | null>
  copyLibrary(): Promise<string | null>
  /** The system's dialog asks which library; null when it was closed. Its decisions come under `curator`, where that is given. */
  mergeLibrary(curator: string | null): Promise<wire.MergeReport | null>
  /** How far the curators of the open library agree, and where they do not. */
  compareCurators(): Promise<wire.Comparison>
  renameLibrary(name: string, description: string): Promise<wire.Change>
  recentLibraries(): Promise<wire.RecentLibrary[]>

  // Import
  /** The system's dialog for files, or for one folder. */
  pickFiles(folder: boolean): Promise<string[]>
  previewImport(source: wire.ImportSource, listener: Listener<wire.PreviewEvent>): Job
  importPreviewed(preview: string, choices: wire.ImportChoices, listener: Listener<wire.ImportEvent>): Job

  // Documents
  documentIds(order: wire.DocumentOrder, filter: wire.DocumentFilter): Promise<number[]>
  documentSummaries(ids: number[]): Promise<wire.DocumentSummary[]>
  document(id: number): Promise<wire.DocumentView>
  removeDocuments(ids: number[]): Promise<wire.Change>
  rememberPlace(place: wire.Place): Promise<void>
  search(text: string, limit: number): Promise<wire.SearchHit[]>

  // Curation
  decide(judgements: wire.Judgement[]): Promise<wire.Change>
  /** Takes decisions back, and removes annotations of one's own. */
  withdraw(subjects: wire.Subject[]): Promise<wire.Change>
  annotate(document: number, contents: wire.Content[]): Promise<wire.Change>
  annotateOccurrences(document: number, name: string, type: string, concepts: wire.Concept[]): Promise<wire.Change>
  countOccurrences(document: number, name: string): Promise<number>
  findConcepts(name: string, limit: number): Promise<wire.Concept[]>
  writeNote(note: wire.NewNote): Promise<wire.Change>
  editNote(id: number, text: string): Promise<wire.Change>
  removeNote(id: number): Promise<wire.Change>
  undo(track: wire.Track): Promise<wire.Change | null>
  redo(track: wire.Track): Promise<wire.Change | null>
  history(before: number | null, limit: number): Promise<wire.HistoryEntry[]>
  queue(order: wire.QueueOrder, filter: wire.QueueFilter, after: string | null, limit: number): Promise<wire.QueuePage>

  // Tasks
  extract(request: wire.ExtractRequest, listener: Listener<wire.ExtractEvent>): Job
  describe(request: wire.DescribeRequest, listener: Listener<wire.DescribeEvent>): Job
  continueText(request: wire.ContinueRequest, listener: Listener<wire.ContinueEvent>): Job
  ask(request: wire.AskRequest, listener: Listener<wire.AskEvent>): Job
  /** What each sentence does to the model's answer. Nothing is stored. */
  weigh(request: wire.WeighRequest, listener: Listener<wire.AskEvent>): Job
  classify(request: wire.ClassifyRequest, listener: Listener<wire.ClassifyEvent>): Job
  prompt(request: wire.PromptRequest): Promise<wire.Prompt>
  concordance(term: string, limit: number): Promise<wire.Concordance>
  /** What sources and the library say about a term; nothing is generated. */
  lookUp(term: string): Promise<wire.TermKnowledge>
  /** Holds each sentence of a text against sources. */
  checkSupport(request: wire.CheckRequest): Promise<wire.CheckedText>

  // Batches; their progress comes as `AppEvent`
  batches(): Promise<wire.Batch[]>
  batchItems(batch: number, from: number, limit: number): Promise<wire.BatchItem[]>
  startBatch(request: wire.BatchRequest): Promise<wire.Batch>
  pauseBatch(batch: number): Promise<wire.Batch>
  resumeBatch(batch: number): Promise<wire.Batch>
  /** The documents that failed are done once more. */
  retryBatch(batch: number): Promise<wire.Batch>
  cancelBatch(batch: number): Promise<wire.Batch>

  // Models
  models(): Promise<wire.Model[]>
  /** Without paths the system's dialog asks for a folder; null when it was closed. */
  previewModel(paths: string[] | null): Promise<wire.ModelPreview | null>
  /** `used` is one of the preview's uses as the user corrected it. */
  importModel(preview: string, name: string, used: wire.ModelUse | null, listener: Listener<wire.ModelImportEvent>): Job
  verifyModel(id: string, listener: Listener<wire.VerifyEvent>): Job
  useModel(id: string): Promise<wire.EngineStatus>
  /** Has a model find the names for the model in use; null: that one itself and the dictionaries do. */
  useNames(id: string | null): Promise<void>
  /** It can be restored until Osler is closed. */
  removeModel(id: string): Promise<void>
  restoreModel(id: string): Promise<void>
  loadModel(): Promise<wire.EngineStatus>
  unloadModel(): Promise<wire.EngineStatus>

  // Devices
  devices(): Promise<wire.Device[]>

  // Drafts
  drafts(): Promise<wire.DraftSummary[]>
  draft(id: number): Promise<wire.Draft>
  beginDraft(title: string, text: string): Promise<wire.Draft>
  saveDraft(id: number, title: string, text: string, generated: wire.GeneratedSpan[]): Promise<wire.Library>
  removeDraft(id: number): Promise<wire.Change>

  // Export
  formats(scope: wire.ExportScope): Promise<wire.Format[]>
  previewExport(request: wire.ExportRequest): Promise<wire.ExportPreview>
  /** Which quotes of the library cannot be relied on. */
  checkEvidence(): Promise<wire.EvidenceReport>
  /** The system's dialog asks where to; closing it ends the job as `stopped`. */
  exportTo(request: wire.ExportRequest, listener: Listener<wire.ExportEvent>): Job
}
