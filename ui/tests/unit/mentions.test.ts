import { describe, expect, test } from 'vitest'
import {
  align,
  mentionOf,
  mentionsOf,
  onePerStatement,
  relationBetween,
  relationsOf,
  shows,
  withKnown,
  withKnownMentions,
} from '../../src/features/annotate/mentions'
import type { Abbreviation, Annotation, Content, Decision, Prediction } from '../../src/host/types'

const text = 'aspirin and nausea'
const decision = (verdict: Decision['verdict']): Decision => ({
  verdict,
  reason: null,
  comment: '',
  curator: 'A',
  madeAt: 0,
})
const prediction = (run: number, content: Content, score: number): Prediction => ({
  run,
  content,
  score,
  maskedMass: 0,
  maskedMasses: [],
  figures: [],
  evidence: [],
  grade: 'exact',
  warnings: [],
})
const relation = (
  id: number,
  run: number,
  score: number,
  verdict: Decision['verdict'] | null = null,
  signature = 's',
): Annotation => {
  const content: Content = {
    kind: 'relation',
    type: 'CID',
    participants: [
      { role: 'Chemical', name: 'aspirin', spans: [{ start: 0, end: 7 }], concepts: [], grade: 'exact' },
      { role: 'Disease', name: 'nausea', spans: [{ start: 12, end: 18 }], concepts: [], grade: 'exact' },
    ],
  }
  return {
    subject: { kind: 'finding', id },
    content,
    signature,
    prediction: prediction(run, content, score),
    decision: verdict && decision(verdict),
  }
}
const entity = (id: number, start: number, end: number, type: string): Annotation => {
  const content: Content = {
    kind: 'entity',
    type,
    spans: [{ start, end }],
    text: text.slice(start, end),
    concepts: [{ vocabulary: 'MESH', id: 'D1', name: 'x' }],
  }
  return {
    subject: { kind: 'finding', id },
    content,
    signature: `e${String(id)}`,
    prediction: prediction(1, content, 0.9),
    decision: null,
  }
}

describe('mentions of a document', () => {
  test('a relation names what no annotation does, by the type of its role', () => {
    expect(mentionsOf([relation(1, 1, 0.5)], text).map((mention) => [mention.text, mention.type])).toEqual([
      ['aspirin', 'Chemical'],
      ['nausea', 'Disease'],
    ])
  })

  test('annotation and relation at one place are one mention, accepted with the relation', () => {
    const mentions = mentionsOf([entity(1, 0, 7, 'Chemical'), relation(2, 1, 0.5, 'accepted')], text)
    expect(mentions).toHaveLength(2)
    expect(mentions[0]).toMatchObject({ text: 'aspirin', state: 'accepted' })
    expect(mentions[0]?.entity?.subject.id).toBe(1)
  })

  test('a mention says what the text has for its short or long form', () => {
    const defined = [{ short: 'ASA', long: 'aspirin' }] as Abbreviation[]
    const [mention] = mentionsOf([entity(1, 0, 7, 'Chemical')], text, defined)
    expect(mention?.says).toBe('aspirin: ASA')
    expect(mentionsOf([entity(1, 0, 7, 'Chemical')], text)[0]?.says).toBeNull()
  })

  test('two types at one place stay two mentions', () => {
    expect(mentionsOf([entity(1, 0, 7, 'Chemical'), entity(2, 0, 7, 'Gene')], text)).toHaveLength(2)
  })
})

describe('relations', () => {
  test('a relation is in the order of the task, whichever side was dragged', () => {
    const mentions = mentionsOf([entity(1, 0, 7, 'Chemical'), entity(2, 12, 18, 'Disease')], text)
    const [chemical, disease] = mentions
    if (!chemical || !disease) throw new Error('no mentions')
    for (const content of [
      relationBetween(chemical, disease, 'bc5cdr', 'CID'),
      relationBetween(disease, chemical, 'bc5cdr', 'CID'),
    ]) {
      expect(content.kind === 'relation' && content.participants.map((one) => `${one.role} ${one.name}`)).toEqual([
        'Chemical aspirin',
        'Disease nausea',
      ])
    }
    expect(
      mentionOf(
        { role: 'Disease', name: 'nausea', spans: [{ start: 12, end: 18 }], concepts: [], grade: 'exact' },
        mentions,
      ),
    ).toBe(disease)
  })

  test('the threshold hides suggestions, and nothing that a person decided', () => {
    const shown = { threshold: 0.6, status: 'all', modelId: null } as const
    const [low, decided] = relationsOf([relation(1, 1, 0.4), relation(2, 1, 0.4, 'accepted', 't')], new Set([1]))
    expect(low && shows(low, shown, new Map())).toBe(false)
    expect(decided && shows(decided, shown, new Map())).toBe(true)
  })

  test('what was decided about an older run stays, and stands for the same statement of the newer one', () => {
    const all = [
      relation(1, 1, 0.4, 'accepted'),
      relation(2, 1, 0.3, null, 'other'),
      relation(3, 2, 0.6),
      relation(4, 2, 0.2, null, 'other'),
    ]
    const shown = onePerStatement(relationsOf(all, new Set([2])))
    expect(shown.map((one) => one.subject.id)).toEqual([1, 4])
    const [row] = align(
      relationsOf(all, new Set([2])),
      'a',
      'b',
      new Map([
        [1, 'a'],
        [2, 'a'],
      ]),
    )
    expect([row?.left?.subject.id, row?.right]).toEqual([1, null])
  })

  test('of a document that is read again only what changed is new', () => {
    const before = [relation(1, 1, 0.4), relation(2, 1, 0.6, null, 'other')]
    const after = withKnown(
      [relation(1, 1, 0.4, 'accepted'), relation(2, 1, 0.6, null, 'other'), relation(3, 1, 0.2)],
      before,
    )
    expect(after.map((one) => before.includes(one))).toEqual([false, true, false])
    expect(after[0]?.decision?.verdict).toBe('accepted')
  })

  test('a mention is another one only when it looks otherwise', () => {
    const first = withKnown([relation(1, 1, 0.4), relation(2, 1, 0.6, null, 'other')], [])
    const shown = withKnownMentions(mentionsOf(first, text), [])
    const again = withKnownMentions(
      mentionsOf(withKnown([relation(1, 1, 0.4), relation(2, 1, 0.6, 'rejected', 'other')], first), text),
      shown,
    )
    expect(again).toBe(shown)
    const decided = withKnownMentions(
      mentionsOf(withKnown([relation(1, 1, 0.4, 'accepted'), relation(2, 1, 0.6, null, 'other')], first), text),
      shown,
    )
    expect(decided.map((one) => [one.state, shown.includes(one)])).toEqual([
      ['accepted', false],
      ['accepted', false],
    ])
  })

  test('only the latest runs count, and two models are aligned by what they say', () => {
    const all = [relation(1, 1, 0.4), relation(2, 2, 0.7), relation(3, 3, 0.9), relation(4, 3, 0.5, null, 'other')]
    const latest = relationsOf(all, new Set([2, 3]))
    expect(latest.map((one) => one.subject.id)).toEqual([2, 3, 4])
    const rows = align(
      latest,
      'a',
      'b',
      new Map([
        [2, 'a'],
        [3, 'b'],
      ]),
    )
    expect(rows.map((row) => [row.left?.subject.id, row.right?.subject.id])).toEqual([
      [2, 3],
      [undefined, 4],
    ])
  })
})

test('a row with two warnings of one kind shows one sign, and its detail both', async () => {
  const { render } = await import('@testing-library/svelte')
  const { default: RelationRow } = await import('../../src/features/annotate/RelationRow.svelte')
  const warning = (text: string) => ({ type: 'negation' as const, text, span: null })
  const participant = (role: string, name: string) => ({ role, name, spans: [], concepts: [], grade: 'exact' as const })
  const content = {
    kind: 'relation' as const,
    type: 'cid',
    participants: [participant('chemical', 'aspirin'), participant('disease', 'ulcer')],
  }
  const relation = {
    subject: { kind: 'finding', id: 1 },
    content,
    decision: null,
    signature: 's',
    prediction: {
      run: 1,
      score: 0.5,
      maskedMass: 0,
      maskedMasses: [],
      evidence: [],
      figures: [],
      warnings: [warning('no'), warning('not')],
    },
  }
  const { container } = render(RelationRow, { relation: relation as never, pending: false, counted: true, rank: null })
  expect([...container.querySelectorAll('.chip')].map((chip) => chip.textContent)).toEqual(['not'])
})
