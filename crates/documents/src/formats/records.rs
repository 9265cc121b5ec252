//! What an export keeps for [`osler-cli verify`](RECORD) where its format has no place for it: the whole documents, with
//! the record of every run, in a file `EXPORT.runs.json` beside it, or in a block of data inside a report.
//!
//! A file is held against its record by writing the record again and comparing what both files say. So what a format
//! cannot hold needs no list of its own: it is what [`write`](super::write) tells as lost.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::import::Intake;
use super::jsonl::{self, Line};
use super::{Format, Loss, ReadError, WriteOptions, brat, html, read, read_brat, table, write};
use crate::limits::Limits;
use crate::{Argument, Document, Entity, Infons, Relation, Span, Target};

/// What the name of a record's file adds to that of the export.
pub const SIDECAR_SUFFIX: &str = ".runs.json";
/// Begins the infon of a document that holds the record of a run, as JSON.
pub const RECORD: &str = "run.";
/// The infon of a document that lists the ids of all that did not come with it.
pub const ADDED: &str = "added";

/// An export as it was before its format took away what it cannot hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    /// What was written.
    pub format: Format,
    /// How.
    pub options: WriteOptions,
    /// The documents.
    pub documents: Vec<Document>,
}

/// An export held against its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What the files say otherwise, for people; empty where nothing.
    pub differences: Vec<String>,
    /// What the format cannot hold, so that it was not compared.
    pub losses: Vec<Loss>,
}

impl Records {
    /// Reads a record's file, or a report with a record inside. `None` for anything else.
    ///
    /// # Errors
    /// Where it is a record, and damaged.
    pub fn read(bytes: &[u8], name: &str) -> Result<Option<Self>, ReadError> {
        let whole = String::from_utf8_lossy(bytes);
        let text = html::data(&whole).unwrap_or(&whole);
        let Ok(Value::Object(mut kept)) = serde_json::from_str::<Value>(text) else { return Ok(None) };
        let Some(format) = kept.get("format").and_then(Value::as_str).and_then(Format::from_key) else {
            return Ok(None);
        };
        let Some(Value::Array(lines)) = kept.remove("lines") else { return Ok(None) };
        let string = |key: &str| kept.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let options = WriteOptions { name: string("name"), task: string("task"), runs: runs(&kept) };
        let limits = Limits::default();
        let mut intake = Intake::new(name, &limits);
        intake.repeats = true;
        for (number, line) in (1..).zip(lines) {
            let place = format!("document {number}");
            if let Value::Object(line) = line
                && let Some(document) = jsonl::document(line, &place, &mut intake)
            {
                intake.document(document, place);
            }
        }
        let documents = intake.finish(Format::Jsonl)?.documents;
        Ok(Some(Self { format, options, documents }))
    }

    /// The bytes of a record's file.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        to_json(&self.documents, self.format, &self.options).to_string().into_bytes()
    }

    /// The names of the files of a format that writes several (brat), in order; none of the others, which are one file of
    /// any name.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match self.format {
            Format::Brat => brat::write(&self.documents).into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        }
    }

    /// Holds the export's file against the record, or its files in the order of [`Self::names`].
    ///
    /// # Errors
    /// Where the record cannot be written again.
    pub fn compare(&self, files: &[Vec<u8>]) -> Result<Comparison, super::WriteError> {
        let written = write(&self.documents, self.format, &self.options)?;
        let names: Vec<String> = written.files.iter().map(|(name, _)| name.clone()).collect();
        let expected: Vec<Vec<u8>> = written.files.into_iter().map(|(_, bytes)| bytes).collect();
        let mut differences = Vec::new();
        match (facts(self.format, &names, &expected), facts(self.format, &names, files)) {
            (Ok(record), Ok(file)) => differ(&record, &file, &mut differences),
            (Err(problem), _) | (_, Err(problem)) => {
                differences.push(format!("the file cannot be read any more: {problem}"));
            }
        }
        Ok(Comparison { differences, losses: written.losses })
    }
}

/// As it stands in a file; for [`html`] too.
pub(super) fn to_json(documents: &[Document], format: Format, options: &WriteOptions) -> Value {
    json!({
        "format": format.key(),
        "name": options.name,
        "task": options.task,
        "runs": options.runs,
        "lines": documents.iter().map(Line::of).collect::<Vec<_>>(),
    })
}

fn runs(kept: &Map<String, Value>) -> BTreeMap<String, Infons> {
    kept.get("runs").and_then(|runs| serde_json::from_value(runs.clone()).ok()).unwrap_or_default()
}

/// What files say, a sentence each.
fn facts(format: Format, names: &[String], files: &[Vec<u8>]) -> Result<Vec<String>, ReadError> {
    let name = names.first().map_or("", String::as_str);
    let first = files.first().map(Vec::as_slice).unwrap_or_default();
    let import = match format {
        Format::Html => return Ok(html::lines(&String::from_utf8_lossy(first))),
        Format::Csv | Format::Tsv => return Ok(table::rows(&String::from_utf8_lossy(first))),
        Format::Brat => {
            let mut all = Vec::new();
            for (names, pair) in names.chunks(2).zip(files.chunks(2)) {
                if let ([name, _], [text, annotations]) = (names, pair) {
                    let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
                    let import = read_brat(text, annotations, name)?;
                    all.extend(import.documents.iter().flat_map(|document| of_document(document, &stem)));
                }
            }
            return Ok(all);
        }
        _ => read(first, name)?,
    };
    Ok(import.documents.iter().flat_map(|document| of_document(document, &document.id)).collect())
}

fn of_document(document: &Document, name: &str) -> Vec<String> {
    let mut said = vec![format!("the text of {name}: {}", document.text)];
    said.extend(document.entities.iter().map(|entity| {
        let ids: Vec<String> =
            entity.concepts.iter().map(|one| format!("{}:{}", one.vocabulary, one.id)).collect();
        let remarks = remarks(entity.score, entity.note.as_ref(), &entity.infons);
        format!("{name}, mention {} {} [{}]{remarks}", entity.kind, placed(entity), ids.join(", "))
    }));
    said.extend(document.relations.iter().map(|relation| {
        let arguments: Vec<String> =
            relation.arguments.iter().map(|argument| participant(argument, document)).collect();
        let remarks = remarks(relation.score, relation.note.as_ref(), &relation.infons);
        let Relation { id, kind, evidence, .. } = relation;
        let evidence =
            if evidence.is_empty() { String::new() } else { format!(", evidence {}", spans(evidence)) };
        format!("{name}, relation {id} {kind}: {}{evidence}{remarks}", arguments.join(", "))
    }));
    said
}

fn participant(argument: &Argument, document: &Document) -> String {
    let what = match &argument.target {
        Target::Entity(id) => {
            document.entities.iter().find(|entity| entity.id == *id).map_or_else(|| id.clone(), placed)
        }
        Target::Concept(concept) => format!("{}:{}", concept.vocabulary, concept.id),
        Target::Relation(id) => id.clone(),
    };
    if argument.role.is_empty() { what } else { format!("{} {what}", argument.role) }
}

fn placed(entity: &Entity) -> String {
    format!("{} at {}", entity.text, spans(&entity.spans))
}

fn spans(spans: &[Span]) -> String {
    spans.iter().map(|span| format!("{}-{}", span.start, span.end)).collect::<Vec<_>>().join(" ")
}

fn remarks(score: Option<f64>, note: Option<&String>, infons: &Infons) -> String {
    let score = score.map(|score| format!(", score {score}")).unwrap_or_default();
    let note = note.map(|note| format!(", note {note}")).unwrap_or_default();
    let infons: String = infons.iter().map(|(key, value)| format!(", {key} {value}")).collect();
    format!("{score}{note}{infons}")
}

/// Longer facts (texts) are not told whole.
const TOLD: usize = 200;

fn differ(record: &[String], file: &[String], differences: &mut Vec<String>) {
    let mut counts: BTreeMap<&str, isize> = BTreeMap::new();
    record.iter().for_each(|fact| *counts.entry(fact).or_default() += 1);
    file.iter().for_each(|fact| *counts.entry(fact).or_default() -= 1);
    let told = |fact: &str| -> String {
        let mut told: String = fact.chars().take(TOLD).collect();
        if told.len() < fact.len() {
            told.push('…');
        }
        told
    };
    // In the order of the record, then of the file.
    for (fact, sign, what) in record
        .iter()
        .map(|fact| (fact, 1, "not in the file as its record has it"))
        .chain(file.iter().map(|fact| (fact, -1, "in the file, and not in its record")))
    {
        if let Some(count) = counts.get_mut(fact.as_str())
            && *count * sign > 0
        {
            *count -= sign;
            differences.push(format!("{what}: {}", told(fact)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Concept, Passage};

    fn document() -> Document {
        let text = "Aspirin & nausea.\nIt may harm.";
        let entity = |id: &str, kind: &str, start: usize, end: usize| Entity {
            id: id.to_owned(),
            kind: kind.to_owned(),
            spans: vec![Span::new(start, end)],
            text: text[start..end].to_owned(),
            concepts: vec![Concept { vocabulary: "MESH".to_owned(), id: format!("D{start}") }],
            note: None,
            score: None,
            infons: Infons::new(),
        };
        let argument =
            |role: &str, id: &str| Argument { role: role.to_owned(), target: Target::Entity(id.to_owned()) };
        let mut relation =
            Relation::new("F1", "CID", vec![argument("Chemical", "M1"), argument("Disease", "M2")]);
        relation.score = Some(0.25);
        relation.infons.insert(super::super::RUN.to_owned(), "1".to_owned());
        Document {
            id: "7".to_owned(),
            text: text.to_owned(),
            passages: vec![
                Passage { span: Span::new(0, 17), kind: "title".to_owned(), infons: Infons::new() },
                Passage { span: Span::new(18, 30), kind: "abstract".to_owned(), infons: Infons::new() },
            ],
            entities: vec![entity("M1", "Chemical", 0, 7), entity("M2", "Disease", 10, 16)],
            relations: vec![relation],
            infons: Infons::from([
                (format!("{RECORD}1"), "{}".to_owned()),
                (ADDED.to_owned(), "M1 M2 F1".to_owned()),
            ]),
        }
    }

    /// Each format that keeps its record outside of what it says: the record comes back whole, and what is changed in the
    /// file is seen.
    #[test]
    fn a_file_is_held_against_its_record() {
        for (format, was, is) in [
            (Format::PubTator, "0.25", "0.75"),
            (Format::PubTator, "D10\n", "D11\n"),
            (Format::Brat, "0.25", "0.75"),
            (Format::Brat, "harm", "heal"),
            (Format::PubAnnotation, "\"CID\"", "\"treats\""),
            (Format::Ris, "may harm", "may heal"),
            (Format::Medline, "may harm", "may heal"),
            (Format::Csv, "CID", "treats"),
            (Format::Tsv, "0.25", "0.75"),
            (Format::Html, ">0.25<", ">0.75<"),
            (Format::Html, "may harm", "may heal"),
        ] {
            let runs =
                BTreeMap::from([("1".to_owned(), Infons::from([("seed".to_owned(), "0".to_owned())]))]);
            let options = WriteOptions { name: "ward".to_owned(), task: "bc5cdr".to_owned(), runs };
            let written = write(&[document()], format, &options).unwrap();
            let (_, last) = written.files.last().unwrap();
            let records = Records::read(last, "ward").unwrap().unwrap();
            assert_eq!(records, Records { format, options, documents: vec![document()] });
            let count = records.names().len().max(1);
            let files: Vec<Vec<u8>> =
                written.files.iter().take(count).map(|(_, bytes)| bytes.clone()).collect();
            let same = records.compare(&files).unwrap();
            assert_eq!((same.differences, &same.losses), (Vec::<String>::new(), &written.losses));
            let changed: Vec<Vec<u8>> = files
                .iter()
                .map(|bytes| String::from_utf8(bytes.clone()).unwrap().replacen(was, is, 1).into_bytes())
                .collect();
            assert_ne!(changed, files, "{}: {was}", format.name());
            let differences = records.compare(&changed).unwrap().differences;
            for words in [was, is] {
                let words = words.trim_matches(|sign: char| !sign.is_alphanumeric());
                let is_told = differences.iter().any(|one| one.contains(words));
                assert!(is_told, "{}: {words} in {differences:?}", format.name());
            }
        }
    }

    #[test]
    fn what_is_no_record_is_not_taken_for_one() {
        for text in [
            "",
            "{}",
            "7|t|A\n7|a|B\n",
            "{\"format\": \"csv\"}",
            "{\"1\": {\"seed\": \"0\"}}",
            "<html></html>",
        ] {
            assert_eq!(Records::read(text.as_bytes(), "a").unwrap(), None, "{text}");
        }
    }
}
