/** What was measured of a model, and what may be said because of it. Everything here is read from the figures that came with the model. */

import type { Model, Prediction, Run, Task } from '../host/types'

/** What an answer reaches that never looks at the text, in percent, on the test set of the task: always "yes" (PubMedQA), always no label (HoC). */
const withoutReading: Partial<Record<Task, { value: number; how: string }>> = {
  answer: { value: 55.2, how: 'always answering “yes”' },
  classify: { value: 67.9, how: 'never giving a label' },
}

/** Of what lies between answering without reading and being always right, so much has to be reached. */
const worthwhile = 0.1

/** A score is shown as a probability up to this calibration error. */
const wellCalibrated = 0.05

const mainFigures = ['f1', 'accuracy', 'micro_f1', 'dev_pair_f1', 'dev_accuracy', 'dev_micro_f1']
const mainNames: Record<string, string> = {
  f1: 'F1',
  accuracy: 'accuracy',
  micro_f1: 'micro-F1',
  dev_pair_f1: 'F1 of pairs',
  dev_accuracy: 'accuracy',
  dev_micro_f1: 'micro-F1',
}

export const modelOf = (models: readonly Model[], id: string | null | undefined): Model | undefined =>
  models.find((model) => model.id === id)

const figure = (model: Model | undefined, task: Task, name: string): number | null =>
  model?.metrics.find((metric) => metric.task === task && metric.name.toLowerCase().replaceAll(/[- ]/g, '_') === name)
    ?.value ?? null

/** The figure by which a task is judged, in percent; a development part stands in where the test part was not used. */
export function measured(
  model: Model | undefined,
  task: Task,
): { name: string; value: number; on: 'test' | 'development' } | null {
  for (const name of mainFigures) {
    const value = figure(model, task, name)
    if (value !== null)
      return { name: mainNames[name] ?? name, value, on: name.startsWith('dev_') ? 'development' : 'test' }
  }
  return null
}

/** Says that a task is done hardly better than without reading the text; nothing where it is, or where nothing was measured. */
export function nearChance(model: Model | undefined, task: Task): string | null {
  const found = measured(model, task)
  if (!found) return null
  const floor = withoutReading[task] ?? null
  const base = floor?.value ?? 0
  if ((found.value - base) / (100 - base) >= worthwhile) return null
  const told = `${found.name} ${found.value.toFixed(1)} of 100 on the ${found.on} part`
  return floor
    ? `${told}; ${floor.how} reaches ${floor.value.toFixed(1)}. Do not rely on it.`
    : `${told}: most of what it says is wrong. Do not rely on it.`
}

/** Whether a score of the task may be read as a probability. */
export function isCalibrated(model: Model | undefined, task: Task): boolean {
  const error = figure(model, task, 'dev_calibration_error') ?? figure(model, task, 'calibration_error')
  return error !== null && error < wellCalibrated && nearChance(model, task) === null
}

/** The same for one finding: it was fitted on pairs that are all asked about, and not on what a model wrote by itself, with other weights, or with names that another model found. */
export function isProbability(
  models: readonly Model[],
  run: Pick<Run, 'modelId' | 'task' | 'otherWeights' | 'namesBy'> | undefined,
  prediction: Prediction | null,
): boolean {
  return (
    prediction !== null &&
    prediction.score !== null &&
    prediction.maskedMass === null &&
    run !== undefined &&
    run.task !== null &&
    run.otherWeights !== true &&
    (run.namesBy ?? null) === null &&
    isCalibrated(modelOf(models, run.modelId), run.task)
  )
}

/** What a probability counts. */
export const ofHundred = (probability: number, things = 'pairs') =>
  `Of 100 such ${things}, about ${String(Math.round(probability * 100))} were right when this was measured`

/** The model that finds the names for the one in use, where that is another one. */
export const namesBy = (models: readonly Model[]): string | null =>
  models.find((model) => model.findsNames)?.name ?? null

/** What gives the answer: network, features of the text, dictionary; `names` is the model that finds the names, where that is another one. */
export function answeredBy(model: Model | undefined, task: Task, names: string | null = null): string {
  if (!model) return names === null ? '' : `Names come from ${names}, ids from the dictionary.`
  if (task === 'describe') return 'The network writes, word by word, from what it learned. It looks nothing up.'
  if (task === 'mentions') return 'The network marks the names; the dictionary says which ids they have.'
  const share = figure(model, task, 'model_weight')
  if (task === 'answer' || task === 'classify') {
    const features =
      task === 'answer'
        ? 'features of question and text: denials, doubts, p-values, shared words'
        : 'words and pairs of words of each sentence'
    if (share === null) return 'The network answers.'
    return share === 0
      ? `What answers are ${features}. The network has no part in it.`
      : `What answers are ${features}, and the network.`
  }
  const source = names === null ? 'Names come from the dictionary' : `Names come from ${names}, ids from the dictionary`
  const [alone, both] = [figure(model, task, 'dev_pair_f1_of_signs_alone'), figure(model, task, 'dev_pair_f1_of_both')]
  if (alone === null || both === null) return `${source}; the network decides which of them are related.`
  const part = both - alone < 0.5 ? 'The network adds next to nothing.' : 'The network is weighed with them.'
  return `${source}; words and other features of the text decide which of them are related. ${part}`
}
