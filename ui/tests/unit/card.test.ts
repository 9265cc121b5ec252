import { expect, test } from 'vitest'
import { blocksOf } from '../../src/features/models/card'

test('a model card is shown as it was meant, and what is not known stays as it is', () => {
  const blocks = blocksOf('# The starter\n\n3.5 M weights, sha256\nof `model.bpk`.\n\n**Do not rely** on it: 2 * 3.\n- one\n- two\n\n')
  expect(blocks.map(({ kind, pieces }) => [kind, pieces.map(({ text, as }) => `${as}:${text}`).join('|')])).toEqual([
    ['heading', 'text:The starter'],
    ['text', 'text:3.5 M weights, sha256\nof |code:model.bpk|text:.'],
    ['text', 'strong:Do not rely|text: on it: 2 * 3.'],
    ['item', 'text:one'],
    ['item', 'text:two'],
  ])
})
