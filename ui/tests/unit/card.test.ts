import { expect, test } from 'vitest'
import { blocksOf, partsOf } from '../../src/features/models/card'

test('a model card is shown as it was meant, and what is not known stays as it is', () => {
  const blocks = blocksOf(
    '# The starter\n\n3.5 M weights, sha256\nof `model.bpk`.\n\n**Do not rely** on it: 2 * 3.\n- one\n- two\n\n',
  )
  expect(
    blocks.map((block) => [
      block.kind,
      (block.kind === 'table' ? [] : block.pieces).map(({ text, as }) => `${as}:${text}`).join('|'),
    ]),
  ).toEqual([
    ['heading', 'text:The starter'],
    ['text', 'text:3.5 M weights, sha256\nof |code:model.bpk|text:.'],
    ['text', 'strong:Do not rely|text: on it: 2 * 3.'],
    ['item', 'text:one'],
    ['item', 'text:two'],
  ])
})

test('a table is a table, and how a model was made stands behind what it is', () => {
  const { first, rest } = partsOf(
    '# The starter\n\nIt is small.\n\n## Figures\n\n| | BC5CDR |\n|---|---|\n| F1 | **42.26** |\n',
  )
  expect(first).toEqual([{ kind: 'text', pieces: [{ text: 'It is small.', as: 'text' }] }])
  expect(rest.map((block) => block.kind)).toEqual(['heading', 'table'])
  expect(rest[1]).toEqual({
    kind: 'table',
    head: [[], [{ text: 'BC5CDR', as: 'text' }]],
    rows: [[[{ text: 'F1', as: 'text' }], [{ text: '42.26', as: 'strong' }]]],
  })
})
