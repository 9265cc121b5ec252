// The wire: what the window and the host say to each other. Plain data, as the generator of the Rust side writes it.
// Offsets are UTF-16 code units into `DocumentView.text`, half open. Times are milliseconds since 1970. Ids are numbers
// of the open library, except where a string is said.

// ---------------------------------------------------------------------------------------------------------- general

/** What went wrong, for people: `message` says what was attempted and why it failed, `hint` what to do. */
export type HostError = { code: ErrorCode; message: string; hint: string }

/** A code exists only where the window acts on it; everything else is `other`. */
export type ErrorCode =
  | 'noModel'
  | 'modelBusy'
  | 'engineFailed'
  | 'outOfMemory'
  | 'libraryLocked'
  | 'libraryReadOnly'
  | 'libraryTooNew'
  | 'diskFull'
  | 'notFound'
  | 'overtaken'
  | 'badInput'
  | 'other'

export type Span = { start: number; end: number }

/** An event of a streamed call. `seq` counts from 0 without gaps; the last one is an `Ending`, and there is only one. */
export type Streamed<Event> = { seq: number } & (Event | Ending)

export type Ending =
  | { kind: 'finished' }
  | { kind: 'stopped' } // cancelled; what had come is kept
  | { kind: 'failed'; error: HostError }

// ---------------------------------------------------------------------------------------------------------- the app

export type Startup = {
  version: string
  settings: Settings
  library: Library
  recent: RecentLibrary[]
  engine: EngineStatus
  /** Where the curator was, to open it again. */
  place: Place | null
  /** What the last start left to say: the crash sentinel, a fallback to another device. */
  notices: StartNotice[]
  /** Files that the system asked Osler to open. */
  opened: string[]
}

export type StartNotice = { kind: 'afterCrash'; message: string } | { kind: 'deviceChanged'; message: string }

/** What the host says without being asked. */
export type AppEvent =
  | { kind: 'engine'; status: EngineStatus }
  | { kind: 'dropHover'; paths: string[] }
  | { kind: 'dropLeft' }
  | { kind: 'dropped'; paths: string[] }
  | { kind: 'opened'; paths: string[] }
  | { kind: 'batch'; batch: Batch }
  /** Another process, or a batch, wrote into the library: lists are stale. */
  | { kind: 'libraryChanged'; library: Library; documents: number[] | null }
  /** The device failed; nothing goes on before `answerFallback`. */
  | { kind: 'askFallback'; from: string; to: string; reason: string }

export type EngineStatus = {
  state: EngineState
  model: string | null
  modelId: string | null
  device: string
  /** What runs at the moment, in words: `Extracting relations from 31245789`. */
  activity: string | null
  tokensPerSecond: number | null
  queued: number
  /** Bytes of model memory. */
  memory: number | null
}

export type EngineState = 'empty' | 'loading' | 'ready' | 'busy' | 'unloaded' | 'failed'

export type Place = { document: number; top: number }

// ------------------------------------------------------------------------------------------------------ the library

export type Library = {
  path: string
  name: string
  description: string
  bytes: number
  documents: number
  findings: number
  /** Findings that the curator has decided. */
  decided: number
  notes: number
  drafts: number
  readOnly: boolean
  undo: Step | null
  redo: Step | null
}

export type RecentLibrary = { path: string; name: string; documents: number; openedAt: number; missing: boolean }

export type DocumentOrder = 'newestFirst' | 'oldestFirst' | 'title' | 'sourceId'

export type DocumentFilter = {
  /** Only documents with findings that the curator has not decided. */
  undecided: boolean
  /** Only documents that no model has run over for this task. */
  withoutTask: Task | null
  origin: string | null
}

export type DocumentSummary = {
  id: number
  sourceId: string
  title: string
  origin: string
  importedAt: number
  /** Length of the text in words. */
  words: number
  findings: number
  decided: number
  notes: number
}

export type SearchHit = {
  kind: 'document' | 'name' | 'note' | 'decision' | 'draft'
  id: number
  document: number | null
  title: string
  snippet: string
  /** Into `snippet`. */
  highlights: Span[]
}

// ----------------------------------------------------------------------------------------------------------- import

export type ImportSource =
  | { kind: 'paths'; paths: string[] }
  | { kind: 'text'; text: string; origin: string }
  | { kind: 'documents'; origin: string; documents: NewDocument[] }

export type NewDocument = { sourceId: string; title: string; text: string }

export type ImportPreview = {
  /** Hand it back to `importPreviewed`. */
  id: string
  files: PreviewedFile[]
  /** The first of the documents, at most a hundred. */
  documents: PreviewedDocument[]
  fresh: number
  known: number
  issues: ImportIssue[]
  furtherIssues: number
}

export type PreviewedFile = {
  name: string
  bytes: number
  /** Null where the file is refused; `refusal` says why. */
  format: string | null
  documents: number
  notices: string[]
  refusal: HostError | null
}

export type PreviewedDocument = { sourceId: string; title: string; file: string; words: number; known: boolean }

export type ImportIssue = { file: string; place: string; message: string; remedy: string }

export type PreviewEvent =
  | { kind: 'reading'; file: string; done: number; total: number }
  | { kind: 'preview'; preview: ImportPreview }

export type ImportEvent =
  | { kind: 'progress'; done: number; total: number }
  | { kind: 'imported'; documents: number[]; known: number; step: Step }

// -------------------------------------------------------------------------------------------- documents and findings

export type DocumentView = {
  id: number
  sourceId: string
  title: string
  origin: string
  format: string
  importedAt: number
  text: string
  textSha256: string
  passages: Passage[]
  sentences: Span[]
  /** Bibliography and other properties that came with it. */
  infons: Infon[]
  marks: Marks
  /** First offset that was in view when the document was left. */
  top: number
}

export type Infon = { name: string; value: string }

export type Passage = { span: Span; type: string }

/** Everything that points into a text. It is sent whole after each change of a document. */
export type Marks = { annotations: Annotation[]; notes: Note[]; runs: Run[] }

export type Concept = { vocabulary: string; id: string; name: string }

export type Grade = 'exact' | 'case' | 'abbreviation' | 'alias' | 'none'

/** `spans`: the mention nearest to the evidence first; empty for a name that is not in the text. */
export type Participant = { role: string; name: string; spans: Span[]; concepts: Concept[]; grade: Grade }

export type Content =
  | { kind: 'entity'; type: string; spans: Span[]; text: string; concepts: Concept[] }
  | { kind: 'relation'; type: string; participants: Participant[] }
  | { kind: 'label'; label: string; span: Span | null }
  | { kind: 'answer'; question: string; verdict: Verdict; probabilities: Probabilities }

/** What an annotation is, and what its curator may decide about. */
export type Subject =
  | { kind: 'finding'; id: number } // a model's
  | { kind: 'entity'; id: number } // came with the document
  | { kind: 'relation'; id: number } // came with the document
  | { kind: 'added'; id: number } // the curator's own

export type Annotation = {
  subject: Subject
  /** As it reads now: edited by the curator, or else as it came. */
  content: Content
  /** The same for the same statement by another model. */
  signature: string
  /** What the model said. Never changes, whatever the curator decides. */
  prediction: Prediction | null
  decision: Decision | null
}

export type Prediction = {
  run: number
  content: Content
  /** Calibrated probability. */
  score: number | null
  /** Probability that the grammar took away while it was written, 0 to 1. */
  maskedMass: number | null
  /** Further figures by name: `log probability`, `against none`, `against swapped`. */
  figures: Figure[]
  evidence: Span[]
  grade: Grade
  warnings: Warning[]
}

export type Figure = { name: string; value: number }

export type Warning = { type: 'negation' | 'hedging' | 'other'; span: Span | null; text: string }

export type Decision = {
  verdict: 'accepted' | 'rejected' | 'edited' | 'added'
  reason: Reason | null
  comment: string
  curator: string
  madeAt: number
}

export type Reason =
  | 'notInText'
  | 'negated'
  | 'speculative'
  | 'wrongType'
  | 'wrongName'
  | 'wrongId'
  | 'wrongDirection'
  | 'duplicate'
  | 'other'

export type Judgement =
  | { kind: 'accept'; subject: Subject }
  | { kind: 'reject'; subject: Subject; reason: Reason | null; comment: string }
  | { kind: 'edit'; subject: Subject; content: Content }

export type Run = {
  id: number
  task: Task
  model: string
  modelId: string
  state: 'running' | 'finished' | 'stopped' | 'failed'
  findings: number
  finishedAt: number | null
  /** What the user should know: the text was split in two parts with overlap. */
  notices: string[]
  problem: string | null
}

export type Note = {
  id: number
  document: number
  subject: Subject | null
  span: Span | null
  text: string
  author: string
  modifiedAt: number
}

export type NewNote = { document: number; subject: Subject | null; span: Span | null; text: string }

/** One action, for the toast and the history. `summary` is a past participle: `accepted 1 relation`. */
export type Step = { event: number; summary: string; document: number | null; track: Track }

/** Curation and writing are undone apart. */
export type Track = 'curation' | 'writing'

/** What an action did. `document` and `marks`: the document to show and its marks after it. */
export type Change = { step: Step; document: number | null; marks: Marks | null; library: Library }

export type HistoryEntry = {
  event: number
  summary: string
  author: string
  document: number | null
  madeAt: number
  state: 'done' | 'undone' | 'abandoned'
}

export type QueueOrder = 'uncertainty' | 'disagreement' | 'novelty' | 'maskedMass' | 'confidence' | 'reading'

export type QueueFilter = {
  undecided: boolean
  document: number | null
  task: Task | null
  type: string | null
  atLeast: number | null
}

export type QueuePage = { entries: QueueEntry[]; total: number; next: string | null }

export type QueueEntry = { document: number; documentTitle: string; annotation: Annotation; rank: number }

// ------------------------------------------------------------------------------------------------------------ tasks

export type Task = 'bc5cdr' | 'ddi' | 'kdDti' | 'describe' | 'answer' | 'classify'

export type RelationTask = 'bc5cdr' | 'ddi' | 'kdDti'

/** `generate`: the model writes under the grammar. `exhaustive`: every candidate pair is scored. */
export type ExtractionMode = 'generate' | 'exhaustive'

export type ExtractRequest = { document: number; task: RelationTask; mode: ExtractionMode; modelId: string | null }

export type ExtractEvent =
  | { kind: 'started'; run: number; promptTokens: number; parts: number }
  | { kind: 'progress'; part: number; parts: number; tokens: number; tokensPerSecond: number }
  | { kind: 'found'; annotation: Annotation }
  | { kind: 'stored'; change: Change }

export type Token = {
  text: string
  /** Natural logarithm of its probability. */
  logProbability: number
  /** Others that stood at this place, the likeliest first, without the chosen one. */
  alternatives: Alternative[]
}

export type Alternative = { text: string; logProbability: number }

/** `careful`: beam search with five beams. `varied`: sampling with a seed for each candidate. */
export type Decoding = { kind: 'careful' } | { kind: 'varied'; temperature: number; seed: number }

export type DescribeRequest = {
  term: string
  candidates: number
  decoding: Decoding
  /** Text that the description must begin with: to go on from a chosen alternative. */
  beginning: string
  maxTokens: number
}

export type DescribeEvent =
  | { kind: 'started'; prompt: string; seeds: number[] }
  /** `tentative`: may still change; replaces the one before. */
  | { kind: 'tokens'; candidate: number; tokens: Token[]; tentative: string }
  | { kind: 'candidate'; candidate: number; meanLogProbability: number; ended: 'complete' | 'length' | 'repetition' }

export type ContinueRequest = { before: string; maxTokens: number }

export type ContinueEvent = { kind: 'tokens'; tokens: Token[]; tentative: string }

export type Concordance = { total: number; lines: ConcordanceLine[] }

/** A sentence of the library that mentions the term. */
export type ConcordanceLine = { document: number; title: string; sourceId: string; sentence: string; highlights: Span[] }

export type Verdict = 'yes' | 'no' | 'maybe' | 'abstain'

export type Probabilities = { yes: number; no: number; maybe: number }

export type AskRequest = { question: string; documents: number[] }

export type AskEvent =
  | { kind: 'answer'; document: number; title: string; verdict: Verdict; probabilities: Probabilities; run: number }
  /** Leave one sentence out: `effect` is what the probability of the given verdict loses without it. */
  | { kind: 'influence'; document: number; sentences: Influence[] }
  | { kind: 'unanswered'; document: number; title: string; error: HostError }

export type Influence = { span: Span; effect: number; without: Probabilities }

export type ClassifyRequest = { documents: number[] }

export type ClassifyEvent =
  | { kind: 'sentence'; document: number; span: Span; scores: LabelScore[] }
  | { kind: 'labels'; document: number; title: string; labels: LabelScore[]; run: number }

export type LabelScore = { label: string; probability: number }

export type PromptRequest =
  | { kind: 'extract'; document: number; task: RelationTask }
  | { kind: 'answer'; document: number; question: string }
  | { kind: 'classify'; document: number; span: Span }
  | { kind: 'describe'; term: string }

/** Exactly what the model is given. */
export type Prompt = { text: string; tokens: number; learnedTokens: number; limit: number }

// ------------------------------------------------------------------------------------------------------------ batch

export type BatchRequest = { task: Task; question: string | null; documents: number[]; mode: ExtractionMode }

export type Batch = {
  id: number
  task: Task
  question: string | null
  model: string
  state: 'running' | 'paused' | 'cancelled' | 'finished'
  total: number
  done: number
  failed: number
  skipped: number
  findings: number
  createdAt: number
  /** Seconds of work so far, pauses left out. */
  seconds: number
  documentsPerMinute: number | null
  /** Seconds still to go, with a range; null while too little is known. */
  remaining: { low: number; high: number } | null
  /** What it is at. */
  current: string | null
}

export type BatchItem = {
  ordinal: number
  document: number
  title: string
  state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped'
  findings: number
  seconds: number | null
  problem: HostError | null
}

// ----------------------------------------------------------------------------------------------------------- models

export type Model = {
  id: string
  name: string
  origin: 'builtIn' | 'imported'
  parameters: number
  bytes: number
  sha256: string
  tokenizerSha256: string
  licence: string
  researchOnly: boolean
  tasks: Task[]
  architecture: string
  contextTokens: number
  precision: string
  importedAt: number | null
  verifiedAt: number | null
  selfTest: SelfTest | null
  metrics: Metric[]
  /** The card's text, Markdown. */
  card: string
  inUse: boolean
}

export type Metric = { task: Task; name: string; value: number; published: number | null; data: string }

export type SelfTest = { passed: boolean; device: string; tokensPerSecond: number; message: string }

export type ModelPreview = {
  /** Hand it back to `importModel`; null where nothing can be imported. */
  id: string | null
  folder: string
  form: 'huggingFace' | 'fairseq' | 'osler' | 'unknown'
  name: string
  architecture: string | null
  parameters: number | null
  files: ModelFile[]
  bytes: number
  neededBytes: number
  freeBytes: number
  problems: HostError[]
}

export type ModelFile = { name: string; role: string; state: 'found' | 'missing' | 'optional' | 'damaged'; bytes: number | null; remark: string }

export type ModelImportEvent =
  | { kind: 'phase'; phase: ModelPhase; done: number; total: number; detail: string }
  | { kind: 'imported'; model: Model }

export type ModelPhase = 'reading' | 'converting' | 'verifying' | 'selfTest'

export type VerifyEvent =
  | { kind: 'phase'; phase: ModelPhase; done: number; total: number; detail: string }
  | { kind: 'verified'; model: Model; intact: boolean; message: string }

// ------------------------------------------------------------------------------------------- devices and settings

export type Device = {
  /** `cpu`, or the adapter's own id. */
  id: string
  name: string
  type: 'cpu' | 'discreteGpu' | 'integratedGpu' | 'softwareGpu'
  backend: string
  driver: string
  memory: number | null
  halfPrecision: boolean
  limits: Limit[]
  /** Why the model in use cannot run on it, if it cannot. */
  unfit: string | null
  inUse: boolean
}

export type Limit = { name: string; value: string }

export type DeviceChoice = { kind: 'auto' } | { kind: 'device'; id: string }

export type Settings = {
  curator: string
  theme: 'system' | 'light' | 'dark' | 'contrast'
  density: 'compact' | 'regular' | 'roomy'
  /** 1 is 100 %. */
  zoom: number
  motion: 'system' | 'reduced' | 'full'
  device: DeviceChoice
  /** Minutes without work after which the model leaves memory; 0 for never. */
  unloadAfter: number
  ghostText: boolean
  ghostDelay: number
  task: RelationTask
  mode: ExtractionMode
  threshold: number
  /** The band around a toss-up in which no answer is given: the least probability that a verdict needs. */
  abstainBelow: number
  /** Own keys by command, in place of the usual ones. */
  keys: KeyBinding[]
}

export type KeyBinding = { command: string; keys: string[] }

export type Folder = 'data' | 'models' | 'logs' | 'library'

// ---------------------------------------------------------------------------------------------------------- drafts

export type Draft = {
  id: number
  title: string
  text: string
  /** Stretches that a model wrote and the author has not accepted yet. */
  generated: GeneratedSpan[]
  createdAt: number
  modifiedAt: number
}

export type GeneratedSpan = { span: Span; model: string; seed: number | null }

export type DraftSummary = { id: number; title: string; words: number; modifiedAt: number }

// ---------------------------------------------------------------------------------------------------------- export

export type Format = {
  id: string
  name: string
  extension: string
  description: string
  /** What it can hold at all. */
  holds: { entities: boolean; relations: boolean; scores: boolean; decisions: boolean; record: boolean }
}

export type ExportScope = { kind: 'documents'; documents: number[] } | { kind: 'library' } | { kind: 'draft'; draft: number }

/** `curated`: as the curator left it. `predicted`: as the models said. `everything`: both, side by side. */
export type ExportContent = 'curated' | 'predicted' | 'everything' | 'imported'

export type ExportRequest = { scope: ExportScope; format: string; content: ExportContent }

export type ExportPreview = {
  fileName: string
  documents: number
  annotations: number
  bytes: number
  /** The beginning of the file. */
  excerpt: string
  losses: Loss[]
  records: RunRecord[]
}

/** What the format cannot hold. */
export type Loss = { what: string; count: number; example: string }

export type RunRecord = {
  run: number
  appVersion: string
  model: string
  modelSha256: string
  tokenizerSha256: string
  task: Task
  taskVersion: string
  grammarVersion: string
  decoding: string
  seed: string
  device: string
  textSha256: string
  madeAt: number
}

export type ExportEvent =
  | { kind: 'progress'; done: number; total: number }
  | { kind: 'written'; path: string; bytes: number; documents: number }
