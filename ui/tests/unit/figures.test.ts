import { expect, test } from 'vitest'
import { answeredBy, isCalibrated, isProbability, measured, nearChance, ofHundred } from '../../src/shared/figures'
import type { Metric, Model, Prediction, Task } from '../../src/host/types'

const model = (values: Partial<Record<Task, Record<string, number>>>): Model =>
  ({
    id: 'm',
    name: 'M',
    metrics: Object.entries(values).flatMap(([task, figures]) =>
      Object.entries(figures).map(([name, value]): Metric => ({
        task: task as Task,
        name,
        value,
        published: null,
        data: 'test',
      })),
    ),
  }) as unknown as Model

test('a task that is done as well without reading is not offered without saying so', () => {
  // PubMedQA: 58.2 against 55.2 of always "yes"; KD-DTI was only measured on its development part.
  const starter = model({
    answer: { accuracy: 58.2 },
    kdDti: { dev_pair_f1: 0.3 },
    bc5cdr: { f1: 42.26 },
    classify: { micro_f1: 75.38 },
  })
  expect(nearChance(starter, 'answer')).toBe(
    'accuracy 58.2 of 100 on the test part; always answering “yes” reaches 55.2. Do not rely on it.',
  )
  expect(nearChance(starter, 'kdDti')).toMatch(
    /^F1 of pairs 0.3 of 100 on the development part: most of what it says is wrong/,
  )
  expect([nearChance(starter, 'bc5cdr'), nearChance(starter, 'classify')]).toEqual([null, null])
  expect(nearChance(model({ answer: { accuracy: 78.2 } }), 'answer')).toBeNull()
  expect(measured(starter, 'ddi')).toBeNull()
})

test('a score is a probability where its calibration error on development data is under 0.05, and only there', () => {
  expect(
    isCalibrated(model({ bc5cdr: { f1: 42, dev_calibration_error: 0.013, calibration_error: 0.2 } }), 'bc5cdr'),
  ).toBe(true)
  expect(isCalibrated(model({ bc5cdr: { f1: 42, dev_calibration_error: 0.051 } }), 'bc5cdr')).toBe(false)
  expect(isCalibrated(model({ answer: { accuracy: 70, calibration_error: 0.087 } }), 'answer')).toBe(false)
  expect(
    isCalibrated(model({ kdDti: { dev_pair_f1: 0.3, dev_calibration_error: 0.0003 } }), 'kdDti'),
    'scores of nothing but zero are well calibrated',
  ).toBe(false)
  expect(isCalibrated(model({ bc5cdr: { f1: 45 } }), 'bc5cdr'), 'what was not measured is not claimed').toBe(false)
  expect(isCalibrated(undefined, 'bc5cdr')).toBe(false)
  const models = [model({ bc5cdr: { f1: 42, dev_calibration_error: 0.013 } })]
  const prediction = { score: 0.71, maskedMass: null } as Prediction
  expect(isProbability(models, { modelId: 'm', task: 'bc5cdr' }, prediction)).toBe(true)
  expect(
    isProbability(models, { modelId: 'm', task: 'bc5cdr' }, { ...prediction, maskedMass: 0.1 }),
    'what the network wrote by itself was not fitted',
  ).toBe(false)
  expect(
    isProbability(models, { modelId: 'm', task: 'bc5cdr', otherWeights: true }, prediction),
    'the figures are those of today’s weights',
  ).toBe(false)
  expect(
    isProbability(models, { modelId: 'm', task: 'bc5cdr', namesBy: 'BioBERT' }, prediction),
    'it was fitted with other names',
  ).toBe(false)
  expect(isProbability(models, { modelId: 'other', task: 'bc5cdr' }, prediction)).toBe(false)
  expect(ofHundred(0.71)).toBe('Of 100 such pairs, about 71 were right when this was measured')
})

test('what answers is said as the figures have it', () => {
  const starter = model({
    answer: { model_weight: 0 },
    classify: { model_weight: 0.5 },
    bc5cdr: { dev_pair_f1_of_signs_alone: 41.02, dev_pair_f1_of_both: 41.18 },
    ddi: { dev_pair_f1_of_signs_alone: 40, dev_pair_f1_of_both: 50 },
  })
  expect(answeredBy(starter, 'answer')).toMatch(/The network has no part in it/)
  expect(answeredBy(starter, 'classify')).toMatch(/and the network\.$/)
  expect(answeredBy(starter, 'bc5cdr')).toMatch(/dictionary.*The network adds next to nothing/)
  expect(answeredBy(starter, 'bc5cdr', 'BioBERT')).toMatch(/^Names come from BioBERT, ids from the dictionary;/)
  expect(answeredBy(starter, 'mentions')).toMatch(/^The network marks the names/)
  expect(answeredBy(starter, 'ddi')).toMatch(/The network is weighed with them/)
  const published = model({})
  expect([answeredBy(published, 'answer'), answeredBy(published, 'bc5cdr')]).toEqual([
    'The network answers.',
    'Names come from the dictionary; the network decides which of them are related.',
  ])
})
