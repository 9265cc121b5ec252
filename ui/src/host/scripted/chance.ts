/** A number in 0..1 that depends on the words alone: the twin says the same thing every time. */
export function chance(...words: (string | number)[]): number {
  let hash = 2166136261
  for (const character of words.join('\u001f')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619)
  }
  hash ^= hash >>> 15
  hash = Math.imul(hash, 2246822507)
  hash ^= hash >>> 13
  return (hash >>> 0) / 4294967296
}

/** Sixty-four hexadecimal digits that look like a hash and are none. */
export function looksLikeSha256(...words: (string | number)[]): string {
  return Array.from({ length: 8 }, (_, part) =>
    Math.floor(chance(part, ...words) * 4294967296)
      .toString(16)
      .padStart(8, '0'),
  ).join('')
}
