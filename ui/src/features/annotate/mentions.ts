/** From annotations to what the annotator draws: pure, so that it can be tested. */

import type { Mention, MentionState, Range } from '../../annotator/model'
import type { Abbreviation, Annotation, Concept, Content, Decision, Participant, Subject } from '../../host/types'
import { otherForm } from '../../shared/abbreviations'
import { relationName, schemas, taskOfRelation } from '../../shared/words'
import type { RelationTask } from '../../host/types'

export type Relation = Annotation & { content: Extract<Content, { kind: 'relation' }> }
export type Entity = Annotation & { content: Extract<Content, { kind: 'entity' }> }

export const subjectKey = (subject: Subject) => `${subject.kind}-${String(subject.id)}`

export const isRelation = (one: Annotation): one is Relation => one.content.kind === 'relation'
export const isEntity = (one: Annotation): one is Entity => one.content.kind === 'entity'

export type Status = 'open' | 'accepted' | 'rejected'

export function statusOf(one: Annotation): Status {
  if (one.decision === null) return 'open'
  return one.decision.verdict === 'rejected' ? 'rejected' : 'accepted'
}

/**
 * The same annotations, as those that were there before where nothing about them changed: of hundreds of rows one is drawn anew.
 * What came with the document or from a model reads otherwise only by another decision; a curator's own is rewritten in place.
 */
export function withKnown(annotations: readonly Annotation[], before: readonly Annotation[]): Annotation[] {
  const known = new Map(before.map((one) => [subjectKey(one.subject), one]))
  return annotations.map((one) => {
    const old = known.get(subjectKey(one.subject))
    return old &&
      sameDecision(old.decision, one.decision) &&
      (one.subject.kind !== 'added' || JSON.stringify(old) === JSON.stringify(one))
      ? old
      : one
  })
}

const sameDecision = (left: Decision | null, right: Decision | null) =>
  left === right ||
  (left !== null &&
    right !== null &&
    left.madeAt === right.madeAt &&
    left.verdict === right.verdict &&
    left.reason === right.reason &&
    left.comment === right.comment &&
    left.curator === right.curator)

const mentionId = (ranges: readonly Range[], type: string) =>
  `${ranges.map((range) => `${String(range.start)}-${String(range.end)}`).join('+')}:${type}`

export type KnownMention = Mention & { text: string; entity: Entity | null; concepts: readonly Concept[] }

export const placeOf = (range: Range | undefined) => (range ? `${String(range.start)}-${String(range.end)}` : '')

/** A statement in words. */
export const namesOf = (one: Relation) =>
  one.content.participants
    .map((participant) => participant.name)
    .join(` ${relationName[one.content.type] ?? one.content.type} `)

/** The type of a relation's side: what the task says about that side. Roles are no types: the second drug of an interaction is a "target". */
export function typeOfSide(relation: string, role: string, place: number): string {
  const task = taskOfRelation(relation)
  return (task && schemas[task].sides[place]) ?? role
}

/**
 * Every mention of a document once: those that are annotations, and those that only a relation names. A mention that nobody
 * decided is accepted when a relation with it is. Each says what the text has for its short or long form.
 */
export function mentionsOf(
  annotations: readonly Annotation[],
  text: string,
  abbreviations: readonly Abbreviation[] = [],
): KnownMention[] {
  const says = (name: string) => {
    const form = otherForm(name, abbreviations)
    return form === null ? null : `${name}: ${form}`
  }
  const found = new Map<string, KnownMention>()
  const places = new Map<string, string>()
  for (const one of annotations) {
    if (!isEntity(one)) continue
    const id = mentionId(one.content.spans, one.content.type)
    const state: MentionState =
      one.subject.kind === 'added'
        ? 'added'
        : statusOf(one) === 'open'
          ? 'suggested'
          : statusOf(one) === 'accepted'
            ? 'accepted'
            : 'rejected'
    const before = found.get(id)
    if (before && before.state !== 'suggested') continue
    found.set(id, {
      id,
      ranges: one.content.spans,
      type: one.content.type,
      state,
      says: says(one.content.text),
      text: one.content.text,
      entity: one,
      concepts: one.content.concepts,
    })
    const first = one.content.spans[0]
    if (first) places.set(`${String(first.start)}-${String(first.end)}`, id)
  }
  for (const one of annotations) {
    if (!isRelation(one)) continue
    for (const [side, participant] of one.content.participants.entries()) {
      for (const [place, span] of participant.spans.entries()) {
        const at = `${String(span.start)}-${String(span.end)}`
        let id = places.get(at)
        if (id === undefined) {
          const type = typeOfSide(one.content.type, participant.role, side)
          id = mentionId([span], type)
          places.set(at, id)
          found.set(id, {
            id,
            ranges: [span],
            type,
            state: 'suggested',
            says: says(text.slice(span.start, span.end)),
            text: text.slice(span.start, span.end),
            entity: null,
            concepts: participant.concepts,
          })
        }
        const mention = found.get(id)
        if (place === 0 && mention?.state === 'suggested' && statusOf(one) === 'accepted')
          found.set(id, { ...mention, state: 'accepted' })
      }
    }
  }
  // The same name has the same id, wherever it stands.
  const known = new Map(
    [...found.values()]
      .filter((mention) => mention.concepts.length > 0)
      .map((mention) => [`${mention.type} ${mention.text.toLowerCase()}`, mention.concepts]),
  )
  const identified = [...found.values()].map((mention) =>
    mention.concepts.length > 0
      ? mention
      : { ...mention, concepts: known.get(`${mention.type} ${mention.text.toLowerCase()}`) ?? [] },
  )
  return identified.sort((left, right) => (left.ranges[0]?.start ?? 0) - (right.ranges[0]?.start ?? 0))
}

/** The same mentions, as those that were there before where nothing about them changed; the list itself where nothing did at all. */
export function withKnownMentions(mentions: KnownMention[], before: KnownMention[]): KnownMention[] {
  const known = new Map(before.map((one) => [one.id, one]))
  const kept = mentions.map((one) => {
    const old = known.get(one.id)
    return old &&
      old.state === one.state &&
      old.entity === one.entity &&
      old.text === one.text &&
      JSON.stringify(old.concepts) === JSON.stringify(one.concepts)
      ? old
      : one
  })
  return kept.length === before.length && kept.every((one, place) => one === before[place]) ? before : kept
}

/** The mention of a type that stands at a place. */
export const mentionIdAt = (mentions: readonly KnownMention[], range: Range, type: string): string | null =>
  mentions.find((mention) => mention.type === type && placeOf(mention.ranges[0]) === placeOf(range))?.id ?? null

/** The mention that stands where a participant's nearest span stands. */
export function mentionOf(
  participant: Participant | undefined,
  mentions: readonly KnownMention[],
): KnownMention | null {
  const span = participant?.spans[0]
  return (
    (span &&
      mentions.find((mention) => mention.ranges[0]?.start === span.start && mention.ranges[0].end === span.end)) ??
    null
  )
}

/** A relation between two mentions in the order of the task's roles, whichever was taken first. */
export function relationBetween(first: KnownMention, second: KnownMention, task: RelationTask, type: string): Content {
  const schema = schemas[task]
  const fits = first.type === schema.sides[0] || second.type !== schema.sides[0]
  const ordered = fits ? [first, second] : [second, first]
  return {
    kind: 'relation',
    type,
    participants: ordered.map((mention, place): Participant => ({
      role: schema.roles[place] ?? '',
      name: mention.text,
      spans: mention.ranges,
      concepts: [...mention.concepts],
      grade: 'exact',
    })),
  }
}

export type Shown = { threshold: number; status: Status | 'all'; modelId: string | null }

/** Relations in reading order. Of older runs of the same model only those that somebody decided: no decision is lost from sight. */
export function relationsOf(annotations: readonly Annotation[], latest: ReadonlySet<number>): Relation[] {
  const place = (one: Relation) =>
    one.prediction?.evidence[0]?.start ?? one.content.participants[0]?.spans[0]?.start ?? 0
  return annotations
    .filter(isRelation)
    .filter((one) => one.prediction === null || one.decision !== null || latest.has(one.prediction.run))
    .sort((left, right) => place(left) - place(right))
}

/** Each statement once: of several predictions of it the one that was decided, or else the first. */
export function onePerStatement(relations: readonly Relation[]): Relation[] {
  const chosen = new Map<string, Relation>()
  for (const one of relations) {
    const before = chosen.get(one.signature)
    if (one.prediction !== null && (!before || (before.decision === null && one.decision !== null)))
      chosen.set(one.signature, one)
  }
  return relations.filter((one) => one.prediction === null || chosen.get(one.signature) === one)
}

/** Whether a row is shown; what a curator decided or added is never hidden by the threshold. */
export function shows(one: Relation, shown: Shown, modelOfRun: ReadonlyMap<number, string>): boolean {
  if (shown.status !== 'all' && statusOf(one) !== shown.status) return false
  if (shown.modelId !== null && one.prediction && modelOfRun.get(one.prediction.run) !== shown.modelId) return false
  return one.decision !== null || one.prediction === null || (one.prediction.score ?? 0) >= shown.threshold
}

/** Orders of the rows. */
export type Sort = 'text' | 'highest' | 'lowest'

/** Rows by score, or as they stand in the text. What has no score, since a curator added it, is as good as certain. */
export function sorted(rows: readonly Relation[], sort: Sort): readonly Relation[] {
  if (sort === 'text') return rows
  const score = (one: Relation) => one.prediction?.score ?? 1
  return [...rows].sort((left, right) => (sort === 'highest' ? score(right) - score(left) : score(left) - score(right)))
}

export type Aligned = { signature: string; left: Relation | null; right: Relation | null }

/** Two models' relations in one list: the same statement on one line. */
export function align(
  relations: readonly Relation[],
  left: string,
  right: string,
  modelOfRun: ReadonlyMap<number, string>,
): Aligned[] {
  const foundBy = (model: string) => {
    const found = relations.filter((one) => one.prediction && modelOfRun.get(one.prediction.run) === model)
    return new Map(onePerStatement(found).map((one) => [one.signature, one]))
  }
  const [first, second] = [foundBy(left), foundBy(right)]
  const signatures = [...new Set(relations.map((one) => one.signature))].filter(
    (one) => first.has(one) || second.has(one),
  )
  return signatures.map((signature) => ({
    signature,
    left: first.get(signature) ?? null,
    right: second.get(signature) ?? null,
  }))
}
