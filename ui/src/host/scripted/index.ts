/** A host in memory: the same promises as the desktop shell, no Rust. What it says is invented and always the same. */

import type { Host } from '../interface'
import type { Settings, Startup } from '../types'
import { samples } from '../../shared/samples'
import { batches } from './batches'
import { realClock, type Clock } from './clock'
import { curation } from './curation'
import { documents, invented, store } from './documents'
import { exports } from './exports'
import { knowledge } from './knowledge'
import { models } from './models'
import { mentionsIn, predictionsIn } from './reading'
import { tasks } from './tasks'
import { World } from './world'

/** What the library holds at the start. `large`: one text of ten thousand words. `many`: ten thousand documents. */
export type Scene = 'empty' | 'samples' | 'review' | 'large' | 'many'

export type ScriptedOptions = { scene: Scene; clock: Clock; settings: Partial<Settings>; crashed: boolean }

export const usualSettings: Settings = {
  curator: 'M. Osler',
  theme: 'system',
  density: 'regular',
  zoom: 1,
  motion: 'system',
  device: { kind: 'auto' },
  unloadAfter: 10,
  ghostText: false,
  ghostDelay: 600,
  task: 'bc5cdr',
  mode: 'generate',
  threshold: 0,
  abstainBelow: 0.5,
  keys: [],
}

export type ScriptedHost = Host & { world: World }

export function scriptedHost(options: Partial<ScriptedOptions> = {}): ScriptedHost {
  const { scene = 'empty', clock = realClock, settings = {}, crashed = false } = options
  const world = new World(clock, { ...usualSettings, ...settings })
  furnish(world, scene)
  const host: Host = {
    start: async (): Promise<Startup> => ({
      version: '0.1.0',
      settings: world.settings,
      library: world.library(),
      recent: await host.recentLibraries(),
      engine: world.engine,
      place: world.place,
      notices: crashed
        ? [
            {
              kind: 'afterCrash',
              message:
                'Osler ended unexpectedly while Radeon 780M was computing, so it started on the CPU this time. Nothing was lost.',
            },
          ]
        : [],
      opened: [],
    }),
    watch: (listener) => {
      world.listeners.add(listener)
      return () => world.listeners.delete(listener)
    },
    saveSettings: async (changed) => {
      world.settings = changed
    },
    diagnostics: async () =>
      [
        'Osler 0.1.0 (scripted host)',
        `Device: ${world.engine.device}`,
        `Model: ${world.engine.model ?? 'none'}`,
        `Library: ${String(world.documents.size)} documents`,
      ].join('\n'),
    report: async (place) => void world.reports.push(place),
    reveal: async () => undefined,
    ...documents(world),
    ...curation(world),
    ...tasks(world),
    ...knowledge(world),
    ...batches(world),
    ...models(world, scene === 'review' || scene === 'large' || scene === 'many'),
    ...exports(world),
  }
  return Object.assign(host, { world })
}

function furnish(world: World, scene: Scene): void {
  if (scene === 'empty') return
  const { journal } = world
  const find = (id: number, task: 'bc5cdr' | 'ddi' | 'kdDti', modelId: string, model: string) => {
    const run = world.nextId()
    const { text } = world.stored(id)
    const predictions = predictionsIn(text, task, run, modelId)
    journal.put('runs', String(run), {
      id: run,
      document: id,
      task,
      model,
      modelId,
      state: 'finished',
      findings: predictions.length,
      finishedAt: world.clock.now() - 3_600_000,
      notices: [],
      problem: null,
      seed: '0',
    })
    return [...(modelId === 'starter' ? mentionsIn(text, run) : []), ...predictions].map((prediction) => {
      const finding = { id: world.nextId(), document: id, prediction }
      journal.put('findings', String(finding.id), finding)
      return finding
    })
  }
  if (scene === 'samples') {
    for (const sample of samples) store(world, sample, 'Samples', 'text')
    return
  }
  if (scene === 'many') {
    for (let place = 0; place < 10_000; place += 1)
      store(world, invented(place, place % 2 ? 'x' : ''), 'pubmed-export.xml', 'PubMed XML')
    return
  }
  const others = scene === 'review' ? 21 : 2
  for (let place = 0; place < others; place += 1) {
    const id = store(world, invented(place), place < 12 ? 'pubmed-export.xml' : 'ward-reading.nbib', 'PubMed XML')
    if (place % 3 !== 2) {
      for (const [rank, finding] of find(id, 'bc5cdr', 'starter', 'Osler starter').entries()) {
        if (finding.prediction.content.kind === 'entity' || (place % 2 === 1 && rank % 2 === 1)) continue
        const verdict = (finding.prediction.score ?? 0) > 0.45 ? 'accepted' : 'rejected'
        journal.put('decisions', `finding-${String(finding.id)}`, {
          verdict,
          reason: verdict === 'rejected' ? 'speculative' : null,
          comment: '',
          curator: world.settings.curator,
          madeAt: world.clock.now() - 7_200_000,
          subject: { kind: 'finding', id: finding.id },
          content: null,
          document: id,
        })
      }
    }
  }
  if (scene === 'large') {
    const text = Array.from({ length: 88 }, (_, place) => invented(place).text).join('\n')
    const id = store(world, { sourceId: 'long-1', title: 'A text of ten thousand words', text }, 'long.txt', 'text')
    find(id, 'bc5cdr', 'starter', 'Osler starter')
    return
  }
  for (const sample of samples) {
    const id = store(world, sample, 'Samples', 'text')
    if (sample.sourceId !== 'sample-1') continue
    const findings = find(id, 'bc5cdr', 'starter', 'Osler starter').filter(
      (finding) => finding.prediction.content.kind === 'relation',
    )
    find(id, 'bc5cdr', 'base', 'BioGPT RE-BC5CDR')
    const [first, second] = findings
    for (const [finding, verdict] of [
      [first, 'accepted'],
      [second, 'accepted'],
    ] as const) {
      if (finding)
        journal.put('decisions', `finding-${String(finding.id)}`, {
          verdict,
          reason: null,
          comment: '',
          curator: world.settings.curator,
          madeAt: world.clock.now(),
          subject: { kind: 'finding', id: finding.id },
          content: null,
          document: id,
        })
    }
    const note = world.nextId()
    journal.put('notes', String(note), {
      id: note,
      document: id,
      subject: null,
      span: null,
      text: 'Check whether NAC counts as treatment or as exposure here.',
      author: world.settings.curator,
      modifiedAt: world.clock.now(),
    })
  }
  const text = `# Liver injury under intravenous amiodarone\n\nAmiodarone is a class III antiarrhythmic agent that prolongs the duration of the action potential. Intravenous loading has been linked to acute liver injury, in most reports within the first three days.\n\n## What we saw\n\nIn our ward, four patients developed jaundice after a loading dose. All recovered after withdrawal with`
  const start = text.indexOf('in most reports')
  for (const [title, body, generated] of [
    [
      'Liver injury under intravenous amiodarone',
      text,
      [
        {
          span: { start, end: text.indexOf('\n\n## What') },
          model: 'Osler starter',
          seed: 7,
          support: null,
          mark: '',
        },
      ],
    ],
    ['Warfarin and azoles: advice for the ward', 'Fluconazole raises the exposure of warfarin.', []],
    ['Reading list, November', '- Larkspur cohort\n- crossover study', []],
  ] as const) {
    const id = world.nextId()
    journal.put('drafts', String(id), {
      id,
      title,
      text: body,
      generated: [...generated],
      createdAt: world.clock.now(),
      modifiedAt: world.clock.now() - id * 1000,
    })
  }
}
