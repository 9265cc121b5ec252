/** As much of Markdown as model cards use: headings, lists, strong words, code. What else there is stays as it is written. */

export type Piece = { text: string; as: 'text' | 'strong' | 'code' }
export type Block = { kind: 'heading' | 'text' | 'item'; pieces: Piece[] }

export function blocksOf(card: string): Block[] {
  return card
    .split(/\n\s*\n|\n(?=#{1,6} |[-*] )/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .map((block): Block => {
      const heading = /^#{1,6} +/.exec(block)
      if (heading) return { kind: 'heading', pieces: piecesOf(block.slice(heading[0].length)) }
      if (/^[-*] /.test(block)) return { kind: 'item', pieces: piecesOf(block.slice(2)) }
      return { kind: 'text', pieces: piecesOf(block) }
    })
}

function piecesOf(text: string): Piece[] {
  return text
    .split(/(\*\*[^*]+\*\*|`[^`]+`)/)
    .filter((piece) => piece !== '')
    .map((piece): Piece => (piece.startsWith('**') ? { text: piece.slice(2, -2), as: 'strong' } : piece.startsWith('`') ? { text: piece.slice(1, -1), as: 'code' } : { text: piece, as: 'text' }))
}
