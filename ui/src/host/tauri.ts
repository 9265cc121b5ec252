// The desktop shell. Thin on purpose: one command a method, in snake case, arguments by name; one channel a stream.

import { Channel, invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import type { Host, Job, Listener } from './interface'
import type { AppEvent, HostError } from './types'

/** Whatever a command threw, as a `HostError`. */
function toHostError(thrown: unknown): HostError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown) return thrown as HostError
  return {
    code: 'other',
    message: `Osler could not finish this: ${String(thrown)}.`,
    hint: 'Try it again. If it comes back, copy the diagnostics and report it.',
  }
}

async function call<Result>(command: string, args: Record<string, unknown> = {}): Promise<Result> {
  try {
    return await invoke<Result>(command, args)
  } catch (thrown) {
    throw toHostError(thrown)
  }
}

let jobs = 0

/** Starts `command` with a fresh job id and a channel. A command that cannot even start ends its stream as failed. */
function stream<Event>(command: string, args: Record<string, unknown>, listener: Listener<Event>): Job {
  const job = `${String(Date.now())}-${String((jobs += 1))}`
  const channel = new Channel<Parameters<typeof listener>[0]>()
  let next = 0
  let ended = false
  channel.onmessage = (event) => {
    next = event.seq + 1
    ended ||= 'kind' in event && (event.kind === 'finished' || event.kind === 'stopped' || event.kind === 'failed')
    listener(event)
  }
  call(command, { job, ...args, onEvent: channel }).catch((error: unknown) => {
    if (!ended) listener({ seq: next, kind: 'failed', error: error as HostError })
  })
  return { id: job, cancel: () => void call('cancel', { job }) }
}

export function tauriHost(): Host {
  return {
    start: () => call('start'),
    watch(listener) {
      const stop = listen<AppEvent>('osler', (event) => listener(event.payload))
      return () => void stop.then((unlisten) => unlisten())
    },
    saveSettings: (settings) => call('save_settings', { settings }),
    diagnostics: () => call('diagnostics'),
    reveal: (folder) => call('reveal', { folder }),
    answerFallback: (allow) => call('answer_fallback', { allow }),

    library: () => call('library'),
    createLibrary: () => call('create_library'),
    openLibrary: (path) => call('open_library', { path }),
    copyLibrary: () => call('copy_library'),
    renameLibrary: (name, description) => call('rename_library', { name, description }),
    recentLibraries: () => call('recent_libraries'),

    pickFiles: (folder) => call('pick_files', { folder }),
    previewImport: (source, listener) => stream('preview_import', { source }, listener),
    importPreviewed: (preview, listener) => stream('import_previewed', { preview }, listener),

    documentIds: (order, filter) => call('document_ids', { order, filter }),
    documentSummaries: (ids) => call('document_summaries', { ids }),
    document: (id) => call('document', { id }),
    removeDocuments: (ids) => call('remove_documents', { ids }),
    rememberPlace: (place) => call('remember_place', { place }),
    search: (text, limit) => call('search', { text, limit }),

    decide: (judgements) => call('decide', { judgements }),
    withdraw: (subjects) => call('withdraw', { subjects }),
    annotate: (document, contents) => call('annotate', { document, contents }),
    annotateOccurrences: (document, name, type, concepts) =>
      call('annotate_occurrences', { document, name, type, concepts }),
    countOccurrences: (document, name) => call('count_occurrences', { document, name }),
    findConcepts: (name, limit) => call('find_concepts', { name, limit }),
    writeNote: (note) => call('write_note', { note }),
    editNote: (id, text) => call('edit_note', { id, text }),
    removeNote: (id) => call('remove_note', { id }),
    undo: (track) => call('undo', { track }),
    redo: (track) => call('redo', { track }),
    history: (before, limit) => call('history', { before, limit }),
    queue: (order, filter, after, limit) => call('queue', { order, filter, after, limit }),

    extract: (request, listener) => stream('extract', { request }, listener),
    describe: (request, listener) => stream('describe', { request }, listener),
    continueText: (request, listener) => stream('continue_text', { request }, listener),
    ask: (request, listener) => stream('ask', { request }, listener),
    classify: (request, listener) => stream('classify', { request }, listener),
    prompt: (request) => call('prompt', { request }),
    concordance: (term, limit) => call('concordance', { term, limit }),

    batches: () => call('batches'),
    batchItems: (batch, from, limit) => call('batch_items', { batch, from, limit }),
    startBatch: (request) => call('start_batch', { request }),
    pauseBatch: (batch) => call('pause_batch', { batch }),
    resumeBatch: (batch) => call('resume_batch', { batch }),
    cancelBatch: (batch) => call('cancel_batch', { batch }),

    models: () => call('models'),
    previewModel: (paths) => call('preview_model', { paths }),
    importModel: (preview, name, listener) => stream('import_model', { preview, name }, listener),
    verifyModel: (id, listener) => stream('verify_model', { id }, listener),
    useModel: (id) => call('use_model', { id }),
    removeModel: (id) => call('remove_model', { id }),
    restoreModel: (id) => call('restore_model', { id }),
    loadModel: () => call('load_model'),
    unloadModel: () => call('unload_model'),

    devices: () => call('devices'),

    drafts: () => call('drafts'),
    draft: (id) => call('draft', { id }),
    beginDraft: (title, text) => call('begin_draft', { title, text }),
    saveDraft: (id, title, text, generated) => call('save_draft', { id, title, text, generated }),
    removeDraft: (id) => call('remove_draft', { id }),

    formats: (scope) => call('formats', { scope }),
    previewExport: (request) => call('preview_export', { request }),
    exportTo: (request, listener) => stream('export_to', { request }, listener),
  }
}
