/** What the annotator draws of a session: its mentions, and of the row that is looked at its evidence, cues and arc. */

import type { Link, Mark, Scene } from '../../annotator/model'
import { relationName } from '../../shared/words'
import { mentionOf, subjectKey } from './mentions'
import type { Session } from './session.svelte'

export function sceneOf(session: Session): Scene {
  const row = session.shownRow
  const { relating, active, cursor, pending, found, foundAt } = session.marking
  const marks: Mark[] = []
  const links: Link[] = []
  const selected = new Set<string>()
  const related = new Set<string>()
  if (row) {
    for (const span of row.prediction?.evidence ?? []) marks.push({ ...span, kind: 'evidence' })
    for (const warning of row.prediction?.warnings ?? []) if (warning.span) marks.push({ ...warning.span, kind: 'cue' })
    const ends = row.content.participants.map((participant) => mentionOf(participant, session.mentions))
    for (const participant of row.content.participants) {
      for (const [place, span] of participant.spans.entries()) {
        const mention = session.mentions.find(
          (one) => one.ranges[0]?.start === span.start && one.ranges[0].end === span.end,
        )
        if (mention) (place === 0 ? selected : related).add(mention.id)
      }
    }
    const [from, to] = ends
    if (from && to)
      links.push({
        id: subjectKey(row.subject),
        from: from.id,
        to: to.id,
        label: relationName[row.content.type] ?? row.content.type,
      })
  }
  if (relating !== null) {
    selected.add(relating)
    if (active !== null && active !== relating)
      links.splice(0, links.length, { id: 'new', from: relating, to: active, label: '?' })
  }
  const words = pending?.range ?? cursor
  if (words) marks.push({ ...words, kind: 'cursor' })
  for (const [place, range] of found.entries())
    marks.push({ ...range, kind: place === foundAt ? 'foundHere' : 'found' })
  return { mentions: session.mentions, marks, links, selected, related, active }
}
