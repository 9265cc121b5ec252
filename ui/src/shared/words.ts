/** Names of things as the window shows them. */

import type { Grade, QueueOrder, Reason, RelationTask, Task, Verdict } from '../host/types'

export const taskName: Record<Task, string> = {
  bc5cdr: 'Chemical-induced disease',
  ddi: 'Drug interactions',
  kdDti: 'Drug targets',
  describe: 'Describe',
  answer: 'Question answering',
  classify: 'Hallmarks of cancer',
}

/** As the task is called in the literature. */
export const taskCode: Record<Task, string> = { bc5cdr: 'BC5CDR', ddi: 'DDI', kdDti: 'KD-DTI', describe: 'describe', answer: 'PubMedQA', classify: 'HoC' }

export const relationTasks: RelationTask[] = ['bc5cdr', 'ddi', 'kdDti']

/** Types of mentions and relations that a task knows, with the roles of its two sides. */
export const schemas: Record<RelationTask, { relations: string[]; roles: [string, string]; sides: [string, string] }> = {
  bc5cdr: { relations: ['CID'], roles: ['Chemical', 'Disease'], sides: ['Chemical', 'Disease'] },
  ddi: { relations: ['mechanism', 'effect', 'advise', 'int'], roles: ['Drug 1', 'Drug 2'], sides: ['Chemical', 'Chemical'] },
  kdDti: { relations: ['inhibitor', 'antagonist', 'agonist', 'activator', 'binder'], roles: ['Drug', 'Target'], sides: ['Chemical', 'Gene'] },
}

export const mentionTypes = ['Chemical', 'Disease', 'Gene', 'Species']

export const relationName: Record<string, string> = { CID: 'induces', int: 'interacts' }

export const reasonName: Record<Reason, string> = {
  notInText: 'Not in the text',
  negated: 'The text denies it',
  speculative: 'Only supposed',
  wrongType: 'Wrong type',
  wrongName: 'Wrong name or extent',
  wrongId: 'Wrong id',
  wrongDirection: 'Wrong direction',
  duplicate: 'Duplicate',
  other: 'Other',
}

export const gradeName: Record<Grade, string> = {
  exact: 'as written',
  case: 'other case',
  abbreviation: 'abbreviation',
  alias: 'other name',
  none: 'not in text',
}

export const verdictName: Record<Verdict, string> = { yes: 'Yes', no: 'No', maybe: 'Maybe', abstain: 'No clear answer' }

export const queueName: Record<QueueOrder, string> = {
  uncertainty: 'Most uncertain',
  disagreement: 'Most disputed',
  novelty: 'Newest to the library',
  maskedMass: 'Most restrained',
  confidence: 'Most certain',
  reading: 'In reading order',
}

const looks: Record<string, { color: string; letter: string }> = {
  chemical: { color: 'var(--type-chemical)', letter: 'C' },
  drug: { color: 'var(--type-chemical)', letter: 'C' },
  disease: { color: 'var(--type-disease)', letter: 'D' },
  phenotype: { color: 'var(--type-disease)', letter: 'P' },
  gene: { color: 'var(--type-gene)', letter: 'G' },
  protein: { color: 'var(--type-gene)', letter: 'G' },
  target: { color: 'var(--type-gene)', letter: 'G' },
  species: { color: 'var(--type-species)', letter: 'S' },
}

/** Colour and letter of a type of mention. */
export const lookOf = (type: string) => looks[type.toLowerCase()] ?? { color: 'var(--type-other)', letter: type.charAt(0).toUpperCase() || '?' }
