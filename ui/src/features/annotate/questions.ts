/** What is asked in a dialog. Each asks about what was looked at when it began, and keeps that in its own hands. */

import type { Content, Note, Reason, Subject } from '../../host/types'
import { choose } from '../../shared/choose'
import type { Press } from '../../shared/commands'
import PromptDialog from '../../shared/components/PromptDialog.svelte'
import { answeredBy, modelOf, namesBy } from '../../shared/figures'
import { reasonName, schemas, taskOfRelation } from '../../shared/words'
import AcceptAll from './AcceptAll.svelte'
import EditRelation from './EditRelation.svelte'
import NoteDialog from './NoteDialog.svelte'
import { isRelation, namesOf, subjectKey, type Relation } from './mentions'
import type { Session } from './session.svelte'

export async function askReason(
  session: Session,
  press: Press = null,
  subject: Subject | null = session.deciding.aim(press),
): Promise<void> {
  if (!subject) return
  const reasons = (Object.keys(reasonName) as Reason[]).map((value) => ({ value, label: reasonName[value] }))
  const reason = await choose(session.app, 'reason', 'Why is it wrong?', reasons)
  if (reason !== null) await session.deciding.reject(null, subject, reason)
}

export async function editRelation(session: Session, relation: Relation): Promise<void> {
  const { subject, content } = relation
  const task = taskOfRelation(content.type) ?? session.task
  const names = content.participants.map((participant, place) => session.sideName(relation, participant, place))
  const changed = await session.app.ask(EditRelation, {
    content,
    names,
    sides: schemas[task].sides,
    types: schemas[task].relations,
    mentions: session.mentions,
  })
  if (changed !== null) await session.deciding.decide({ kind: 'edit', subject, content: changed })
}

/** Chooses an id, of the mention at hand or else of one of the two names of the row. */
export async function chooseConcept(session: Session): Promise<void> {
  const { app } = session
  const about = session.marking.activeMention?.entity ?? session.row
  if (!about) return
  const { subject, content } = about
  const names =
    content.kind === 'entity'
      ? [content.text]
      : isRelation(about)
        ? about.content.participants.map((one) => one.name)
        : []
  try {
    const known = await Promise.all(names.map((name) => app.host.findConcepts(name, 9)))
    const choices = known.flatMap((concepts, place) =>
      concepts.map((concept) => ({
        value: { place, concept },
        label: concept.name,
        detail: `${concept.vocabulary} ${concept.id}${names.length > 1 ? `, for “${names[place] ?? ''}”` : ''}`,
      })),
    )
    if (choices.length === 0) return app.toast(`No id is known for ${names.map((name) => `“${name}”`).join(' or ')}.`)
    const chosen = await choose(
      app,
      'concept',
      names.length > 1 ? 'Which id?' : `What is “${names[0] ?? ''}”?`,
      choices,
    )
    if (chosen === null) return
    const { place, concept } = chosen
    const changed: Content =
      content.kind === 'entity'
        ? { ...content, concepts: [concept] }
        : content.kind === 'relation'
          ? {
              ...content,
              participants: content.participants.map((one, side) =>
                side === place
                  ? { ...one, concepts: [concept, ...one.concepts.filter((other) => other.id !== concept.id)] }
                  : one,
              ),
            }
          : content
    await session.deciding.decide({ kind: 'edit', subject, content: changed })
  } catch (thrown) {
    app.fail(thrown)
  }
}

/** A note on a relation, or on the document. What was written of it and left is there again. */
export async function writeNote(session: Session, subject: Subject | null): Promise<void> {
  const { app, view, unwritten } = session
  if (!view) return
  const key = `${String(view.id)} ${subject ? subjectKey(subject) : ''}`
  const written = await app.ask(NoteDialog, {
    title: subject ? 'Note on this relation' : 'Note on this document',
    text: unwritten.get(key) ?? '',
  })
  if (written === null) return
  const text = written.text.trim()
  const leave = (words: string) => {
    unwritten.set(key, written.text)
    app.toast(words, { label: 'Go on writing', run: () => void writeNote(session, subject) })
  }
  if (!written.keep) {
    if (text === '') unwritten.delete(key)
    else leave('The note is not in the library yet. Its words are kept until Osler is closed.')
    return
  }
  const change = await app.act(() => app.host.writeNote({ document: view.id, subject, span: null, text }))
  if (change) unwritten.delete(key)
  else leave('The note could not be stored. Its words are kept until Osler is closed.')
}

export async function editNote(session: Session, note: Note): Promise<void> {
  const { app } = session
  const written = await app.ask(NoteDialog, { title: 'Edit the note', text: note.text })
  const text = written?.text.trim() ?? ''
  if (written === null || text === '' || text === note.text) return
  if (written.keep) await app.act(() => app.host.editNote(note.id, text))
  else
    app.toast('The note was left as it was.', {
      label: 'Go on writing',
      run: () => void editNote(session, { ...note, text }),
    })
}

export async function acceptShown(session: Session): Promise<void> {
  const rows = session.deciding.acceptable.map((row) => ({
    subject: row.subject,
    names: namesOf(row),
    score: row.prediction?.score ?? null,
    probability: session.isProbability(row),
    warnings: (row.prediction?.warnings ?? []).map(({ type, text }) => ({ type, text })),
  }))
  const chosen = await session.app.ask(AcceptAll, { rows, threshold: session.threshold })
  if (chosen !== null) await session.deciding.acceptAll(chosen)
}

export async function showPrompt(session: Session): Promise<void> {
  const { app, view, task } = session
  if (view)
    await app.ask(PromptDialog, {
      request: { kind: 'extract', document: view.id, task },
      told: answeredBy(modelOf(app.models, app.engine.modelId), task, namesBy(app.models)),
    })
}
