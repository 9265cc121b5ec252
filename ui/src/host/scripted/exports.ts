import type { Host } from '../interface'
import type * as wire from '../types'
import { looksLikeSha256 } from './chance'
import { runJob } from './streams'
import { failure, type World } from './world'

type Exports = Pick<
  Host,
  | 'formats'
  | 'previewExport'
  | 'checkEvidence'
  | 'exportTo'
  | 'drafts'
  | 'draft'
  | 'beginDraft'
  | 'saveDraft'
  | 'removeDraft'
>

const all = { entities: true, relations: true, scores: true, decisions: true, record: true }
const formatsOfDocuments: wire.Format[] = [
  {
    id: 'biocJson',
    name: 'BioC JSON',
    extension: 'json',
    description: 'Passages, mentions and relations with properties. Read by PubTator 3 and most text-mining tools.',
    holds: all,
  },
  { id: 'biocXml', name: 'BioC XML', extension: 'xml', description: 'The same as BioC JSON, as XML.', holds: all },
  {
    id: 'pubtator',
    name: 'PubTator',
    extension: 'txt',
    description: 'Lines of title, abstract, mentions and relations. Compact and easy to read.',
    holds: { ...all, scores: false, decisions: false, record: false },
  },
  {
    id: 'brat',
    name: 'brat standoff',
    extension: 'zip',
    description: 'A text and an annotation file each. Holds discontinuous mentions and notes.',
    holds: { ...all, scores: false, record: false },
  },
  {
    id: 'pubannotation',
    name: 'PubAnnotation JSON',
    extension: 'json',
    description: 'Denotations and relations for PubAnnotation and TextAE.',
    holds: { ...all, decisions: false, record: false },
  },
  {
    id: 'csv',
    name: 'CSV',
    extension: 'csv',
    description: 'One relation a row, for a spreadsheet.',
    holds: { ...all, entities: false },
  },
  {
    id: 'tsv',
    name: 'TSV',
    extension: 'tsv',
    description: 'One relation a row, tab-separated.',
    holds: { ...all, entities: false },
  },
  {
    id: 'jsonl',
    name: 'JSONL',
    extension: 'jsonl',
    description: 'One document a line, with everything that Osler knows.',
    holds: all,
  },
  {
    id: 'html',
    name: 'Review report',
    extension: 'html',
    description: 'A single page to read and print, with evidence and decisions. Opens in any browser.',
    holds: all,
  },
  {
    id: 'ris',
    name: 'RIS',
    extension: 'ris',
    description: 'For reference managers: what was accepted becomes keywords and notes.',
    holds: { ...all, entities: false, scores: false, record: false },
  },
  {
    id: 'nbib',
    name: 'MEDLINE (NBIB)',
    extension: 'nbib',
    description: 'As PubMed writes it, for reference managers: accepted findings as terms and notes.',
    holds: { ...all, entities: false, scores: false, record: false },
  },
  {
    id: 'training',
    name: 'Training data',
    extension: 'jsonl',
    description: 'Your corrections as examples, to train a model on.',
    holds: { ...all, scores: false },
  },
]
const formatsOfDrafts: wire.Format[] = [
  {
    id: 'markdown',
    name: 'Markdown',
    extension: 'md',
    description: 'The text as it stands.',
    holds: { entities: false, relations: false, scores: false, decisions: false, record: false },
  },
  {
    id: 'docx',
    name: 'Word',
    extension: 'docx',
    description: 'Headings, lists and emphasis as Word styles.',
    holds: { entities: false, relations: false, scores: false, decisions: false, record: false },
  },
]

/** What a model wrote leaves with its mark behind it. */
const withMarks = ({ text, generated }: wire.Draft) =>
  [...generated]
    .sort((left, right) => right.span.end - left.span.end)
    .reduce(
      (rest, { span, mark }) =>
        `${rest.slice(0, span.end)} ${mark === '' ? '[generated, no source]' : mark}${rest.slice(span.end)}`,
      text,
    )

export function exports(world: World): Exports {
  const documentsOf = (scope: wire.ExportScope): number[] =>
    scope.kind === 'documents'
      ? scope.documents
      : scope.kind === 'library'
        ? [...world.documents.values()].map((row) => row.id)
        : []

  const wanted = (annotation: wire.Annotation, content: wire.ExportContent) => {
    const verdict = annotation.decision?.verdict
    if (content === 'imported') return false
    if (content === 'curated') return verdict === 'accepted' || verdict === 'edited' || verdict === 'added'
    return content === 'everything' || annotation.prediction !== null
  }

  function excerpt(request: wire.ExportRequest, documents: number[]): string {
    const lines: string[] = []
    if (request.format === 'csv' || request.format === 'tsv') {
      const comma = request.format === 'csv' ? ',' : '\t'
      lines.push(
        ['document', 'relation', 'subject', 'subject id', 'object', 'object id', 'score', 'decision', 'evidence'].join(
          comma,
        ),
      )
    }
    for (const id of documents.slice(0, 3)) {
      const stored = world.stored(id)
      const annotations = world.marks(id).annotations.filter((one) => wanted(one, request.content))
      const relations = annotations.filter((one) => one.content.kind === 'relation')
      if (request.format === 'pubtator') {
        lines.push(
          `${stored.sourceId}|t|${stored.title}`,
          `${stored.sourceId}|a|${stored.text.slice(stored.title.length + 1).replaceAll('\n', ' ')}`,
        )
        for (const one of annotations) {
          if (one.content.kind === 'entity')
            lines.push(
              [
                stored.sourceId,
                one.content.spans[0]?.start,
                one.content.spans[0]?.end,
                one.content.text,
                one.content.type,
                one.content.concepts[0]?.id ?? '-',
              ].join('\t'),
            )
          if (one.content.kind === 'relation')
            lines.push(
              [
                stored.sourceId,
                one.content.type,
                ...one.content.participants.map((part) => part.concepts[0]?.id ?? part.name),
              ].join('\t'),
            )
        }
        lines.push('')
      } else if (request.format === 'csv' || request.format === 'tsv') {
        const comma = request.format === 'csv' ? ',' : '\t'
        for (const one of relations) {
          if (one.content.kind !== 'relation') continue
          const evidence = one.prediction?.evidence[0]
          const cells = [
            stored.sourceId,
            one.content.type,
            ...one.content.participants.flatMap((part) => [part.name, part.concepts[0]?.id ?? '']),
            one.prediction?.score ?? '',
            one.decision?.verdict ?? '',
            evidence ? `"${stored.text.slice(evidence.start, evidence.end)}"` : '',
          ]
          lines.push(cells.join(comma))
        }
      } else if (request.format === 'html') {
        lines.push(
          '<!doctype html>',
          '<html lang="en">',
          `<title>${stored.title}</title>`,
          `<h1>${stored.title}</h1>`,
          `<p class="text">${stored.text.slice(0, 400)} …</p>`,
        )
      } else {
        lines.push(
          JSON.stringify(
            {
              id: stored.sourceId,
              passages: [{ infons: { type: 'title' }, offset: 0, text: stored.title }],
              relations: relations.slice(0, 4).map((one) =>
                one.content.kind === 'relation'
                  ? {
                      infons: {
                        type: one.content.type,
                        score: one.prediction?.score,
                        decision: one.decision?.verdict ?? null,
                      },
                      nodes: one.content.participants.map((part) => ({
                        role: part.role,
                        refid: part.concepts[0]?.id ?? part.name,
                      })),
                    }
                  : {},
              ),
            },
            null,
            request.format === 'jsonl' || request.format === 'training' ? undefined : 2,
          ),
        )
      }
    }
    return lines.join('\n').slice(0, 6000)
  }

  function preview(request: wire.ExportRequest): wire.ExportPreview {
    if (request.scope.kind === 'draft') {
      const draft = world.drafts.get(String(request.scope.draft))
      if (!draft) throw failure('notFound', 'The draft is no longer there.', 'Choose another draft.')
      const extension = request.format === 'docx' ? 'docx' : 'md'
      return {
        fileName: `${draft.title || 'Draft'}.${extension}`,
        documents: 1,
        annotations: 0,
        bytes: draft.text.length,
        excerpt: withMarks(draft),
        losses: [],
        records: [],
        evidence: { documents: 0, quotes: 0, flaws: [], further: 0 },
      }
    }
    const documents = documentsOf(request.scope)
    const format = formatsOfDocuments.find((one) => one.id === request.format)
    if (!format) throw failure('badInput', `Osler writes no ${request.format}.`, 'Choose a format of the list.')
    const marks = documents.map((id) => world.marks(id))
    const annotations = marks.flatMap((one) => one.annotations).filter((one) => wanted(one, request.content))
    const losses: wire.Loss[] = []
    const lose = (what: string, lost: wire.Annotation[], example: (one: wire.Annotation) => string) => {
      const first = lost[0]
      if (first) losses.push({ what, count: lost.length, example: example(first) })
    }
    if (!format.holds.scores)
      lose(
        'scores',
        annotations.filter((one) => one.prediction?.score != null),
        (one) => String(one.prediction?.score),
      )
    if (!format.holds.entities)
      lose(
        'mentions',
        annotations.filter((one) => one.content.kind === 'entity'),
        (one) => (one.content.kind === 'entity' ? one.content.text : ''),
      )
    if (!format.holds.decisions)
      lose(
        'decisions',
        annotations.filter((one) => one.decision !== null),
        (one) => `${one.decision?.verdict ?? ''} by ${one.decision?.curator ?? ''}`,
      )
    const notes = marks.flatMap((one) => one.notes)
    if (request.format === 'pubtator' && notes[0])
      losses.push({ what: notes.length === 1 ? 'note' : 'notes', count: notes.length, example: notes[0].text })
    const ids = new Set(documents)
    const records = [...world.runs.values()]
      .filter((run) => ids.has(run.document))
      .slice(0, 20)
      .map((run): wire.RunRecord => ({
        run: run.id,
        appVersion: '0.1.0',
        model: run.model,
        modelSha256: looksLikeSha256(run.modelId),
        tokenizerSha256: looksLikeSha256(`${run.modelId} tokenizer`),
        guidanceSha256: looksLikeSha256(`${run.modelId} guidance`),
        namesBy: null,
        task: run.task,
        taskVersion: '1',
        grammarVersion: '1',
        decoding: 'grammar, 5 beams, length penalty 1.0',
        seed: run.seed,
        device: 'CPU',
        textSha256: looksLikeSha256(world.stored(run.document).text),
        madeAt: run.finishedAt ?? 0,
      }))
    const name =
      documents.length === 1 && documents[0] !== undefined ? world.stored(documents[0]).sourceId : world.details.name
    return {
      fileName: `${name}.${format.extension}`,
      documents: documents.length,
      annotations: annotations.length,
      bytes: documents.length * 2_400 + annotations.length * 220,
      excerpt: excerpt(request, documents),
      losses,
      records,
      evidence: evidence(documents),
    }
  }

  /** Statements that rest on the title alone; the product knows of more. */
  function evidence(documents: number[]): wire.EvidenceReport {
    const report: wire.EvidenceReport = { documents: documents.length, quotes: 0, flaws: [], further: 0 }
    for (const id of documents) {
      const { text, title, sourceId } = world.stored(id)
      const end = text.indexOf('\n')
      for (const one of world.marks(id).annotations) {
        const spans = one.prediction?.evidence ?? []
        report.quotes += spans.length
        const span = spans[0]
        if (!span || one.decision?.verdict === 'rejected' || !spans.every((other) => other.end <= end)) continue
        report.flaws.push({
          document: id,
          sourceId,
          title,
          statement: `F${String(one.subject.id)}`,
          kind: 'titleOnly',
          quote: text.slice(span.start, span.end),
          span,
        })
      }
    }
    return report
  }

  return {
    formats: async (scope) => (scope.kind === 'draft' ? formatsOfDrafts : formatsOfDocuments),
    previewExport: async (request) => preview(request),
    checkEvidence: async () => evidence([...world.documents.values()].map((one) => one.id)),
    exportTo: (request, listener) =>
      runJob(listener, async (stream) => {
        const written = preview(request)
        for (let done = 0; done < written.documents; done += 10) {
          stream.emit({ kind: 'progress', done, total: written.documents })
          await world.clock.sleep(60)
          if (stream.stopped()) return
        }
        stream.emit({
          kind: 'written',
          path: `~/Documents/${written.fileName}`,
          bytes: written.bytes,
          documents: written.documents,
        })
      }),

    drafts: async () =>
      [...world.drafts.values()]
        .sort((left, right) => right.modifiedAt - left.modifiedAt)
        .map(({ id, title, text, modifiedAt }) => ({
          id,
          title,
          words: text.trim().split(/\s+/).filter(Boolean).length,
          modifiedAt,
        })),
    draft: async (id) => {
      const draft = world.drafts.get(String(id))
      if (!draft) throw failure('notFound', 'The draft is no longer there.', 'Choose another draft.')
      return draft
    },
    beginDraft: async (title, text) => {
      const id = world.nextId()
      const draft: wire.Draft = {
        id,
        title,
        text,
        generated: [],
        createdAt: world.clock.now(),
        modifiedAt: world.clock.now(),
      }
      world.journal.act('writing', world.clock.now(), null, () => {
        world.journal.put('drafts', String(id), draft)
        return 'began a draft'
      })
      return draft
    },
    saveDraft: async (id, title, text, generated) => {
      const draft = world.drafts.get(String(id))
      if (!draft)
        throw failure(
          'notFound',
          'The draft is no longer there, so it was not saved.',
          'Copy the text and begin a new draft.',
        )
      world.journal.put('drafts', String(id), { ...draft, title, text, generated, modifiedAt: world.clock.now() })
      return world.library()
    },
    removeDraft: async (id) =>
      world.change(
        world.journal.act('writing', world.clock.now(), null, () => {
          world.journal.put('drafts', String(id), undefined)
          return 'removed a draft'
        }),
      ),
  }
}
