import type { Host } from '../interface'
import type * as wire from '../types'
import { chance } from './chance'
import { findConcepts } from './lexicon'
import { failure, plural, subjectKey, type Added, type StoredDecision, type World } from './world'

type Curation = Pick<
  Host,
  | 'decide'
  | 'withdraw'
  | 'annotate'
  | 'annotateOccurrences'
  | 'countOccurrences'
  | 'findConcepts'
  | 'writeNote'
  | 'editNote'
  | 'removeNote'
  | 'undo'
  | 'redo'
  | 'history'
  | 'queue'
>

const nouns: Record<wire.Content['kind'], string> = {
  entity: 'mention',
  relation: 'relation',
  label: 'label',
  answer: 'answer',
}

export function curation(world: World): Curation {
  const contentOf = (subject: wire.Subject): { document: number; content: wire.Content } => {
    const own = subject.kind === 'added' ? world.added.get(String(subject.id)) : undefined
    if (own) return own
    const finding = world.findings.get(String(subject.id))
    if (subject.kind === 'finding' && finding)
      return { document: finding.document, content: finding.prediction.content }
    throw failure(
      'notFound',
      'What you decided about is no longer there.',
      'It may have been undone. Refresh the view.',
    )
  }

  const decision = (
    verdict: wire.Decision['verdict'],
    reason: wire.Reason | null = null,
    comment = '',
  ): wire.Decision => ({
    verdict,
    reason,
    comment,
    curator: world.settings.curator,
    madeAt: world.clock.now(),
  })

  /** `accepted 2 relations`; with mixed kinds: `rejected 3 annotations`. */
  const summary = (verb: string, kinds: wire.Content['kind'][]) => {
    const noun = kinds.every((kind) => kind === kinds[0]) && kinds[0] ? nouns[kinds[0]] : 'annotation'
    return `${verb} ${plural(kinds.length, noun)}`
  }

  function occurrences(document: number, name: string): wire.Span[] {
    const text = world.stored(document).text
    if (name.trim() === '') return []
    const pattern = new RegExp(
      `(?<![\\p{L}\\p{N}])${name.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}])`,
      'giu',
    )
    return [...text.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }))
  }

  function add(document: number, contents: wire.Content[]): void {
    for (const content of contents) {
      const id = world.nextId()
      world.journal.put('added', String(id), { id, document, content, decision: decision('added') } satisfies Added)
    }
  }

  return {
    decide: async (judgements) => {
      const first = judgements[0]
      if (!first) throw failure('badInput', 'Nothing was selected.', 'Select a relation or a mention first.')
      const subjects = judgements.map((judgement) => contentOf(judgement.subject))
      const verb = judgements.every((judgement) => judgement.kind === first.kind)
        ? { accept: 'accepted', reject: 'rejected', edit: 'edited' }[first.kind]
        : 'decided'
      const single =
        new Set(subjects.map((subject) => subject.document)).size === 1 ? (subjects[0]?.document ?? null) : null
      return world.act(
        single,
        () => {
          judgements.forEach((judgement, place) => {
            const subject = subjects[place]
            if (!subject) return
            if (judgement.subject.kind === 'added') {
              const own = world.added.get(String(judgement.subject.id))
              if (own && judgement.kind === 'edit')
                world.journal.put('added', String(own.id), { ...own, content: judgement.content })
              if (own && judgement.kind === 'reject') world.journal.put('added', String(own.id), undefined)
              return
            }
            const made =
              judgement.kind === 'accept'
                ? decision('accepted')
                : judgement.kind === 'reject'
                  ? decision('rejected', judgement.reason, judgement.comment)
                  : decision('edited')
            const row: StoredDecision = {
              ...made,
              subject: judgement.subject,
              document: subject.document,
              content: judgement.kind === 'edit' ? judgement.content : null,
            }
            world.journal.put('decisions', subjectKey(judgement.subject), row)
          })
          return summary(
            verb,
            subjects.map((subject) => subject.content.kind),
          )
        },
        subjects
          .slice(0, 3)
          .map(({ content }) =>
            content.kind === 'relation'
              ? content.participants.map((one) => one.name).join(' and ')
              : content.kind === 'entity'
                ? content.text
                : content.kind,
          ),
      )
    },
    withdraw: async (subjects) => {
      const found = subjects.map(contentOf)
      return world.act(found[0]?.document ?? null, () => {
        for (const subject of subjects) {
          if (subject.kind === 'added') world.journal.put('added', String(subject.id), undefined)
          else world.journal.put('decisions', subjectKey(subject), undefined)
        }
        return summary(
          'took back',
          found.map((one) => one.content.kind),
        )
      })
    },
    annotate: async (document, contents) =>
      world.act(document, () => {
        add(document, contents)
        return summary(
          'added',
          contents.map((content) => content.kind),
        )
      }),
    annotateOccurrences: async (document, name, type, concepts) =>
      world.act(document, () => {
        const text = world.stored(document).text
        const there = new Set(
          [...world.added.values()]
            .filter((own) => own.document === document && own.content.kind === 'entity')
            .flatMap((own) => (own.content.kind === 'entity' ? own.content.spans.map((span) => span.start) : [])),
        )
        const contents = occurrences(document, name)
          .filter((span) => !there.has(span.start))
          .map((span): wire.Content => ({
            kind: 'entity',
            type,
            spans: [span],
            text: text.slice(span.start, span.end),
            concepts,
          }))
        add(document, contents)
        return `added ${plural(contents.length, 'mention')} of ${name}`
      }),
    countOccurrences: async (document, name) => occurrences(document, name).length,
    findConcepts: async (name, limit) => findConcepts(name, limit),
    writeNote: async (note) =>
      world.act(note.document, () => {
        const id = world.nextId()
        world.journal.put('notes', String(id), {
          ...note,
          id,
          author: world.settings.curator,
          modifiedAt: world.clock.now(),
        })
        return 'wrote a note'
      }),
    editNote: async (id, text) => {
      const note = world.notes.get(String(id))
      if (!note) throw failure('notFound', 'The note is no longer there.', 'It may have been undone.')
      return world.act(note.document, () => {
        world.journal.put('notes', String(id), { ...note, text, modifiedAt: world.clock.now() })
        return 'changed a note'
      })
    },
    removeNote: async (id) =>
      world.act(world.notes.get(String(id))?.document ?? null, () => {
        world.journal.put('notes', String(id), undefined)
        return 'removed a note'
      }),
    undo: async (track) => {
      const step = world.journal.turn(track, 'undo')
      return step && world.change(step)
    },
    redo: async (track) => {
      const step = world.journal.turn(track, 'redo')
      return step && world.change(step)
    },
    history: async (before, limit) => world.journal.history(before, limit, world.settings.curator),
    queue: async (order, filter, after, limit) => {
      const bySignature = new Map<string, number>()
      const all = [...world.findings.values()]
        .filter((finding) => world.documents.has(String(finding.document)))
        .map((finding) => ({ finding, annotation: world.annotation(finding) }))
      const decided = new Set(
        all
          .filter(({ annotation }) => annotation.decision !== null)
          .map(({ finding, annotation }) => `${String(finding.document)} ${annotation.signature}`),
      )
      const found = all.filter(({ finding, annotation }) => {
        bySignature.set(annotation.signature, (bySignature.get(annotation.signature) ?? 0) + 1)
        return (
          annotation.content.kind === 'relation' &&
          (!filter.undecided || !decided.has(`${String(finding.document)} ${annotation.signature}`)) &&
          (filter.document === null || finding.document === filter.document) &&
          (filter.atLeast === null || (finding.prediction.score ?? 0) >= filter.atLeast) &&
          (filter.type === null || annotation.content.type === filter.type)
        )
      })
      const rankOf = ({ finding, annotation }: (typeof found)[number]): number => {
        const score = finding.prediction.score ?? 0
        if (order === 'uncertainty') return 1 - Math.abs(2 * score - 1)
        if (order === 'maskedMass') return finding.prediction.maskedMass ?? 0
        if (order === 'confidence') return score
        if (order === 'novelty') return 1 / (bySignature.get(annotation.signature) ?? 1)
        if (order === 'disagreement') return chance('disagreement', annotation.signature)
        return -finding.document
      }
      const entries = found.map((one) => ({
        document: one.finding.document,
        documentTitle: world.stored(one.finding.document).title,
        annotation: one.annotation,
        rank: rankOf(one),
      }))
      entries.sort((left, right) => right.rank - left.rank)
      const from = Number(after ?? 0)
      return {
        entries: entries.slice(from, from + limit),
        total: entries.length,
        next: from + limit < entries.length ? String(from + limit) : null,
      }
    },
  }
}
