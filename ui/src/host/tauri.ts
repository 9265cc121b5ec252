// The desktop shell. Thin on purpose: one command a method, one channel a stream. The commands are generated.

import { Channel } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import { commands } from './bindings'
import type { Host, Job, Listener } from './interface'
import type { AppEvent, HostError, Settings, Startup, Streamed } from './types'

/** Whatever a command threw, as a `HostError`. */
function toHostError(thrown: unknown): HostError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown) return thrown as HostError
  return {
    code: 'other',
    message: `Osler could not finish this: ${String(thrown)}.`,
    hint: 'Try it again. If it comes back, copy the diagnostics and report it.',
  }
}

async function call<Result>(answer: Promise<Result>): Promise<Result> {
  try {
    return await answer
  } catch (thrown) {
    throw toHostError(thrown)
  }
}

/** For commands that answer nothing. */
async function done(answer: Promise<unknown>): Promise<void> {
  await call(answer)
}

let jobs = 0

/** Starts a streamed command with a fresh job id and a channel. One that cannot even start ends its stream as failed. */
function stream<Event>(
  start: (job: string, channel: Channel<Streamed<Event>>) => Promise<unknown>,
  listener: Listener<Event>,
): Job {
  const job = `${String(Date.now())}-${String((jobs += 1))}`
  const channel = new Channel<Streamed<Event>>()
  let next = 0
  let ended = false
  channel.onmessage = (event) => {
    next = event.seq + 1
    ended ||= 'kind' in event && (event.kind === 'finished' || event.kind === 'stopped' || event.kind === 'failed')
    listener(event)
  }
  start(job, channel).catch((thrown: unknown) => {
    if (!ended) listener({ seq: next, kind: 'failed', error: toHostError(thrown) })
  })
  return { id: job, cancel: () => void commands.cancel(job).catch(() => undefined) }
}

export function tauriHost(): Host {
  return {
    start: () => call(commands.start() as Promise<Startup>),
    watch(listener) {
      const stop = listen<AppEvent>('osler', (event) => listener(event.payload))
      return () => void stop.then((unlisten) => unlisten())
    },
    saveSettings: (settings) => done(commands.saveSettings(settings)),
    diagnostics: () => call(commands.diagnostics()),
    report: (place) => done(commands.report(place)),
    reveal: (folder) => done(commands.reveal(folder)),
    answerFallback: (allow) => call(commands.answerFallback(allow) as Promise<Settings>),

    library: () => call(commands.library()),
    createLibrary: () => call(commands.createLibrary()),
    openLibrary: (path) => call(commands.openLibrary(path)),
    copyLibrary: () => call(commands.copyLibrary()),
    mergeLibrary: (curator) => call(commands.mergeLibrary(curator)),
    compareCurators: () => call(commands.compareCurators()),
    renameLibrary: (name, description) => call(commands.renameLibrary(name, description)),
    recentLibraries: () => call(commands.recentLibraries()),

    pickFiles: (folder) => call(commands.pickFiles(folder)),
    previewImport: (source, listener) =>
      stream((job, channel) => commands.previewImport(job, source, channel), listener),
    importPreviewed: (preview, choices, listener) =>
      stream((job, channel) => commands.importPreviewed(job, preview, choices, channel), listener),

    documentIds: (order, filter) => call(commands.documentIds(order, filter)),
    documentSummaries: (ids) => call(commands.documentSummaries(ids)),
    document: (id) => call(commands.document(id)),
    removeDocuments: (ids) => call(commands.removeDocuments(ids)),
    rememberPlace: (place) => done(commands.rememberPlace(place)),
    search: (text, limit) => call(commands.search(text, limit)),

    decide: (judgements) => call(commands.decide(judgements)),
    withdraw: (subjects) => call(commands.withdraw(subjects)),
    annotate: (document, contents) => call(commands.annotate(document, contents)),
    annotateOccurrences: (document, name, type, concepts) =>
      call(commands.annotateOccurrences(document, name, type, concepts)),
    countOccurrences: (document, name) => call(commands.countOccurrences(document, name)),
    findConcepts: (name, limit) => call(commands.findConcepts(name, limit)),
    writeNote: (note) => call(commands.writeNote(note)),
    editNote: (id, text) => call(commands.editNote(id, text)),
    removeNote: (id) => call(commands.removeNote(id)),
    undo: (track) => call(commands.undo(track)),
    redo: (track) => call(commands.redo(track)),
    history: (before, limit) => call(commands.history(before, limit)),
    queue: (order, filter, after, limit) => call(commands.queue(order, filter, after, limit)),

    extract: (request, listener) => stream((job, channel) => commands.extract(job, request, channel), listener),
    describe: (request, listener) => stream((job, channel) => commands.describe(job, request, channel), listener),
    continueText: (request, listener) =>
      stream((job, channel) => commands.continueText(job, request, channel), listener),
    ask: (request, listener) => stream((job, channel) => commands.ask(job, request, channel), listener),
    weigh: (request, listener) => stream((job, channel) => commands.weigh(job, request, channel), listener),
    classify: (request, listener) => stream((job, channel) => commands.classify(job, request, channel), listener),
    prompt: (request) => call(commands.prompt(request)),
    concordance: (term, limit) => call(commands.concordance(term, limit)),
    lookUp: (term) => call(commands.lookUp(term)),
    checkSupport: (request) => call(commands.checkSupport(request)),

    batches: () => call(commands.batches()),
    batchItems: (batch, from, limit) => call(commands.batchItems(batch, from, limit)),
    startBatch: (request) => call(commands.startBatch(request)),
    pauseBatch: (batch) => call(commands.pauseBatch(batch)),
    resumeBatch: (batch) => call(commands.resumeBatch(batch)),
    retryBatch: (batch) => call(commands.retryBatch(batch)),
    cancelBatch: (batch) => call(commands.cancelBatch(batch)),

    models: () => call(commands.models()),
    previewModel: (paths) => call(commands.previewModel(paths)),
    importModel: (preview, name, used, listener) =>
      stream((job, channel) => commands.importModel(job, preview, name, used, channel), listener),
    verifyModel: (id, listener) => stream((job, channel) => commands.verifyModel(job, id, channel), listener),
    useModel: (id) => call(commands.useModel(id)),
    useNames: (id) => done(commands.useNames(id)),
    removeModel: (id) => done(commands.removeModel(id)),
    restoreModel: (id) => done(commands.restoreModel(id)),
    loadModel: () => call(commands.loadModel()),
    unloadModel: () => call(commands.unloadModel()),

    devices: () => call(commands.devices()),

    drafts: () => call(commands.drafts()),
    draft: (id) => call(commands.draft(id)),
    beginDraft: (title, text) => call(commands.beginDraft(title, text)),
    saveDraft: (id, title, text, generated) => call(commands.saveDraft(id, title, text, generated)),
    removeDraft: (id) => call(commands.removeDraft(id)),

    formats: (scope) => call(commands.formats(scope)),
    previewExport: (request) => call(commands.previewExport(request)),
    checkEvidence: () => call(commands.checkEvidence()),
    exportTo: (request, listener) => stream((job, channel) => commands.exportTo(job, request, channel), listener),
  }
}
