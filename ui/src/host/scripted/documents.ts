import type { Host } from '../interface'
import type * as wire from '../types'
import { runJob } from './streams'
import { failure, plural, type StoredDocument, type World } from './world'

type Documents = Pick<
  Host,
  | 'library'
  | 'createLibrary'
  | 'openLibrary'
  | 'copyLibrary'
  | 'mergeLibrary'
  | 'compareCurators'
  | 'renameLibrary'
  | 'recentLibraries'
  | 'pickFiles'
  | 'previewImport'
  | 'importPreviewed'
  | 'documentIds'
  | 'documentSummaries'
  | 'document'
  | 'removeDocuments'
  | 'rememberPlace'
  | 'search'
>

type Read = { documents: wire.NewDocument[]; files: wire.PreviewedFile[]; issues: wire.ImportIssue[] }

export const countWords = (text: string) => text.trim().split(/\s+/).filter(Boolean).length

/** Puts a document in without a journal entry: for fixtures, and inside an action. */
export function store(world: World, document: wire.NewDocument, origin: string, format: string): number {
  const id = world.nextId()
  const text = document.title === '' ? document.text : `${document.title}\n${document.text}`
  const stored: StoredDocument = {
    id,
    sourceId: document.sourceId,
    title: document.title === '' ? (document.text.split(/(?<=[.!?])\s|\n/)[0] ?? '').slice(0, 140) : document.title,
    origin,
    format,
    importedAt: world.clock.now(),
    text,
    words: countWords(text),
  }
  world.journal.put('documents', String(id), stored)
  return id
}

/** What dropped files hold, by their name: the twin has no disk. */
function filesAt(paths: string[], chosen: Readonly<Record<string, string>>): Read {
  const read: Read = { documents: [], files: [], issues: [] }
  for (const path of paths) {
    const name = path.split(/[/\\]/).at(-1) ?? path
    if (/\.pdf$/i.test(name)) {
      read.files.push({
        name,
        bytes: 418_220,
        format: null,
        documents: 0,
        notices: [],
        refusal: failure(
          'badInput',
          `${name} holds pictures of pages but no text.`,
          'Run text recognition on it in another program, or find the abstract as text.',
        ),
        columns: [],
        textColumn: null,
      })
      continue
    }
    if (/\.csv$/i.test(name)) {
      const columns = ['code', 'finding']
      const textColumn = chosen[name] ?? null
      if (textColumn !== null)
        read.documents.push({
          sourceId: 'row-1',
          title: '',
          text: textColumn === 'finding' ? 'Lithium caused tremor.' : '1',
        })
      read.files.push({
        name,
        bytes: 412,
        format: textColumn === null ? null : 'CSV table',
        documents: textColumn === null ? 0 : 1,
        notices: [],
        refusal:
          textColumn === null
            ? failure(
                'badInput',
                `${name} has no column named title, abstract or text, but code, finding.`,
                'Choose the column that holds the text.',
              )
            : null,
        columns,
        textColumn,
      })
      continue
    }
    const many = /export|pubmed/i.test(name) ? 12 : 1
    const format = /\.xml$/i.test(name) ? 'PubMed XML' : /\.nbib$/i.test(name) ? 'MEDLINE' : 'Plain text'
    for (let place = 0; place < many; place += 1) {
      // An export of what the library was made of, as another database writes it.
      const again = name.startsWith('again') && place < 3
      const document = invented(place, again ? '' : name)
      read.documents.push(again ? { ...document, text: `${document.text} All rights reserved.` } : document)
    }
    read.files.push({
      name,
      bytes: many * 2_840,
      format,
      documents: many,
      notices: /\.txt$/i.test(name) ? [] : ['3 references were left out.'],
      refusal: null,
      columns: [],
      textColumn: null,
    })
    if (many > 1)
      read.issues.push({
        file: name,
        place: 'line 214',
        message: 'The record has neither title nor abstract.',
        remedy: 'It was left out. Add a title or an abstract to import it.',
      })
  }
  return read
}

const drugs = [
  'Cisplatin',
  'Methotrexate',
  'Lithium',
  'Doxorubicin',
  'Gentamicin',
  'Phenytoin',
  'Clozapine',
  'Carbamazepine',
  'Cyclosporine',
  'Valproate',
  'Paracetamol',
  'Ibuprofen',
]
const harms = [
  'acute kidney injury',
  'mucositis',
  'hypothyroidism',
  'cardiomyopathy',
  'hearing loss',
  'seizures',
  'agranulocytosis',
  'nausea',
  'hypertension',
  'hepatotoxicity',
  'liver failure',
  'bleeding',
]
const studies = [
  'a retrospective cohort',
  'a case report',
  'a nested case-control study',
  'a small randomised trial',
  'a registry study',
]

/** An abstract that reads like one and reports nothing real. */
export function invented(place: number, salt = ''): wire.NewDocument {
  const drug = drugs[(place + salt.length) % drugs.length] ?? 'Lithium'
  const other = drugs[(place + salt.length + 5) % drugs.length] ?? 'Ibuprofen'
  const harm = harms[(place * 5 + salt.length) % harms.length] ?? 'nausea'
  const second = harms[(place * 5 + salt.length + 3) % harms.length] ?? 'fever'
  const study = studies[place % studies.length] ?? 'a case report'
  return {
    sourceId: String(39_104_417 + place * 7_919 + salt.length * 101),
    title: `${drug} and ${harm}: ${study} from an invented hospital`,
    text: `We describe ${study} that was made up for this example. Among ${String(40 + place * 3)} imaginary patients, ${drug.toLowerCase()} was associated with ${harm} in ${String(4 + (place % 9))} and with ${second} in ${String(1 + (place % 4))}. ${harm.charAt(0).toUpperCase()}${harm.slice(1)} developed within ${String(2 + (place % 11))} days of the first dose of ${drug.toLowerCase()}. No patient who took ${other.toLowerCase()} had ${harm}. The risk may be raised when ${drug.toLowerCase()} and ${other.toLowerCase()} are combined, and the level of ${drug.toLowerCase()} should be watched. ${second.charAt(0).toUpperCase()}${second.slice(1)} resolved after ${drug.toLowerCase()} was withdrawn. Nothing in this abstract is real.`,
  }
}

export function documents(world: World): Documents {
  const previews = new Map<string, { read: Read; origin: string }>()
  const known = (document: wire.NewDocument) =>
    [...world.documents.values()].some(
      (stored) => stored.sourceId === document.sourceId && stored.text.endsWith(document.text),
    )

  /** The same id from another source; the product also knows DOIs and texts that are nearly the same. */
  const duplicatesOf = (read: Read): wire.Duplicate[] =>
    read.documents.flatMap((document, place): wire.Duplicate[] => {
      const of = [...world.documents.values()].find((stored) => stored.sourceId === document.sourceId)
      if (!of || known(document)) return []
      return [
        {
          place,
          title: document.title === '' ? document.text.slice(0, 120) : document.title,
          sourceId: document.sourceId,
          by: 'pmid',
          similarity: null,
          document: of.id,
          ofTitle: of.title,
          ofSourceId: of.sourceId,
          decisions: world.summary(of.id).decided,
        },
      ]
    })

  return {
    library: async () => world.library(),
    createLibrary: async () => {
      world.details = { path: '~/Documents/Osler/New library.osler', name: 'New library', description: '' }
      for (const table of ['documents', 'findings', 'decisions', 'added', 'notes', 'runs', 'drafts'])
        world.journal.rows(table).clear()
      return world.library()
    },
    openLibrary: async (path) => {
      if (path?.includes('gone'))
        throw failure(
          'notFound',
          `There is no library at ${path}.`,
          'Check that the disk is connected, or look for the file with Open.',
        )
      if (path !== null)
        world.details = { ...world.details, path, name: (path.split('/').at(-1) ?? path).replace(/\.osler$/, '') }
      return world.library()
    },
    copyLibrary: async () => '~/Documents/Osler/First library, copy.osler',
    // The twin knows one curator and has no other library.
    mergeLibrary: async () => null,
    compareCurators: async () => ({ pairs: [], disagreements: [], further: 0 }),
    renameLibrary: async (name, description) =>
      world.act(null, () => {
        world.details = { ...world.details, name, description }
        return 'renamed the library'
      }),
    recentLibraries: async () => [
      {
        path: world.details.path,
        name: world.details.name,
        documents: world.documents.size,
        openedAt: world.clock.now() - 60_000,
        missing: false,
      },
      {
        path: '~/Documents/Osler/Nephrotoxicity review.osler',
        name: 'Nephrotoxicity review',
        documents: 412,
        openedAt: world.clock.now() - 3 * 86_400_000,
        missing: false,
      },
      {
        path: '/media/stick/gone/Ward round.osler',
        name: 'Ward round',
        documents: 38,
        openedAt: world.clock.now() - 40 * 86_400_000,
        missing: true,
      },
    ],

    pickFiles: async (folder) =>
      folder ? ['~/Downloads/abstracts/pubmed-export.xml'] : ['~/Downloads/pubmed-export.xml', '~/Downloads/scan.pdf'],
    previewImport: (source, listener) =>
      runJob(listener, async (stream) => {
        const read: Read =
          source.kind === 'paths'
            ? filesAt(source.paths, source.columns)
            : source.kind === 'documents'
              ? {
                  documents: source.documents,
                  files: [
                    {
                      name: source.origin,
                      bytes: 0,
                      format: 'Plain text',
                      documents: source.documents.length,
                      notices: [],
                      refusal: null,
                      columns: [],
                      textColumn: null,
                    },
                  ],
                  issues: [],
                }
              : {
                  documents:
                    source.text.trim() === '' ? [] : [{ sourceId: source.origin, title: '', text: source.text.trim() }],
                  files: [
                    {
                      name: source.origin,
                      bytes: source.text.length,
                      format: 'Plain text',
                      documents: 1,
                      notices: [],
                      refusal: null,
                      columns: [],
                      textColumn: null,
                    },
                  ],
                  issues: [],
                }
        if (read.documents.length === 0 && read.files.every((file) => file.refusal === null)) {
          throw failure(
            'badInput',
            'There is no text in what was given.',
            'Drop a file with text, or paste an abstract.',
          )
        }
        for (const [done, file] of read.files.entries()) {
          stream.emit({ kind: 'reading', file: file.name, done, total: read.files.length })
          await world.clock.sleep(120)
          if (stream.stopped()) return
        }
        const id = `preview-${String(world.nextId())}`
        previews.set(id, { read, origin: read.files[0]?.name ?? 'import' })
        const duplicates = duplicatesOf(read)
        const fresh = read.documents.filter((document) => !known(document)).length
        stream.emit({
          kind: 'preview',
          preview: {
            id,
            files: read.files,
            documents: read.documents.slice(0, 100).map((document) => ({
              sourceId: document.sourceId,
              title: document.title === '' ? document.text.slice(0, 120) : document.title,
              file: read.files.find((file) => file.refusal === null)?.name ?? '',
              words: countWords(document.text),
              known: known(document),
            })),
            fresh,
            known: read.documents.length - fresh,
            duplicates,
            furtherDuplicates: 0,
            issues: read.issues,
            furtherIssues: 0,
          },
        })
      }),
    importPreviewed: (preview, choices, listener) =>
      runJob(listener, async (stream) => {
        const found = previews.get(preview)
        if (!found) throw failure('notFound', 'This preview is no longer there.', 'Drop the files again.')
        const choice = new Map(
          duplicatesOf(found.read).map((one) => [
            one.place,
            choices.single.find((single) => single.place === one.place)?.choice ?? choices.duplicates,
          ]),
        )
        const is = (place: number, what: wire.DuplicateChoice) =>
          !choices.leftOut.includes(place) && choice.get(place) === what
        const places = [...found.read.documents.keys()]
        const skipped = places.filter((place) => is(place, 'skip')).length
        const updated = places.filter((place) => is(place, 'update')).length
        const wanted = found.read.documents.filter(
          (_, place) => !choices.leftOut.includes(place) && !is(place, 'skip') && !is(place, 'update'),
        )
        const fresh = wanted.filter((document) => !known(document))
        for (let done = 0; done < fresh.length; done += 5) {
          stream.emit({ kind: 'progress', done, total: fresh.length })
          await world.clock.sleep(60)
          if (stream.stopped()) return
        }
        const ids: number[] = []
        const step = world.journal.act('curation', world.clock.now(), null, () => {
          for (const document of fresh) ids.push(store(world, document, found.origin, 'text'))
          const records = `updated ${plural(updated, 'record')}`
          if (updated === 0) return `imported ${plural(ids.length, 'document')}`
          return ids.length === 0 ? records : `imported ${plural(ids.length, 'document')} and ${records}`
        })
        world.tell({ kind: 'libraryChanged', library: world.library(), documents: null })
        stream.emit({ kind: 'imported', documents: ids, known: wanted.length - ids.length, skipped, updated, step })
      }),

    documentIds: async (order, filter) => {
      const decided = (id: number) => {
        const row = world.summary(id)
        return row.findings > row.decided
      }
      const rows = [...world.documents.values()].filter(
        (row) =>
          (!filter.undecided || decided(row.id)) &&
          (filter.withoutTask === null ||
            ![...world.runs.values()].some((run) => run.document === row.id && run.task === filter.withoutTask)) &&
          (filter.origin === null || row.origin === filter.origin),
      )
      const compare: Record<wire.DocumentOrder, (left: StoredDocument, right: StoredDocument) => number> = {
        newestFirst: (left, right) => right.id - left.id,
        oldestFirst: (left, right) => left.id - right.id,
        title: (left, right) => left.title.localeCompare(right.title),
        sourceId: (left, right) => left.sourceId.localeCompare(right.sourceId, 'en', { numeric: true }),
      }
      return rows.sort(compare[order]).map((row) => row.id)
    },
    documentSummaries: async (ids) =>
      ids.filter((id) => world.documents.has(String(id))).map((id) => world.summary(id)),
    document: async (id) => world.view(id),
    removeDocuments: async (ids) =>
      world.act(null, () => {
        for (const id of ids) world.journal.put('documents', String(id), undefined)
        return `removed ${plural(ids.length, 'document')}`
      }),
    rememberPlace: async (place) => {
      world.places.set(place.document, place.top)
      world.place = place
    },
    search: async (typed, limit) => {
      const wanted = typed.trim().toLowerCase()
      if (wanted === '') return []
      const hits: wire.SearchHit[] = []
      const hit = (kind: wire.SearchHit['kind'], id: number, document: number | null, title: string, text: string) => {
        const at = text.toLowerCase().indexOf(wanted)
        if (at < 0 || hits.length >= limit) return
        const from = Math.max(0, at - 40)
        const snippet = `${from > 0 ? '…' : ''}${text.slice(from, at + wanted.length + 60).replaceAll('\n', ' ')}…`
        const start = at - from + (from > 0 ? 1 : 0)
        hits.push({ kind, id, document, title, snippet, highlights: [{ start, end: start + wanted.length }] })
      }
      for (const note of world.notes.values())
        hit('note', note.id, note.document, world.stored(note.document).title, note.text)
      for (const draft of world.drafts.values()) hit('draft', draft.id, null, draft.title, draft.text)
      for (const document of world.documents.values())
        hit('document', document.id, document.id, document.title, document.text)
      return hits
    },
  }
}
