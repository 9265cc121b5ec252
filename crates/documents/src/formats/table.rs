//! Tables: CSV with commas or semicolons, and TSV. Read: one document a row, from columns named in the header.
//! Written: one relation a row.

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use super::import::Intake;
use super::index::Index;
use super::offsets::Offsets;
use super::{DECISION, Notice, RUN, ReadError, Unit, identifiers};
use crate::{Argument, Document, Entity, Relation, Target};

const TITLES: [&str; 6] = ["title", "article title", "primary title", "document title", "ti", "t1"];
const TEXTS: [&str; 14] = [
    "abstract",
    "abstract note",
    "abstract text",
    "text",
    "full text",
    "fulltext",
    "body",
    "content",
    "document text",
    "passage",
    "sentence",
    "document",
    "ab",
    "n2",
];
const IDS: [&str; 8] =
    ["pmid", "pubmed id", "id", "record id", "doc id", "document id", "accession number", "doi"];

/// How many rows are looked at to tell a table from a text.
const SAMPLE: usize = 20;

/// The delimiter, where the text is a table.
pub(super) fn delimiter(text: &str, intake: &Intake<'_>) -> Option<u8> {
    let file = intake.file().to_lowercase();
    let file = file.strip_suffix(".gz").unwrap_or(&file);
    let is_named = [".csv", ".tsv", ".tab"].iter().any(|extension| file.ends_with(extension));
    let fits = |delimiter: u8| -> Option<(bool, usize)> {
        let mut reader = reader(text, delimiter);
        let header = reader.headers().ok()?.clone();
        if header.len() < 2 {
            return None;
        }
        let mut rows = 0;
        for row in reader.records().take(SAMPLE) {
            if row.ok()?.len() != header.len() {
                return None;
            }
            rows += 1;
        }
        let columns = Columns::of(&header, None);
        let is_known = columns.title.is_some() || columns.text.is_some() || columns.id.is_some();
        (rows > 0).then_some((is_known, header.len()))
    };
    let found =
        [b'\t', b',', b';', b'|'].into_iter().filter_map(|delimiter| Some((fits(delimiter)?, delimiter)));
    // A known header wins; a name such as "table.csv" is enough for an unknown one.
    found
        .filter(|((is_known, _), _)| *is_known || is_named)
        .max_by_key(|(fit, _)| *fit)
        .map(|(_, delimiter)| delimiter)
}

/// Reads one document a row. `column` names the one with the text, where the caller knows it.
pub(super) fn read(text: &str, column: Option<&str>, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = delimiter(text, intake).unwrap_or(b',');
    let mut reader = reader(text, delimiter);
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            intake.issue(
                "line 1",
                format!("The header cannot be read ({error})."),
                "Save the table again as CSV.",
            );
            return Ok(());
        }
    };
    let columns = Columns::of(&header, column);
    if columns.title.is_none() && columns.text.is_none() {
        let columns = header.iter().map(|name| name.trim().to_owned()).collect();
        return Err(ReadError::NoTextColumn { file: intake.file(), columns });
    }
    let used = [columns.title, columns.text].into_iter().flatten();
    intake.notice(Notice::Columns(
        used.filter_map(|index| header.get(index)).map(|name| name.trim().to_owned()).collect(),
    ));
    for row in reader.records() {
        if intake.is_full() {
            break;
        }
        match row {
            Ok(row) => {
                let line = row.position().map_or(0, csv::Position::line);
                let document = document(&row, &header, &columns);
                intake.document(document, format!("line {line}"));
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                intake.issue(
                    format!("line {line}"),
                    format!("The row cannot be read ({error})."),
                    "Check its quotation marks and delimiters.",
                );
            }
        }
    }
    Ok(())
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes())
}

/// Which columns hold what.
struct Columns {
    id: Option<usize>,
    title: Option<usize>,
    text: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord, text: Option<&str>) -> Self {
        let names: Vec<String> = header.iter().map(normalised).collect();
        let first =
            |wanted: &[&str]| wanted.iter().find_map(|name| names.iter().position(|found| found == name));
        let chosen = text.map(normalised).and_then(|text| names.iter().position(|found| *found == text));
        let chosen = chosen.or_else(|| if text.is_none() { first(&TEXTS) } else { None });
        Self { id: first(&IDS), title: first(&TITLES).filter(|title| chosen != Some(*title)), text: chosen }
    }
}

fn normalised(name: &str) -> String {
    let name = name.trim().trim_start_matches('\u{feff}').to_lowercase().replace(['_', '-', '.'], " ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn document(row: &StringRecord, header: &StringRecord, columns: &Columns) -> Document {
    let cell = |index: Option<usize>| index.and_then(|index| row.get(index)).unwrap_or_default().trim();
    let mut document = Document::from_parts(
        cell(columns.id),
        &[("title", cell(columns.title)), ("abstract", cell(columns.text))],
    );
    for (index, (name, value)) in header.iter().zip(row).enumerate() {
        let is_used = [columns.id, columns.title, columns.text].contains(&Some(index));
        if !is_used && !name.trim().is_empty() && !value.trim().is_empty() {
            document.infons.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    document
}

const HEADER: [&str; 19] = [
    "document", "relation", "type", "score", "decision", "role 1", "name 1", "ids 1", "start 1", "end 1",
    "role 2", "name 2", "ids 2", "start 2", "end 2", "others", "evidence", "note", "run",
];

/// Writes one relation a row, with offsets in code points. CSV begins with a byte order mark, which spreadsheet
/// programs need to know UTF-8 by.
pub(super) fn write(documents: &[Document], delimiter: u8) -> String {
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
    }
    let rows = writer.into_inner().unwrap_or_default();
    let mark = if delimiter == b'\t' { "" } else { "\u{feff}" };
    format!("{mark}{}", String::from_utf8_lossy(&rows))
}

/// The rows of a written table, as sentences.
pub(super) fn rows(text: &str) -> Vec<String> {
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
    ]);
    row
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, ReadOptions, read as read_any, read_with};
    use crate::{Concept, Infons, Span};

    #[test]
    fn reads_columns_by_their_names() {
        let text = "\u{feff}Abstract ; record_id;TITLE;Year\n\"Text; with\nbreak\";7;On X;2001\n;8;;2002\n;9;Only a title;\n";
        let import = read_any(text.as_bytes(), "table.txt").unwrap();
        assert_eq!(import.format, Format::Csv);
        assert_eq!(import.documents[0].text, "On X\nText; with\nbreak");
        assert_eq!(
            (import.documents[0].id.as_str(), import.documents[0].infons["Year"].as_str()),
            ("7", "2001")
        );
        assert_eq!(import.documents[1].text, "Only a title");
        assert_eq!(import.issues[0].place, "line 4");
        assert_eq!(import.notices, [Notice::Columns(vec!["TITLE".to_owned(), "Abstract".to_owned()])]);
    }

    #[test]
    fn asks_for_the_column_it_does_not_know() {
        let text = "code\tfinding\n1\tFever\n2\tCough\n";
        let error = read_any(text.as_bytes(), "notes.tsv").unwrap_err();
        assert!(
            error.to_string().contains("Choose the column that holds the text: code, finding."),
            "{error}"
        );
        let options = ReadOptions { column: Some("Finding".to_owned()), ..ReadOptions::default() };
        let import = read_with(text.as_bytes(), "notes.tsv", &options).unwrap();
        assert_eq!((import.format, import.documents[1].text.as_str()), (Format::Tsv, "Cough"));
    }

    #[test]
    fn writes_a_row_per_relation_without_formulas() {
        let mut document = Document::from_parts("7", &[("body", "β-blockers: =1+1 harms")]);
        document.entities.push(Entity {
            id: "T1".to_owned(),
            kind: "Drug".to_owned(),
            spans: vec![Span::new(13, 17)],
            text: "=1+1".to_owned(),
            concepts: vec![Concept { vocabulary: "MESH".to_owned(), id: "D1".to_owned() }],
            note: None,
            score: None,
            infons: Infons::new(),
        });
        let argument = Argument { role: "drug".to_owned(), target: Target::Entity("T1".to_owned()) };
        let mut relation = Relation::new("R1", "effect", vec![argument]);
        relation.evidence = vec![Span::new(13, 23)];
        relation.score = Some(0.5);
        document.relations.push(relation);
        let table = write(&[document], b'\t');
        let row: Vec<&str> = table.lines().nth(1).unwrap().split('\t').collect();
        assert_eq!(row[..10], ["7", "R1", "effect", "0.5", "", "drug", "'=1+1", "MESH:D1", "12", "16"]);
        assert_eq!(row[16], "'=1+1 harms");
    }
}
