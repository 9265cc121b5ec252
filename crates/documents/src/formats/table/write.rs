//! The table that is written: one relation or answer a row.

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use crate::formats::index::Index;
use crate::formats::offsets::Offsets;
use crate::formats::statements::{properties, property, statement, statements};
use crate::formats::{DECISION, EVIDENCE_PLACE, EVIDENCE_STANCE, RUN, Unit, identifiers};
use crate::{Argument, Document, Entity, Relation, Target};

const HEADER: [&str; 21] = [
    "document",
    "relation",
    "type",
    "score",
    "decision",
    "role 1",
    "name 1",
    "ids 1",
    "start 1",
    "end 1",
    "role 2",
    "name 2",
    "ids 2",
    "start 2",
    "end 2",
    "others",
    "evidence",
    "note",
    "run",
    "evidence stance",
    "evidence place",
];

/// Writes one relation or answer a row, with offsets in code points. CSV begins with a byte order mark, which spreadsheet
/// programs need to know UTF-8 by.
pub(in crate::formats) fn write(documents: &[Document], delimiter: u8) -> String {
    let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let mut push = |row: Vec<String>| {
        // Writing into memory does not fail.
        let _ = writer.write_record(row);
    };
    push(HEADER.map(str::to_owned).to_vec());
    for document in documents {
        let offsets = Offsets::new(&document.text, Unit::CodePoints);
        let index = Index::of(document);
        for relation in &document.relations {
            push(row(relation, document, &offsets, &index));
        }
        for (_, key, verdict) in statements(document).filter(|(sort, ..)| *sort == "answer") {
            push(answer(document, key, verdict));
        }
    }
    let rows = writer.into_inner().unwrap_or_default();
    let mark = if delimiter == b'\t' { "" } else { "\u{feff}" };
    format!("{mark}{}", String::from_utf8_lossy(&rows))
}

/// The rows of a written table, as sentences.
pub(in crate::formats) fn rows(text: &str) -> Vec<String> {
    let text = text.trim_start_matches('\u{feff}');
    let delimiter =
        if text.lines().next().is_some_and(|header| header.contains('\t')) { b'\t' } else { b',' };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let row = |row: StringRecord| -> String {
        let cells = row.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
        let named = cells.map(|(place, cell)| format!("{} {cell}", header.get(place).unwrap_or("?")));
        named.collect::<Vec<_>>().join(", ")
    };
    reader.records().map(|one| one.map_or_else(|problem| problem.to_string(), row)).collect()
}

fn row(relation: &Relation, document: &Document, offsets: &Offsets<'_>, index: &Index<'_>) -> Vec<String> {
    let mut row = vec![
        inert(&document.id),
        inert(&relation.id),
        inert(&relation.kind),
        relation.score.map(|score| score.to_string()).unwrap_or_default(),
        inert(relation.infons.get(DECISION).map(String::as_str).unwrap_or_default()),
    ];
    for number in 0..2 {
        let argument = relation.arguments.get(number);
        let participant = argument.map(|argument| Participant::of(argument, index)).unwrap_or_default();
        let places = participant.entity.map(|entity| &entity.spans[..]).unwrap_or_default();
        let place =
            |byte: Option<usize>| byte.map(|byte| offsets.at_byte(byte).to_string()).unwrap_or_default();
        row.extend([
            inert(argument.map(|argument| argument.role.as_str()).unwrap_or_default()),
            inert(&participant.name),
            inert(&participant.ids),
            place(places.first().map(|span| span.start)),
            place(places.last().map(|span| span.end)),
        ]);
    }
    let others = relation.arguments.iter().skip(2).map(|argument| {
        let participant = Participant::of(argument, index);
        format!("{}: {} ({})", argument.role, participant.name, participant.ids)
    });
    let evidence = relation.evidence.iter().filter_map(|span| span.slice(&document.text));
    row.extend([
        inert(&others.collect::<Vec<_>>().join("; ")),
        inert(&evidence.collect::<Vec<_>>().join(" … ")),
        inert(relation.note.as_deref().unwrap_or_default()),
        inert(relation.infons.get(RUN).map(String::as_str).unwrap_or_default()),
        of_evidence(relation, EVIDENCE_STANCE),
        of_evidence(relation, EVIDENCE_PLACE),
    ]);
    row
}

/// What a relation's properties say of each of its pieces of evidence.
fn of_evidence(relation: &Relation, beginning: &str) -> String {
    let values = (1..=relation.evidence.len()).map(|n| {
        let value = relation.infons.get(&format!("{beginning}{n}"));
        value.map(String::as_str).unwrap_or_default()
    });
    let values: Vec<&str> = values.collect();
    if values.iter().all(|value| value.is_empty()) { String::new() } else { inert(&values.join(" … ")) }
}

/// Whether a row shows this property of its relation.
pub(in crate::formats) fn shows_of_relation(key: &str) -> bool {
    matches!(key, DECISION | RUN) || key.starts_with(EVIDENCE_STANCE) || key.starts_with(EVIDENCE_PLACE)
}

/// An answer with the sentences that speak about its question, each after its stance.
fn answer(document: &Document, key: &str, verdict: &str) -> Vec<String> {
    let of = |name: &str| inert(property(document, key, name));
    let joined = |beginning: &str, between: &str| {
        let values: Vec<&str> = properties(document, key, beginning).map(|(_, value)| value).collect();
        inert(&values.join(between))
    };
    let mut row = vec![
        inert(&document.id),
        inert(key.split_once('.').map_or(key, |(_, id)| id)),
        "answer".to_owned(),
        of("score"),
        joined("decision.", "; "),
    ];
    for (role, name) in [("question", of("question")), ("verdict", inert(verdict))] {
        row.extend([role.to_owned(), name, String::new(), String::new(), String::new()]);
    }
    row.extend([
        String::new(),
        joined("evidence.", " … "),
        String::new(),
        of(RUN),
        String::new(),
        String::new(),
    ]);
    row
}

/// Whether a row of the table shows this property of a document.
pub(in crate::formats) fn shows(key: &str) -> bool {
    statement(key).is_some_and(|(sort, _, rest)| {
        sort == "answer"
            && (matches!(rest, "" | "question" | "score" | RUN)
                || rest.starts_with("decision.")
                || rest.starts_with("evidence."))
    })
}

/// A participant as a row shows it.
#[derive(Default)]
struct Participant<'d> {
    name: String,
    ids: String,
    entity: Option<&'d Entity>,
}

impl<'d> Participant<'d> {
    fn of(argument: &Argument, index: &Index<'d>) -> Self {
        match &argument.target {
            Target::Entity(id) => {
                let Some(entity) = index.entity(id) else {
                    return Self::default();
                };
                let ids = identifiers::write(&entity.kind, &entity.concepts);
                Self { name: entity.text.clone(), ids, entity: Some(entity) }
            }
            Target::Concept(concept) => {
                let mention = index.mention_of(concept);
                let name = mention.map(|mention| mention.text.clone());
                Self {
                    name: name.unwrap_or_else(|| concept.id.clone()),
                    ids: identifiers::write_one(concept),
                    entity: mention,
                }
            }
            Target::Relation(id) => Self { name: id.clone(), ..Self::default() },
        }
    }
}

/// A cell that no spreadsheet program takes for a formula.
fn inert(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}
