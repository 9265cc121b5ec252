import type { Host } from '../interface'
import type * as wire from '../types'
import { mentionsIn, predictionsIn } from './reading'
import { failure, type World } from './world'

type Batches = Pick<
  Host,
  'batches' | 'batchItems' | 'startBatch' | 'pauseBatch' | 'resumeBatch' | 'retryBatch' | 'cancelBatch'
>

type Kept = { batch: wire.Batch; items: wire.BatchItem[]; request: wire.BatchRequest; working: boolean }

export function batches(world: World): Batches {
  const kept: Kept[] = []

  const find = (id: number): Kept => {
    const found = kept.find((one) => one.batch.id === id)
    if (!found) throw failure('notFound', 'This batch is no longer there.', 'Its library may have been closed.')
    return found
  }

  const set = (one: Kept, change: Partial<wire.Batch>): wire.Batch => {
    one.batch = { ...one.batch, ...change }
    world.tell({ kind: 'batch', batch: one.batch })
    return one.batch
  }

  function workOn(item: wire.BatchItem, request: wire.BatchRequest): number {
    const { text } = world.stored(item.document)
    const task = request.task
    if (task !== 'bc5cdr' && task !== 'ddi' && task !== 'kdDti') return 1
    const run = world.nextId()
    const predictions = predictionsIn(text, task, run, world.engine.modelId ?? 'starter')
    for (const prediction of [...mentionsIn(text, run), ...predictions]) {
      const id = world.nextId()
      world.journal.put('findings', String(id), { id, document: item.document, prediction })
    }
    world.journal.put('runs', String(run), {
      id: run,
      document: item.document,
      task,
      model: world.engine.model ?? '',
      modelId: world.engine.modelId ?? '',
      state: 'finished',
      findings: predictions.length,
      finishedAt: world.clock.now(),
      notices: [],
      problem: null,
      seed: '0',
    })
    return predictions.length
  }

  async function work(one: Kept): Promise<void> {
    if (one.working) return
    one.working = true
    world.setEngine({ state: 'busy', activity: `Batch of ${String(one.batch.total)}`, tokensPerSecond: 36 })
    for (const item of one.items) {
      if (one.batch.state !== 'running') break
      if (item.state !== 'waiting') continue
      item.state = 'running'
      set(one, { current: item.title })
      await world.clock.sleep(700)
      if (one.batch.state !== 'running') {
        item.state = 'waiting'
        break
      }
      item.seconds = 0.7
      if (world.documents.get(String(item.document))?.text.includes('\u0000')) {
        item.state = 'failed'
        item.problem = failure(
          'badInput',
          'The text holds no letters.',
          'Look at the document in the library, and remove it if it is not a text.',
        )
        set(one, { failed: one.batch.failed + 1 })
        continue
      }
      item.findings = workOn(item, one.request)
      item.state = 'done'
      const done = one.batch.done + 1
      const seconds = one.batch.seconds + 0.7
      const each = seconds / done
      const left = one.batch.total - done - one.batch.failed - one.batch.skipped
      set(one, {
        done,
        seconds,
        findings: one.batch.findings + item.findings,
        documentsPerMinute: Math.round(60 / each),
        remaining: done < 3 ? null : { low: Math.round(left * each * 0.9), high: Math.round(left * each * 1.2) },
      })
    }
    one.working = false
    world.setEngine({ state: 'ready', activity: null, tokensPerSecond: null })
    if (one.batch.state === 'running') set(one, { state: 'finished', current: null, remaining: null })
    else set(one, { current: null })
    world.tell({ kind: 'libraryChanged', library: world.library(), documents: null })
  }

  return {
    batches: async () => kept.map((one) => one.batch).reverse(),
    batchItems: async (id, from, limit) =>
      find(id)
        .items.slice(from, from + limit)
        .map((item) => ({ ...item })),
    startBatch: async (request) => {
      if (request.documents.length === 0)
        throw failure('badInput', 'No document is selected.', 'Select documents in the library first.')
      const id = world.nextId()
      const batch: wire.Batch = {
        id,
        task: request.task,
        question: request.question,
        model: world.engine.model ?? '',
        state: 'running',
        total: request.documents.length,
        done: 0,
        failed: 0,
        skipped: 0,
        findings: 0,
        createdAt: world.clock.now(),
        seconds: 0,
        documentsPerMinute: null,
        remaining: null,
        current: null,
        problem: null,
      }
      const items = request.documents.map((document, ordinal): wire.BatchItem => ({
        ordinal,
        document,
        title: world.stored(document).title,
        state: 'waiting',
        findings: 0,
        seconds: null,
        problem: null,
      }))
      const one: Kept = { batch, items, request, working: false }
      kept.push(one)
      void work(one)
      return one.batch
    },
    pauseBatch: async (id) => set(find(id), { state: 'paused', remaining: null }),
    resumeBatch: async (id) => {
      const one = find(id)
      set(one, { state: 'running' })
      void work(one)
      return one.batch
    },
    retryBatch: async (id) => {
      const one = find(id)
      const failed = one.items.filter((item) => item.state === 'failed')
      for (const item of failed) Object.assign(item, { state: 'waiting', problem: null, seconds: null })
      set(one, { state: 'running', failed: one.batch.failed - failed.length })
      void work(one)
      return one.batch
    },
    cancelBatch: async (id) => set(find(id), { state: 'cancelled', remaining: null }),
  }
}
