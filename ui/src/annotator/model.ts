/** What the annotator draws. Offsets are UTF-16 code units into one text, half open. */

export type Range = { start: number; end: number }

export type MentionState = 'suggested' | 'accepted' | 'rejected' | 'added'

/** A mention; more than one range for a discontinuous one. `says` is shown where a pointer rests on it. */
export type Mention = { id: string; ranges: Range[]; type: string; state: MentionState; says?: string | null }

/** An arc between two mentions. */
export type Link = { id: string; from: string; to: string; label: string }

/** A stretch that is marked without being a mention. `strength` of a shade: -1 to 1. */
export type Mark = Range & { kind: 'evidence' | 'cue' | 'cursor' | 'shade' | 'found' | 'foundHere'; strength?: number }

/** How a type looks: a CSS colour and a letter or two, so that colour is never alone. */
export type TypeLook = { color: string; letter: string }

export type Scene = {
  mentions: Mention[]
  marks: Mark[]
  links: Link[]
  /** Mentions drawn strongly: those of the selected row. */
  selected: ReadonlySet<string>
  /** Other places of the same things, drawn a little stronger than the rest. */
  related: ReadonlySet<string>
  /** The mention the keyboard is at. */
  active: string | null
}

export const emptyScene: Scene = {
  mentions: [],
  marks: [],
  links: [],
  selected: new Set(),
  related: new Set(),
  active: null,
}

export const overlaps = (left: Range, right: Range) => left.start < right.end && right.start < left.end
