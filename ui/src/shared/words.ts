/** Names of things as the window shows them. */

import type {
  EvidenceStance,
  Grade,
  QueueOrder,
  Reason,
  RelationTask,
  Stance,
  Task,
  Verdict,
  WarningKind,
} from '../host/types'
import type { IconName } from './icons'

export const taskName: Record<Task, string> = {
  bc5cdr: 'Chemical-induced disease',
  ddi: 'Drug interactions',
  kdDti: 'Drug targets',
  describe: 'Describe',
  answer: 'Question answering',
  classify: 'Hallmarks of cancer',
  mentions: 'Names',
}

/** Of what a newer Osler has written. */
export const nameOfTask = (task: Task | null): string =>
  task ? taskName[task] : 'A task that this Osler does not know'

/** As the task is called in the literature. */
export const taskCode: Record<Task, string> = {
  bc5cdr: 'BC5CDR',
  ddi: 'DDI',
  kdDti: 'KD-DTI',
  describe: 'describe',
  answer: 'PubMedQA',
  classify: 'HoC',
  mentions: 'NER',
}

export const relationTasks: RelationTask[] = ['bc5cdr', 'ddi', 'kdDti']

/** The types that each task's relations can have, as its data names them; the first ones are the most frequent. */
const kdDtiRelations =
  'inhibitor,antagonist,agonist,modulator,binder,positive allosteric modulator,cofactor,activator,ligand,inducer,antibody,negative modulator,adduct,blocker,other,product of,other/unknown,chelator,partial agonist,allosteric modulator,stimulator,downregulator,potentiator,cross-linking/alkylation,substrate,intercalation,chaperone,partial antagonist,inverse agonist'.split(
    ',',
  )

/** Types of relations and mentions that a task knows, with the roles of its two sides as they are kept, and as they are shown. */
export const schemas: Record<
  RelationTask,
  { relations: string[]; roles: [string, string]; sides: [string, string]; names: [string, string] }
> = {
  bc5cdr: {
    relations: ['CID'],
    roles: ['Chemical', 'Disease'],
    sides: ['Chemical', 'Disease'],
    names: ['Chemical', 'Disease'],
  },
  ddi: {
    relations: ['mechanism', 'effect', 'advise', 'int'],
    roles: ['drug', 'target'],
    sides: ['Chemical', 'Chemical'],
    names: ['Drug', 'Other drug'],
  },
  kdDti: {
    relations: kdDtiRelations,
    roles: ['drug', 'target'],
    sides: ['Chemical', 'Gene'],
    names: ['Drug', 'Target'],
  },
}

/** The task that finds relations of this type. */
export const taskOfRelation = (type: string): RelationTask | undefined =>
  relationTasks.find((task) => schemas[task].relations.includes(type))

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

export const warningTag: Record<WarningKind, string> = { negation: 'not', hedging: 'may', other: '!' }

export const warningName: Record<WarningKind, string> = {
  negation: 'A denial near the evidence',
  hedging: 'A doubt near the evidence',
  other: 'Note',
}

export const verdictName: Record<Verdict, string> = {
  yes: 'Yes',
  no: 'No',
  maybe: 'Open',
  notStated: 'Does not say',
  abstain: 'No clear answer',
}

/** What a sentence says to a question, or of a relation that it is evidence for: a word and a shape, so that colour is never alone. */
export const stanceLook: Record<Stance | EvidenceStance, { word: string; icon: IconName }> = {
  for: { word: 'For', icon: 'check' },
  against: { word: 'Against', icon: 'cross' },
  unclear: { word: 'Open', icon: 'minus' },
  supports: { word: 'Supports', icon: 'check' },
  partly: { word: 'Partly', icon: 'minus' },
  contradicts: { word: 'Contradicts', icon: 'cross' },
  background: { word: 'Background', icon: 'eye' },
}

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
  species: { color: 'var(--type-species)', letter: 'S' },
}

/** Colour and letter of a type of mention. */
export const lookOf = (type: string) =>
  looks[type.toLowerCase()] ?? { color: 'var(--type-other)', letter: type.charAt(0).toUpperCase() || '?' }
