//! What an import gives, and the one door that every document of every format comes in by.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::index::grounded;
use super::wording::{counted, quoted, some};
use super::{Format, ReadError, Unit};
use crate::limits::Limits;
use crate::{Document, Entity, Infons, Target};

/// The documents of a file, and what was wrong or particular with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The format that was found.
    pub format: Format,
    /// The documents, in the file's order, with unique ids.
    pub documents: Vec<Document>,
    /// Records or annotations that were left out or mended.
    pub issues: Vec<Issue>,
    /// What the user should know about the file as a whole.
    pub notices: Vec<Notice>,
    /// Reproducibility records that an Osler export keeps, by run.
    pub runs: BTreeMap<String, Infons>,
    /// The names of a table's columns, and which of them holds the text; nothing for a file that is none.
    pub table: Option<Table>,
}

/// The columns of a table, as its header names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// All of them.
    pub columns: Vec<String>,
    /// The one that the text was taken from; only titles were read without one.
    pub text: Option<String>,
}

/// One record or annotation that was left out or mended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issue {
    /// Name of the file.
    pub file: String,
    /// Where in it: `line 12`, `document 227508`.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {} {}", self.file, self.place, self.message, self.remedy)
    }
}

/// Something about the file as a whole that the user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The file was gzip-packed.
    Gzip,
    /// The file is in UTF-16.
    Utf16,
    /// The file is not UTF-8 and was read in this encoding.
    Encoding(&'static str),
    /// Offsets count something else than code points.
    Offsets(Unit),
    /// Offsets count line breaks or blanks otherwise than the text has them: what they count.
    Counting(&'static str),
    /// Offsets count no blank between title and abstract.
    NoSeparator,
    /// Bad bytes, such as NUL, that were left out of the text.
    ControlCharacters(usize),
    /// Documents that share an id were given a number each.
    RepeatedIds(usize),
    /// The numbers of the lines outside any record that were passed over.
    LinesOutsideRecords(Vec<usize>),
    /// Parts that are not text and were left out (`tables`, `references`, `comments`).
    LeftOut(&'static str, usize),
    /// The columns that the text was taken from.
    Columns(Vec<String>),
    /// Issues beyond the first thousand.
    FurtherIssues(usize),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gzip => write!(f, "The file was unpacked (gzip)."),
            Self::Utf16 => write!(f, "The file is in UTF-16."),
            Self::Encoding(name) => write!(
                f,
                "The file is not UTF-8 and was read as {name}. If accented letters look wrong, save it as UTF-8."
            ),
            Self::Offsets(unit) => write!(f, "The file's offsets count {unit}; they were converted."),
            Self::Counting(what) => write!(f, "The file's offsets count {what}; they were converted."),
            Self::NoSeparator => write!(f, "The file's offsets count no blank between title and abstract."),
            Self::ControlCharacters(count) => {
                write!(f, "Control characters left out of the text: {count}.")
            }
            Self::RepeatedIds(count) => {
                write!(f, "Documents that were given a number because their id is taken: {count}.")
            }
            Self::LinesOutsideRecords(lines) => {
                let numbers: Vec<String> = lines.iter().map(ToString::to_string).collect();
                let word = if lines.len() == 1 { "line" } else { "lines" };
                write!(f, "Lines outside any record, left out: {} ({word} {}).", lines.len(), some(&numbers))
            }
            Self::LeftOut(what, count) => write!(f, "Left out: {what} ({count})."),
            Self::Columns(names) => write!(f, "The text was taken from: {}.", names.join(", ")),
            Self::FurtherIssues(count) => write!(f, "Further issues that are not listed: {count}."),
        }
    }
}

/// Collects what a format reads, and keeps the promises of the document model whatever the file says: unique ids,
/// spans inside the text, relations between things that exist, bounded sizes.
pub(super) struct Intake<'a> {
    file: &'a str,
    pub limits: &'a Limits,
    documents: Vec<Document>,
    issues: Vec<Issue>,
    further_issues: usize,
    notices: Vec<Notice>,
    counted: BTreeMap<&'static str, usize>,
    ids: HashMap<String, usize>,
    repeated_ids: usize,
    annotations: usize,
    pub runs: BTreeMap<String, Infons>,
    /// The column of a table that holds the text, where the caller knows it.
    pub column: Option<&'a str>,
    pub table: Option<Table>,
    /// Lines and records of the file before these bytes, where they are a piece of it.
    pub lines_before: usize,
    pub records_before: usize,
    /// Whether a document may come several times under one id (once per task, in training data).
    pub repeats: bool,
    full: bool,
}

impl<'a> Intake<'a> {
    pub fn new(file: &'a str, limits: &'a Limits) -> Self {
        Self {
            file,
            limits,
            documents: Vec::new(),
            issues: Vec::new(),
            further_issues: 0,
            notices: Vec::new(),
            counted: BTreeMap::new(),
            ids: HashMap::new(),
            repeated_ids: 0,
            annotations: 0,
            runs: BTreeMap::new(),
            column: None,
            table: None,
            lines_before: 0,
            records_before: 0,
            repeats: false,
            full: false,
        }
    }

    /// The file's name.
    pub fn file(&self) -> String {
        self.file.to_owned()
    }

    /// The file's name without folders and extensions: the id of a document that has none.
    pub fn stem(&self) -> &'a str {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or(self.file);
        let name = name.strip_suffix(".gz").unwrap_or(name);
        match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ if name.is_empty() => "document",
            _ => name,
        }
    }

    pub fn issue(&mut self, place: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) {
        if self.issues.len() >= self.limits.issues {
            self.further_issues += 1;
            return;
        }
        self.issues.push(Issue {
            file: self.file.to_owned(),
            place: place.into(),
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// Tells something once.
    pub fn notice(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Counts parts that are left out, for one [`Notice::LeftOut`] at the end.
    pub fn left_out(&mut self, what: &'static str, count: usize) {
        if count > 0 {
            *self.counted.entry(what).or_default() += count;
        }
    }

    /// The error for content that no format recognizes.
    pub fn unrecognized(&self) -> ReadError {
        ReadError::Binary { file: self.file() }
    }

    /// Whether no more documents are taken.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Takes a document in, mended where it breaks the model's promises, and tells whether it did. `place` says where
    /// in the file it stands.
    pub fn document(&mut self, mut document: Document, place: impl Into<String>) -> bool {
        let place = place.into();
        if self.full {
            return false;
        }
        if self.documents.len() >= self.limits.documents {
            self.full = true;
            let message = format!(
                "The file holds more than {} documents; the rest was left out.",
                self.limits.documents
            );
            self.issue(place, message, "Split the file and import the parts.");
            return false;
        }
        self.annotations += document.entities.len() + document.relations.len();
        if self.annotations > self.limits.file_annotations {
            self.full = true;
            let message = format!(
                "The file holds more than {} annotations; from here on it was left out.",
                self.limits.file_annotations
            );
            self.issue(place, message, "Split the file and import the parts.");
            return false;
        }
        if document.text.len() > self.limits.document_bytes {
            let limit = self.limits.document_bytes / (1024 * 1024);
            let message = format!("The text is longer than {limit} MB and was left out.");
            self.issue(place, message, "Split it into chapters or articles.");
            return false;
        }
        if document.entities.len() + document.relations.len() > self.limits.annotations {
            let message =
                format!("It holds more than {} annotations and was left out.", self.limits.annotations);
            self.issue(place, message, "Split the document.");
            return false;
        }
        if !document.text.contains(char::is_alphanumeric) {
            if document.entities.is_empty() {
                self.issue(
                    place,
                    "There is no title and no text.",
                    "Add the text to the record, or ignore it.",
                );
            } else {
                let remedy = "Import the file that holds text and annotations together.";
                self.issue(place, "It holds annotations without the text they belong to.", remedy);
            }
            return false;
        }
        self.give_id(&mut document);
        document.passages.retain(|passage| passage.span.slice(&document.text).is_some());
        self.check_entities(&mut document, &place);
        self.check_relations(&mut document, &place);
        self.documents.push(document);
        true
    }

    fn give_id(&mut self, document: &mut Document) {
        if document.id.trim().is_empty() {
            let number = self.records_before + self.documents.len() + 1;
            document.id =
                if number == 1 { self.stem().to_owned() } else { format!("{}-{number}", self.stem()) };
        }
        if self.repeats {
            return;
        }
        let count = self.ids.entry(document.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            let mut number = *count;
            while self.ids.contains_key(&format!("{}-{number}", document.id)) {
                number += 1;
            }
            document.id = format!("{}-{number}", document.id);
            self.repeated_ids += 1;
            self.ids.insert(document.id.clone(), 1);
        }
    }

    fn check_entities(&mut self, document: &mut Document, place: &str) {
        let mut outside: Vec<String> = Vec::new();
        let mut ids: HashSet<String> = HashSet::new();
        let mut repeated: Vec<String> = Vec::new();
        let text = &document.text;
        document.entities.retain(|entity: &Entity| {
            let sound = !entity.spans.is_empty()
                && entity.spans.iter().all(|span| !span.is_empty() && span.slice(text).is_some());
            if !sound {
                outside.push(quoted(&entity.text, &entity.id));
                return false;
            }
            let new = ids.insert(entity.id.clone());
            if !new {
                repeated.push(entity.id.clone());
            }
            new
        });
        if !outside.is_empty() {
            let message = format!(
                "{} lie outside the text and were left out: {}.",
                counted(outside.len(), "mention"),
                some(&outside)
            );
            self.issue(
                place,
                message,
                "The offsets may belong to another version of the text, or to its full text.",
            );
        }
        if !repeated.is_empty() {
            let message = format!(
                "{} repeat an id and were left out: {}.",
                counted(repeated.len(), "mention"),
                some(&repeated)
            );
            self.issue(place, message, "Give each mention an id of its own.");
        }
    }

    fn check_relations(&mut self, document: &mut Document, place: &str) {
        let text = &document.text;
        let entities: HashSet<&str> = document.entities.iter().map(|entity| entity.id.as_str()).collect();
        let mut left_out: Vec<String> = Vec::new();
        let mut ids: HashSet<String> = HashSet::new();
        document.relations.retain(|relation| {
            let new = ids.insert(relation.id.clone());
            if !new {
                left_out.push(relation.id.clone());
            }
            new
        });
        let is_there = |target: &Target| match target {
            Target::Entity(id) => entities.contains(id.as_str()),
            Target::Relation(id) => ids.contains(id),
            Target::Concept(_) => true,
        };
        let sound = grounded(&document.relations, |relation| {
            relation.arguments.iter().all(|argument| is_there(&argument.target))
        });
        let fallen = document.relations.iter().zip(&sound).filter(|(_, sound)| !**sound);
        left_out.extend(fallen.map(|(relation, _)| relation.id.clone()));
        let mut sound = sound.into_iter();
        document.relations.retain(|_| sound.next().unwrap_or(false));
        for relation in &mut document.relations {
            relation.evidence.retain(|span| span.slice(text).is_some());
        }
        if !left_out.is_empty() {
            let message = format!(
                "{} relations repeat an id or point at something that is not there, and were left out: {}.",
                left_out.len(),
                some(&left_out)
            );
            self.issue(place, message, "Check the ids they name.");
        }
    }

    /// Ends the import.
    pub fn finish(mut self, format: Format) -> Result<Import, ReadError> {
        if self.documents.is_empty() {
            return Err(ReadError::NoDocument { file: self.file(), issues: self.issues });
        }
        if self.repeated_ids > 0 {
            self.notices.push(Notice::RepeatedIds(self.repeated_ids));
        }
        self.notices.extend(self.counted.iter().map(|(what, count)| Notice::LeftOut(what, *count)));
        if self.further_issues > 0 {
            self.notices.push(Notice::FurtherIssues(self.further_issues));
        }
        Ok(Import {
            format,
            documents: self.documents,
            issues: self.issues,
            notices: self.notices,
            runs: self.runs,
            table: self.table,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Argument, Relation, Span};

    fn mention(id: &str, start: usize, end: usize) -> Entity {
        Entity {
            id: id.to_owned(),
            kind: "Drug".to_owned(),
            spans: vec![Span::new(start, end)],
            text: "x".to_owned(),
            concepts: vec![],
            note: None,
            score: None,
            infons: Infons::new(),
        }
    }

    #[test]
    fn keeps_the_promises_of_the_model() {
        let limits = Limits::default();
        let mut intake = Intake::new("a.json", &limits);
        let mut document = Document { id: "1".to_owned(), text: "é".to_owned(), ..Document::default() };
        document.entities =
            vec![mention("T1", 0, 2), mention("T1", 0, 2), mention("T2", 0, 1), mention("T3", 0, 9)];
        let point =
            |id: &str, target: Target| Relation::new(id, "r", vec![Argument { role: String::new(), target }]);
        document.relations = vec![
            point("R1", Target::Entity("T1".to_owned())),
            point("R2", Target::Relation("R3".to_owned())),
            point("R3", Target::Entity("T2".to_owned())),
        ];
        intake.document(document.clone(), "line 1");
        intake.document(document, "line 2");
        let import = intake.finish(Format::Jsonl).unwrap();
        assert_eq!(import.documents[1].id, "1-2");
        assert_eq!(import.documents[0].entities.len(), 1);
        let kept: Vec<&str> =
            import.documents[0].relations.iter().map(|relation| relation.id.as_str()).collect();
        assert_eq!(kept, ["R1"], "R3 points at a mention inside a character, R2 at R3");
        assert_eq!(import.issues.len(), 6);
        assert_eq!(import.notices, [Notice::RepeatedIds(1)]);
    }
}
