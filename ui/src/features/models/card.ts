/** As much of Markdown as model cards use: headings, lists, tables, strong words, code. What else there is stays as it is written. */

export type Piece = { text: string; as: 'text' | 'strong' | 'code' }
export type Block =
  { kind: 'heading' | 'text' | 'item'; pieces: Piece[] } | { kind: 'table'; head: Piece[][]; rows: Piece[][][] }

export function blocksOf(card: string): Block[] {
  return card
    .split(/\n\s*\n|\n(?=#{1,6} |[-*] )/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .map((block): Block => {
      const table = tableOf(block)
      if (table) return table
      const heading = /^#{1,6} +/.exec(block)
      if (heading) return { kind: 'heading', pieces: piecesOf(block.slice(heading[0].length)) }
      if (/^[-*] /.test(block)) return { kind: 'item', pieces: piecesOf(block.slice(2)) }
      return { kind: 'text', pieces: piecesOf(block) }
    })
}

/** What a card says first, up to its first section, and the rest: how the model was made, for whoever wants to know. */
export function partsOf(card: string): { first: Block[]; rest: Block[] } {
  const blocks = blocksOf(card)
  const title = blocks[0]?.kind === 'heading' ? 1 : 0
  const end = blocks.findIndex((block, place) => place >= title && block.kind === 'heading')
  return end < 0
    ? { first: blocks.slice(title), rest: [] }
    : { first: blocks.slice(title, end), rest: blocks.slice(end) }
}

function tableOf(block: string): Block | null {
  const lines = block.split('\n').map((line) => line.trim())
  if (lines.length < 2 || !lines.every((line) => line.startsWith('|')) || !/^\|[\s:|-]+\|?$/.test(lines[1] ?? ''))
    return null
  const cells = (line: string) =>
    line
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => piecesOf(cell.trim()))
  return { kind: 'table', head: cells(lines[0] ?? ''), rows: lines.slice(2).map(cells) }
}

function piecesOf(text: string): Piece[] {
  return text
    .split(/(\*\*[^*]+\*\*|`[^`]+`)/)
    .filter((piece) => piece !== '')
    .map((piece): Piece =>
      piece.startsWith('**')
        ? { text: piece.slice(2, -2), as: 'strong' }
        : piece.startsWith('`')
          ? { text: piece.slice(1, -1), as: 'code' }
          : { text: piece, as: 'text' },
    )
}
