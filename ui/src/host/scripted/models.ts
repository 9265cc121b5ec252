import type { Host } from '../interface'
import type * as wire from '../types'
import { looksLikeSha256 } from './chance'
import { runJob, type Stream } from './streams'
import { failure, type World } from './world'

type Models = Pick<
  Host,
  | 'models'
  | 'previewModel'
  | 'importModel'
  | 'verifyModel'
  | 'useModel'
  | 'useNames'
  | 'removeModel'
  | 'restoreModel'
  | 'loadModel'
  | 'unloadModel'
  | 'devices'
  | 'answerFallback'
>

/** Figures as a manifest has them: scores in percent, calibration errors as shares. */
const figures = (task: wire.Task, values: Record<string, number>, published: number): wire.Metric[] =>
  Object.entries(values).map(([name, value]) => ({
    task,
    name,
    value,
    published: ['f1', 'accuracy', 'micro_f1'].includes(name) ? published : null,
    data: name.startsWith('dev_') ? 'development' : 'test',
  }))

const starter: wire.Model = {
  id: 'starter',
  name: 'Osler starter',
  origin: 'builtIn',
  parameters: 14_800_000,
  bytes: 29_640_112,
  sha256: looksLikeSha256('starter'),
  tokenizerSha256: looksLikeSha256('starter tokenizer'),
  licence: 'CC BY 4.0',
  researchOnly: false,
  tasks: ['bc5cdr', 'ddi', 'kdDti', 'describe', 'answer', 'classify'],
  architecture: 'BioGPT · 6 layers · width 320 · vocabulary 16,000',
  contextTokens: 1024,
  precision: 'f16',
  importedAt: null,
  verifiedAt: Date.UTC(2026, 10, 20, 8),
  selfTest: {
    passed: true,
    device: 'CPU',
    tokensPerSecond: 212,
    message: 'The fixed prompt gave the expected tokens.',
  },
  metrics: [
    ...figures(
      'bc5cdr',
      { f1: 31.2, dev_calibration_error: 0.013, dev_pair_f1_of_signs_alone: 41.0, dev_pair_f1_of_both: 41.2 },
      44.98,
    ),
    ...figures(
      'ddi',
      { f1: 22.4, dev_calibration_error: 0.032, dev_pair_f1_of_signs_alone: 58.3, dev_pair_f1_of_both: 57.2 },
      40.76,
    ),
    ...figures(
      'kdDti',
      { dev_pair_f1: 0.3, dev_calibration_error: 0.0003, dev_pair_f1_of_signs_alone: 0.3, dev_pair_f1_of_both: 0.3 },
      38.42,
    ),
    ...figures('answer', { accuracy: 58.4, calibration_error: 0.087, model_weight: 0 }, 78.2),
    ...figures('classify', { micro_f1: 75.3, calibration_error: 0.009, model_weight: 0.5 }, 85.12),
  ],
  card: 'A small BioGPT that comes with Osler, so that everything works at the first start. It was trained on openly licensed abstracts and definitions.\n\nIt is much weaker than the published models: use it to learn the program and for drafts of annotations that a person checks. It is not a medical device.',
  inUse: true,
  findsNames: false,
}

const base: wire.Model = {
  ...starter,
  id: 'base',
  name: 'BioGPT RE-BC5CDR',
  origin: 'imported',
  parameters: 346_763_264,
  bytes: 693_900_288,
  sha256: looksLikeSha256('base'),
  tokenizerSha256: looksLikeSha256('base tokenizer'),
  licence: 'MIT',
  tasks: ['describe', 'bc5cdr'],
  architecture: 'BioGPT · 24 layers · width 1,024 · vocabulary 42,393',
  importedAt: Date.UTC(2026, 10, 18, 14),
  selfTest: { passed: true, device: 'CPU', tokensPerSecond: 24, message: 'The fixed prompt gave the expected tokens.' },
  metrics: figures('bc5cdr', { f1: 44.7 }, 44.98),
  card: 'The published checkpoint for chemical-induced disease relations, converted from its fairseq form by Osler.',
  inUse: false,
}

export function models(world: World, withBase: boolean): Models {
  let names: string | null = null
  let listed: wire.Model[] = withBase ? [starter, base] : [starter]
  const removed = new Map<string, wire.Model>()
  const previews = new Map<string, wire.ModelPreview>()

  const find = (id: string): wire.Model => {
    const model = listed.find((one) => one.id === id)
    if (!model) throw failure('notFound', `No model ${id} is installed.`, 'Open Models and choose another.')
    return model
  }
  const replace = (model: wire.Model) => {
    listed = listed.map((one) => (one.id === model.id ? model : one))
    return model
  }

  async function phase(
    stream: Stream<wire.ModelImportEvent | wire.VerifyEvent>,
    name: wire.ModelPhase,
    total: number,
    detail: (done: number) => string,
  ): Promise<boolean> {
    for (let done = 0; done <= total; done += 1) {
      if (stream.stopped()) return false
      stream.emit({ kind: 'phase', phase: name, done, total, detail: detail(done) })
      await world.clock.sleep(90)
    }
    return true
  }

  return {
    models: async () =>
      listed.map((model) => {
        const inUse = model.id === world.engine.modelId
        return { ...model, inUse, findsNames: !inUse && model.id === names }
      }),
    previewModel: async (paths) => {
      const folder = paths?.[0] ?? '~/Downloads/BioGPT-Large-PubMedQA'
      const broken = /broken|incomplete/i.test(folder)
      const encoder = /bert/i.test(folder)
      const file = (
        name: string,
        role: string,
        bytes: number | null,
        state: wire.ModelFile['state'],
        remark = '',
      ): wire.ModelFile => ({ name, role, bytes, state, remark })
      const preview: wire.ModelPreview = {
        id: broken ? null : `model-${String(world.nextId())}`,
        folder,
        form: 'huggingFace',
        name: folder.split('/').at(-1) ?? folder,
        architecture: encoder
          ? 'BERT · 12 layers · width 768 · vocabulary 28,996'
          : 'BioGPT · 48 layers · width 1,600 · vocabulary 57,717',
        parameters: encoder ? 108_310_272 : 1_571_188_800,
        files: [
          file('config.json', 'Shape of the network', 595, 'found'),
          file('pytorch_model.bin', 'Weights', 6_284_755_200, 'found', 'Pickle. It is read, never executed.'),
          broken
            ? file(
                'vocab.json',
                'Vocabulary',
                null,
                'missing',
                'Fetch it from the same repository and put it into this folder.',
              )
            : file('vocab.json', 'Vocabulary', 927_044, 'found'),
          broken
            ? file(
                'merges.txt',
                'Merges of the tokeniser',
                512,
                'damaged',
                'It ends in the middle of a line. Fetch it again.',
              )
            : file('merges.txt', 'Merges of the tokeniser', 696_304, 'found'),
          file('README.md', 'Model card', null, 'optional', 'Without it the licence is unknown.'),
        ],
        bytes: 6_286_379_143,
        neededBytes: 3_142_377_600,
        freeBytes: 58_400_000_000,
        problems: broken
          ? [
              failure(
                'badInput',
                'vocab.json is missing and merges.txt is damaged.',
                'Fetch both files again, put them into the folder and drop it once more.',
              ),
            ]
          : [],
        uses: encoder
          ? [
              {
                task: 'mentions',
                labels: [
                  { label: 'CHEM', meaning: 'Chemical' },
                  { label: 'DISEASE', meaning: 'Disease' },
                  { label: 'Anatomy', meaning: 'none' },
                ],
                meanings: ['Chemical', 'Disease', 'Gene', 'Variant', 'Species', 'CellLine', 'none'],
                marking: null,
              },
            ]
          : [],
      }
      if (preview.id !== null) previews.set(preview.id, preview)
      return preview
    },
    importModel: (id, name, used, listener) =>
      runJob(listener, async (stream) => {
        const preview = previews.get(id)
        if (!preview) throw failure('notFound', 'This preview is no longer there.', 'Drop the folder again.')
        const steps: [wire.ModelPhase, number, (done: number) => string][] = [
          ['reading', 3, () => 'pytorch_model.bin'],
          ['converting', 12, (done) => `layers.${String(done * 4)}.fc1.weight`],
          ['verifying', 4, () => 'sha256'],
          ['selfTest', 3, () => 'fixed prompt, expected tokens'],
        ]
        for (const [step, total, detail] of steps) if (!(await phase(stream, step, total, detail))) return
        const model: wire.Model = {
          ...base,
          id: `imported-${String(world.nextId())}`,
          name,
          parameters: preview.parameters ?? 0,
          bytes: preview.neededBytes,
          architecture: preview.architecture ?? '',
          tasks: [used?.task ?? 'answer'],
          sha256: looksLikeSha256(name),
          importedAt: world.clock.now(),
          verifiedAt: world.clock.now(),
          metrics: [],
          card: '',
        }
        listed = [...listed, model]
        stream.emit({ kind: 'imported', model })
      }),
    verifyModel: (id, listener) =>
      runJob(listener, async (stream) => {
        if (!(await phase(stream, 'verifying', 8, () => 'sha256 of the weights'))) return
        if (!(await phase(stream, 'selfTest', 3, () => 'fixed prompt, expected tokens'))) return
        const model = replace({ ...find(id), verifiedAt: world.clock.now() })
        stream.emit({
          kind: 'verified',
          model,
          intact: true,
          message: 'The files are as they were when they were imported, and the model still says what it should.',
        })
      }),
    useModel: async (id) => {
      const model = find(id)
      world.setEngine({ state: 'loading', activity: `Loading ${model.name}` })
      await world.clock.sleep(400)
      return world.setEngine({
        state: 'ready',
        model: model.name,
        modelId: model.id,
        memory: model.bytes,
        activity: null,
      })
    },
    useNames: async (id) => {
      if (id !== null && !find(id).tasks.includes('mentions')) {
        const remedy = 'Choose a model whose labels are those of names, or none, in the list of models.'
        throw failure('modelUnusable', `${find(id).name} does not find names.`, remedy)
      }
      names = id
    },
    removeModel: async (id) => {
      removed.set(id, find(id))
      listed = listed.filter((model) => model.id !== id)
    },
    restoreModel: async (id) => {
      const model = removed.get(id)
      if (model) listed = [...listed, model]
    },
    loadModel: async () =>
      world.setEngine({
        state: 'ready',
        model: world.engine.model ?? starter.name,
        modelId: world.engine.modelId ?? 'starter',
        memory: starter.bytes,
      }),
    unloadModel: async () => world.setEngine({ state: 'unloaded', memory: null }),
    answerFallback: async (allow) => {
      world.setEngine(
        allow
          ? {
              state: 'ready',
              device: 'Ryzen 7 7840U, 8 cores',
              graphics: false,
              deviceReason: 'The processor was asked for',
            }
          : { state: 'failed' },
      )
      if (allow) world.settings = { ...world.settings, device: { kind: 'device', id: 'cpu' } }
      return world.settings
    },
    devices: async () => {
      const chosen = world.settings.device
      const inUse = (id: string) => (chosen.kind === 'auto' ? id === 'cpu' : chosen.id === id)
      return [
        {
          id: 'cpu',
          name: 'CPU',
          type: 'cpu',
          backend: '8 threads · AVX2',
          driver: '',
          memory: 16_700_000_000,
          halfPrecision: false,
          limits: [],
          unfit: null,
          inUse: inUse('cpu'),
        },
        {
          id: 'gpu-0',
          name: 'Radeon 780M',
          type: 'integratedGpu',
          backend: 'Vulkan 1.3',
          driver: 'Mesa 24.2',
          memory: 4_294_967_296,
          halfPrecision: true,
          limits: [
            { name: 'Largest buffer', value: '2.0 GB' },
            { name: 'Largest binding', value: '1.0 GB' },
            { name: 'Workgroup memory', value: '64 KB' },
          ],
          unfit: null,
          inUse: inUse('gpu-0'),
        },
        {
          id: 'gpu-1',
          name: 'llvmpipe',
          type: 'softwareGpu',
          backend: 'Vulkan 1.3',
          driver: 'Mesa 24.2',
          memory: null,
          halfPrecision: false,
          limits: [{ name: 'Largest binding', value: '128 MB' }],
          unfit: 'A software adapter: slower than the CPU itself. It is never chosen by itself.',
          inUse: inUse('gpu-1'),
        },
      ]
    },
  }
}
