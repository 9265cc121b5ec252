import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/host/scripted/clock'
import { scriptedHost, type ScriptedHost } from '../../src/host/scripted'
import type { Annotation, DocumentView } from '../../src/host/types'

let clock: ManualClock
let host: ScriptedHost
const everything = { undecided: false, withoutTask: null, origin: null }

beforeEach(() => {
  clock = new ManualClock()
  host = scriptedHost({ scene: 'samples', clock })
})

async function extracted(): Promise<{ id: number; view: DocumentView; relations: Annotation[] }> {
  const [id = 0] = await host.documentIds('newestFirst', everything)
  host.extract({ document: id, task: 'bc5cdr', mode: 'generate', modelId: null }, () => {})
  await clock.advance(60_000)
  const view = await host.document(id)
  return { id, view, relations: view.marks.annotations.filter((one) => one.content.kind === 'relation') }
}

describe('the scripted host', () => {
  test('every span of every finding is the words it quotes', async () => {
    const { view } = await extracted()
    expect(view.marks.annotations.length).toBeGreaterThan(20)
    for (const { content } of view.marks.annotations) {
      if (content.kind === 'entity')
        for (const span of content.spans) expect(view.text.slice(span.start, span.end)).toBe(content.text)
      if (content.kind === 'relation')
        for (const one of content.participants)
          expect(view.text.slice(one.spans[0]?.start, one.spans[0]?.end)).toBe(one.name)
    }
  })

  test('undo takes back a decision, an addition and a whole run, and redo brings them again', async () => {
    const { id, relations } = await extracted()
    const [first] = relations
    if (!first) throw new Error('nothing found')
    const accepted = await host.decide([{ kind: 'accept', subject: first.subject }])
    expect(accepted.step.summary).toBe('accepted 1 relation')
    await host.annotateOccurrences(id, 'nausea', 'Disease', [])
    const summaries = []
    for (let turn = 0; turn < 3; turn += 1) summaries.push((await host.undo('curation'))?.step.summary)
    expect(summaries).toEqual([
      'added 2 mentions of nausea',
      'accepted 1 relation',
      expect.stringMatching(/^found \d+ relations in sample-1$/),
    ])
    expect((await host.document(id)).marks.annotations).toHaveLength(0)
    for (let turn = 0; turn < 3; turn += 1) await host.redo('curation')
    const { annotations } = (await host.document(id)).marks
    expect(annotations.filter((one) => one.subject.kind === 'added')).toHaveLength(2)
    expect(annotations.filter((one) => one.decision?.verdict === 'accepted')).toHaveLength(1)
    expect(await host.redo('curation')).toBeNull()
  })

  test('a new action leaves what was undone behind', async () => {
    const { relations } = await extracted()
    const [first, second] = relations
    if (!first || !second) throw new Error('nothing found')
    await host.decide([{ kind: 'accept', subject: first.subject }])
    await host.undo('curation')
    await host.decide([{ kind: 'reject', subject: second.subject, reason: 'negated', comment: '' }])
    expect(await host.redo('curation')).toBeNull()
    expect((await host.history(null, 2)).map((entry) => entry.state)).toEqual(['done', 'abandoned'])
  })

  test('an edit stands beside what the model said', async () => {
    const { id, relations } = await extracted()
    const [first] = relations
    if (first?.content.kind !== 'relation') throw new Error('nothing found')
    await host.decide([{ kind: 'edit', subject: first.subject, content: { ...first.content, type: 'other' } }])
    const edited = (await host.document(id)).marks.annotations.find((one) => one.subject.id === first.subject.id)
    expect(edited?.content.kind === 'relation' && edited.content.type).toBe('other')
    expect(edited?.prediction?.content).toEqual(first.content)
  })

  test.each(['extract', 'describe', 'ask', 'classify', 'importPreviewed'] as const)(
    '%s numbers its events and ends once, also when it is cancelled',
    async (call) => {
      const [id = 0] = await host.documentIds('newestFirst', everything)
      for (const cancelAfter of [null, 0, 200]) {
        const events: { seq: number; kind: string }[] = []
        const hear = (event: { seq: number; kind: string }) => void events.push(event)
        const job = {
          extract: () => host.extract({ document: id, task: 'ddi', mode: 'generate', modelId: null }, hear),
          describe: () =>
            host.describe(
              {
                term: 'amiodarone',
                candidates: 2,
                decoding: { kind: 'varied', temperature: 1, seed: 1 },
                beginning: '',
                maxTokens: 20,
              },
              hear,
            ),
          ask: () => host.ask({ question: 'Is it so?', scope: { kind: 'documents', documents: [id] } }, hear),
          weigh: () => host.weigh({ question: 'Is it so?', document: id }, hear),
          classify: () => host.classify({ documents: [id] }, hear),
          importPreviewed: () => host.importPreviewed('gone', { leftOut: [], duplicates: 'keep', single: [] }, hear),
        }[call]()
        if (cancelAfter !== null) {
          await clock.advance(cancelAfter)
          job.cancel()
        }
        await clock.advance(60_000)
        const endings = events.filter((event) => ['finished', 'stopped', 'failed'].includes(event.kind))
        expect(endings).toHaveLength(1)
        expect(events.at(-1)).toBe(endings[0])
        expect(events.map((event) => event.seq)).toEqual(events.map((_, place) => place))
        if (call !== 'importPreviewed') expect(endings[0]?.kind).toBe(cancelAfter === null ? 'finished' : 'stopped')
        expect(host.world.engine.state).toBe('ready')
      }
    },
  )

  test('three probabilities sum to one, and leaving a sentence out changes them', async () => {
    const [id = 0] = await host.documentIds('newestFirst', everything)
    let sums: number[] = []
    let effects: number[] = []
    const question = 'Does amiodarone cause hepatotoxicity?'
    host.ask({ question, scope: { kind: 'documents', documents: [id] } }, (event) => {
      if (event.kind === 'answer') sums = [event.probabilities.yes + event.probabilities.no + event.probabilities.maybe]
    })
    await clock.advance(60_000)
    host.weigh({ question, document: id }, (event) => {
      if (event.kind === 'influence') effects = event.sentences.map((sentence) => sentence.effect)
    })
    await clock.advance(60_000)
    expect(sums[0]).toBeCloseTo(1, 2)
    expect(effects.some((effect) => effect !== 0)).toBe(true)
  })

  test('a batch pauses between documents and goes on without doing one twice', async () => {
    const documents = await host.documentIds('oldestFirst', everything)
    const batch = await host.startBatch({ task: 'bc5cdr', question: null, documents, mode: 'generate' })
    await clock.advance(800)
    await host.pauseBatch(batch.id)
    await clock.advance(10_000)
    expect((await host.batches())[0]).toMatchObject({ state: 'paused', done: 1 })
    await host.resumeBatch(batch.id)
    await clock.advance(10_000)
    expect((await host.batches())[0]).toMatchObject({ state: 'finished', done: 3 })
    expect((await host.documentIds('oldestFirst', { ...everything, withoutTask: 'bc5cdr' })).length).toBe(0)
  })

  test('the same text is known when it comes again', async () => {
    const view = await host.document((await host.documentIds('newestFirst', everything))[0] ?? 0)
    let fresh = -1
    host.previewImport(
      {
        kind: 'documents',
        origin: 'again',
        documents: [{ sourceId: view.sourceId, title: view.title, text: view.text.slice(view.title.length + 1) }],
      },
      (event) => {
        if (event.kind === 'preview') fresh = event.preview.fresh
      },
    )
    await clock.advance(1_000)
    expect(fresh).toBe(0)
  })
})
