import type { Host } from '../interface'
import type * as wire from '../types'
import { chance } from './chance'
import { descriptions } from './lexicon'
import { answerOf, hallmarkNames, labelThreshold, labelsOf, mentionsIn, predictionsIn, sentencesOf } from './reading'
import { speaking } from './speaking'
import { runJob } from './streams'
import { failure, plural, retractedAmong, type Finding, type World } from './world'

type Tasks = Pick<
  Host,
  'extract' | 'describe' | 'continueText' | 'ask' | 'weigh' | 'classify' | 'prompt' | 'concordance'
>

const taskWords: Record<wire.Task, string> = {
  bc5cdr: 'Extracting chemical-induced diseases',
  ddi: 'Extracting drug interactions',
  kdDti: 'Extracting drug targets',
  describe: 'Describing',
  answer: 'Answering',
  classify: 'Classifying',
  mentions: 'Finding names',
}

const pieces = (text: string) => text.match(/\s*[\p{L}\p{N}]{1,6}|\s*[^\s\p{L}\p{N}]/gu) ?? []

const others: [RegExp, string[]][] = [
  [/^ (?:common|effective|used|known|usually|widely)$/, [' rare', ' potent', ' reported']],
  [/^ (?:liver|lung|thyro)$/, [' kidney', ' heart', ' skin']],
  [/^ (?:caused|induce|limite|preven)$/, [' follow', ' mediat', ' reduce']],
  [/^ (?:class|group|form)$/, [' type', ' kind']],
]

/** A token with a probability and with what else might have stood there. */
export function tokenOf(text: string, seed: number): wire.Token {
  const luck = chance(text, seed)
  const known = others.find(([pattern]) => pattern.test(text))?.[1]
  const unsure = known !== undefined || (luck < 0.07 && /\p{L}{4}/u.test(text))
  const probability = unsure ? 0.06 + luck * 0.2 : 0.42 + 0.57 * luck
  const rest = known ?? [' further', ' the', ' clinical']
  return {
    text,
    logProbability: Math.log(probability),
    alternatives: rest
      .filter((other) => other !== text)
      .map((other, place) => ({ text: other, logProbability: Math.log(((1 - probability) * 0.5) / (place + 1)) })),
  }
}

function descriptionOf(term: string, candidate: number, seed: number): string {
  const written = descriptions[term.trim().toLowerCase()]
  const text = written?.[(candidate + seed) % written.length]
  if (text !== undefined) return text
  const stock = [
    'a condition or substance that is described in the biomedical literature in several contexts. Its clinical meaning depends on the population studied, and it is usually reported together with laboratory findings.',
    'a term that is used in clinical and experimental studies. It has been associated with changes in metabolism, and its role in disease is still under investigation.',
    'known from case reports and small trials. Common findings include altered laboratory values, which resolve in most patients after treatment.',
  ]
  return stock[(candidate + seed) % stock.length] ?? ''
}

/** What stands before a run's first finding: counts toward the prompt. */
const promptTokens = (text: string) => pieces(text).length + 9

const likeliest = (probabilities: wire.Probabilities) =>
  (['yes', 'no', 'maybe'] as const).reduce((left, right) => (probabilities[right] > probabilities[left] ? right : left))

export function tasks(world: World): Tasks {
  /** Marks the engine as busy while `body` runs; refuses without a model. */
  async function working(activity: string, body: () => Promise<void>): Promise<void> {
    if (world.engine.state === 'empty') {
      throw failure(
        'noModel',
        'No model is loaded, so nothing can be computed.',
        'Open Models and choose or import one.',
      )
    }
    world.setEngine({ state: 'busy', activity, tokensPerSecond: null })
    try {
      await body()
    } finally {
      world.setEngine({ state: 'ready', activity: null, tokensPerSecond: null })
    }
  }

  function beginRun(
    document: number,
    task: wire.Task,
    modelId: string | null,
  ): { run: number; step: wire.Step; model: string } {
    const id = world.nextId()
    const model = modelId ?? world.engine.modelId ?? 'starter'
    const name = model === 'base' ? 'BioGPT RE-BC5CDR' : 'Osler starter'
    const step = world.journal.act('curation', world.clock.now(), document, () => {
      world.journal.put('runs', String(id), {
        id,
        document,
        task,
        model: name,
        modelId: model,
        state: 'running',
        findings: 0,
        finishedAt: null,
        notices:
          world.stored(document).words > 600
            ? ['The text is longer than the model reads at once. It was read in parts that overlap, and merged.']
            : [],
        problem: null,
        seed: '0',
      })
      return 'started a run'
    })
    return { run: id, step, model }
  }

  function endRun(run: number, step: wire.Step, stopped: boolean, summary: string): wire.Change {
    const done = world.journal.extend(step, () => {
      const row = world.runs.get(String(run))
      if (row) {
        const findings = [...world.findings.values()].filter(
          (finding) => finding.prediction.run === run && finding.prediction.content.kind !== 'entity',
        ).length
        world.journal.put('runs', String(run), {
          ...row,
          state: stopped ? 'stopped' : 'finished',
          finishedAt: world.clock.now(),
          findings,
        })
      }
      return summary
    })
    return world.change(done)
  }

  function keep(document: number, step: wire.Step, prediction: wire.Prediction): wire.Annotation {
    const finding: Finding = { id: world.nextId(), document, prediction }
    world.journal.extend(step, () => {
      world.journal.put('findings', String(finding.id), finding)
      return step.summary
    })
    return world.annotation(finding)
  }

  return {
    extract: (request, listener) =>
      runJob(listener, (stream) => {
        const stored = world.stored(request.document)
        return working(`${taskWords[request.task]} from ${stored.sourceId}`, async () => {
          const { run, step, model } = beginRun(stored.id, request.task, request.modelId)
          const parts = Math.max(1, Math.ceil(stored.words / 600))
          stream.emit({ kind: 'started', run, promptTokens: promptTokens(stored.text), parts })
          await world.clock.sleep(180)
          for (const mention of stream.stopped() ? [] : mentionsIn(stored.text, run))
            stream.emit({ kind: 'found', annotation: keep(stored.id, step, mention) })
          let tokens = 0
          let relations = 0
          const predictions = predictionsIn(stored.text, request.task, run, model)
          for (const [place, prediction] of predictions.entries()) {
            for (let token = 0; token < 12 && !stream.stopped(); token += 1) {
              await world.clock.sleep(26)
              tokens += 1
            }
            if (stream.stopped()) break
            const tokensPerSecond = 34 + 7 * chance(tokens, stored.id)
            world.setEngine({ tokensPerSecond })
            stream.emit({
              kind: 'progress',
              part: Math.min(parts, 1 + Math.floor((place / predictions.length) * parts)),
              parts,
              tokens,
              tokensPerSecond,
            })
            stream.emit({ kind: 'found', annotation: keep(stored.id, step, prediction) })
            relations += 1
          }
          stream.emit({
            kind: 'stored',
            change: endRun(run, step, stream.stopped(), `found ${plural(relations, 'relation')} in ${stored.sourceId}`),
          })
        })
      }),

    describe: (request, listener) =>
      runJob(listener, (stream) => {
        if (request.term.trim() === '')
          throw failure('badInput', 'There is no term to describe.', 'Type a term, or select one in the text.')
        const { decoding } = request
        const careful = decoding.kind === 'careful'
        const seeds = Array.from({ length: careful ? 1 : request.candidates }, (_, place) =>
          careful ? 0 : decoding.seed + place,
        )
        return working(`Describing ${request.term.trim()}`, async () => {
          stream.emit({ kind: 'started', prompt: `${request.term.trim()} is`, seeds })
          const texts = seeds.map((seed, candidate) => {
            const whole = descriptionOf(request.term, candidate, careful ? 0 : seed)
            if (request.beginning === '') return pieces(` ${whole}`)
            const words = whole.split(' ')
            const rest = words.slice(Math.min(words.length - 6, request.beginning.split(' ').length)).join(' ')
            return pieces(`${request.beginning} ${rest}`)
          })
          const longest = Math.max(...texts.map((text) => text.length))
          for (let place = 0; place < longest; place += 1) {
            await world.clock.sleep(24)
            if (stream.stopped()) return
            world.setEngine({ tokensPerSecond: 31 + 6 * chance(place, request.term) })
            for (const [candidate, text] of texts.entries()) {
              const piece = text[place]
              if (piece === undefined) continue
              stream.emit({ kind: 'tokens', candidate, tokens: [tokenOf(piece, seeds[candidate] ?? 0)], tentative: '' })
              if (place === text.length - 1) {
                stream.emit({
                  kind: 'candidate',
                  candidate,
                  meanLogProbability: -0.4 - 0.3 * chance(request.term, candidate),
                  ended: 'complete',
                })
              }
            }
          }
        })
      }),

    continueText: (request, listener) =>
      runJob(listener, (stream) =>
        working('Continuing the draft', async () => {
          const last = request.before.trimEnd().split(/\s+/).at(-1)?.toLowerCase() ?? ''
          const text = /[.!?]$/.test(last)
            ? ' These findings should be confirmed in a larger cohort.'
            : last === 'with'
              ? ' a rise of the aminotransferases within the first week.'
              : ' was associated with a lower risk of recurrence.'
          for (const piece of pieces(text).slice(0, request.maxTokens)) {
            await world.clock.sleep(22)
            if (stream.stopped()) return
            stream.emit({ kind: 'tokens', tokens: [tokenOf(piece, 1)], tentative: '' })
          }
        }),
      ),

    ask: (request, listener) =>
      runJob(listener, (stream) => {
        if (request.question.trim() === '')
          throw failure('badInput', 'There is no question.', 'Write a question that can be answered with yes or no.')
        return working('Answering', async () => {
          let documents =
            request.scope.kind === 'documents'
              ? request.scope.documents
              : [...world.documents.values()].map((one) => one.id)
          if (request.scope.kind === 'library') {
            const read = documents.map((id) => ({ id, ...speaking(request.question, world.stored(id).text) }))
            const said = read.filter((one) => one.evidence.length > 0)
            const sought = (read[0]?.sought ?? []).map((one, place) => ({
              ...one,
              found: read.filter((other) => (other.sought[place]?.found ?? 0) > 0).length,
            }))
            const naming = read.filter((one) => one.sought.every(({ found }) => found > 0)).length
            stream.emit({ kind: 'searched', sought, naming, speaking: said.length })
            documents = said.map((one) => one.id)
          }
          for (const id of documents) {
            await world.clock.sleep(220)
            if (stream.stopped()) return
            const stored = world.stored(id)
            const { evidence, sought, verdict } = speaking(request.question, stored.text)
            const probabilities = answerOf(request.question, stored.text)
            const best = likeliest(probabilities)
            const { run, step } = beginRun(id, 'answer', null)
            keep(id, step, {
              run,
              content: {
                kind: 'answer',
                question: request.question,
                verdict,
                probabilities,
                evidence: evidence.map(({ span, stance, reason }) => ({ span, stance, reason })),
              },
              score: null,
              maskedMass: 0,
              maskedMasses: [],
              figures: [],
              evidence: [],
              grade: 'exact',
              warnings: [],
            })
            endRun(run, step, false, `asked a question of ${stored.sourceId}`)
            const model = probabilities[best] < world.settings.abstainBelow ? 'abstain' : best
            stream.emit({
              kind: 'answer',
              document: id,
              title: stored.title,
              retracted: retractedAmong(stored.title) !== null,
              verdict,
              evidence,
              sought,
              model,
              probabilities,
              run,
            })
          }
        })
      }),

    weigh: (request, listener) =>
      runJob(listener, (stream) =>
        working('Weighing the sentences', async () => {
          const { text } = world.stored(request.document)
          const probabilities = answerOf(request.question, text)
          const best = likeliest(probabilities)
          const sentences: wire.Influence[] = []
          for (const span of sentencesOf(text)) {
            await world.clock.sleep(35)
            if (stream.stopped()) return
            const without = answerOf(request.question, text, span)
            sentences.push({ span, without, effect: Math.round((probabilities[best] - without[best]) * 1000) / 1000 })
          }
          stream.emit({ kind: 'influence', document: request.document, sentences })
        }),
      ),

    classify: (request, listener) =>
      runJob(listener, (stream) =>
        working(`Classifying ${plural(request.documents.length, 'document')}`, async () => {
          for (const id of request.documents) {
            const stored = world.stored(id)
            const union = new Map(hallmarkNames.map((label) => [label, 0]))
            const found: { label: string; span: wire.Span | null; probability: number }[] = []
            for (const span of sentencesOf(stored.text)) {
              await world.clock.sleep(60)
              if (stream.stopped()) return
              const scores = labelsOf(stored.text.slice(span.start, span.end))
              for (const { label, probability } of scores) {
                union.set(label, Math.max(union.get(label) ?? 0, probability))
                if (probability >= labelThreshold) found.push({ label, span, probability })
              }
              stream.emit({ kind: 'sentence', document: id, span, scores })
            }
            const { run, step } = beginRun(id, 'classify', null)
            found.push(
              ...[...new Set(found.map((one) => one.label))].map((label) => ({
                label,
                span: null,
                probability: union.get(label) ?? 0,
              })),
            )
            for (const { label, span, probability } of found)
              keep(id, step, {
                run,
                content: { kind: 'label', label, span },
                score: probability,
                maskedMass: null,
                maskedMasses: [],
                figures: [],
                evidence: span ? [{ ...span, reading: null }] : [],
                grade: 'exact',
                warnings: [],
              })
            endRun(run, step, false, `classified ${stored.sourceId}`)
            stream.emit({
              kind: 'labels',
              document: id,
              title: stored.title,
              labels: [...union].map(([label, probability]) => ({ label, probability })),
              threshold: labelThreshold,
              run,
            })
          }
        }),
      ),

    prompt: async (request) => {
      const learned = request.kind === 'describe' ? 0 : request.kind === 'classify' ? 1 : 9
      const text =
        request.kind === 'describe'
          ? `${request.term} is`
          : request.kind === 'extract'
            ? world.stored(request.document).text.replaceAll('\n', ' ').toLowerCase()
            : request.kind === 'answer'
              ? `question: ${request.question} context: ${world.stored(request.document).text.replaceAll('\n', ' ')} `
              : world.stored(request.document).text.slice(request.span.start, request.span.end)
      return { text, tokens: pieces(text).length, learnedTokens: learned, limit: 640 }
    },

    concordance: async (term, limit) => {
      const wanted = term.trim().toLowerCase()
      const lines: wire.ConcordanceLine[] = []
      let total = 0
      for (const document of wanted === '' ? [] : world.documents.values()) {
        for (const span of sentencesOf(document.text)) {
          const sentence = document.text.slice(span.start, span.end)
          const start = sentence.toLowerCase().indexOf(wanted)
          if (start < 0) continue
          total += 1
          if (lines.length < limit)
            lines.push({
              document: document.id,
              title: document.title,
              sourceId: document.sourceId,
              sentence,
              highlights: [{ start, end: start + wanted.length }],
            })
        }
      }
      return { total, lines }
    },
  }
}
