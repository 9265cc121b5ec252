//! What a written file does not hold: found by reading it back and comparing, so that the list is true by construction.

mod matching;
mod places;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use places::Places;

use super::{Format, Import, Source, html, pair, read, read_brat, table};
use crate::{Argument, Document, Entity, Infons, Relation, Target};

/// Something the files do not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What sort of thing.
    pub what: Lost,
    /// How many of them.
    pub count: usize,
    /// The documents they are lost from.
    pub documents: Vec<String>,
    /// One of them, for the user to recognize.
    pub example: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let documents = match &self.documents[..] {
            [one] => format!("in {one}"),
            several => format!("in {} documents", several.len()),
        };
        write!(f, "{} {} {documents} (such as {})", self.count, self.words(), self.example)
    }
}

impl Loss {
    /// What is lost, in the number of its count: `mention is left out`, `mentions are left out`.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        let (one, several) = self.what.words();
        if self.count == 1 { one } else { several }
    }
}

/// A sort of thing that a format may not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lost {
    /// The possibility to import the file again: it is for reading.
    Import,
    /// Whole documents.
    Documents,
    /// Ids of documents.
    DocumentIds,
    /// The texts themselves.
    Texts,
    /// The exact text (line breaks, blanks).
    Text,
    /// The division into passages, or their kinds.
    Passages,
    /// Properties of passages.
    PassageProperties,
    /// Properties of documents (journal, year ...).
    DocumentProperties,
    /// Whole mentions.
    Mentions,
    /// Ids of mentions.
    MentionIds,
    /// The pieces of mentions (they become one stretch).
    MentionPlaces,
    /// Where mentions stand.
    MentionMoves,
    /// Types of mentions.
    MentionTypes,
    /// The words a source quotes, where they are not those of the text.
    MentionWords,
    /// Terminology ids of mentions.
    Concepts,
    /// Whole relations.
    Relations,
    /// Ids of relations.
    RelationIds,
    /// Types of relations.
    RelationTypes,
    /// Which mention or concept takes part in a relation.
    Participants,
    /// The parts that participants play.
    Roles,
    /// Evidence of relations.
    Evidence,
    /// Scores.
    Scores,
    /// Notes.
    Notes,
    /// Properties of mentions and relations.
    Properties,
}

impl Lost {
    /// What is lost, of one and of several.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Import => ("file cannot be imported again", "files cannot be imported again"),
            Self::Documents => ("document is left out", "documents are left out"),
            Self::DocumentIds => ("document id changes", "document ids change"),
            Self::Texts => ("text is not in the file", "texts are not in the file"),
            Self::Text => ("text changes in line breaks or blanks", "texts change in line breaks or blanks"),
            Self::Passages => ("document's passages are not kept", "passages are not kept"),
            Self::PassageProperties => {
                ("property of a passage is not kept", "properties of passages are not kept")
            }
            Self::DocumentProperties => {
                ("property of a document is not kept", "properties of documents are not kept")
            }
            Self::Mentions => ("mention is left out", "mentions are left out"),
            Self::MentionIds => ("mention gets another id", "mentions get other ids"),
            Self::MentionPlaces => {
                ("mention in pieces becomes one stretch", "mentions in pieces become one stretch")
            }
            Self::MentionMoves => ("mention stands elsewhere", "mentions stand elsewhere"),
            Self::MentionTypes => ("type of a mention is not kept", "types of mentions are not kept"),
            Self::MentionWords => {
                ("quotation becomes the words of the text", "quoted words become those of the text")
            }
            Self::Concepts => ("mention's terminology ids change", "terminology ids of mentions change"),
            Self::Relations => ("relation is left out", "relations are left out"),
            Self::RelationIds => ("relation gets another id", "relations get other ids"),
            Self::RelationTypes => ("type of a relation changes", "types of relations change"),
            Self::Participants => ("relation's participants change", "participants of relations change"),
            Self::Roles => ("relation's roles change", "roles of participants change"),
            Self::Evidence => ("relation's evidence is not kept", "pieces of evidence are not kept"),
            Self::Scores => ("score is not kept", "scores are not kept"),
            Self::Notes => ("note is not kept", "notes are not kept"),
            Self::Properties => (
                "property of a mention or relation is not kept",
                "properties of mentions and relations are not kept",
            ),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().1)
    }
}

/// Compares the documents with what the written files give back.
pub(super) fn of(documents: &[Document], format: Format, files: &[(String, Vec<u8>)]) -> Vec<Loss> {
    let mut losses = Losses::default();
    match read_back(format, files) {
        None => losses.for_reading_only(documents, format),
        Some(read) => {
            // Documents come back in their order, except those without text.
            let mut back = read.into_iter().peekable();
            for document in documents {
                losses.document.clone_from(&document.id);
                let comes_back = document.text.contains(char::is_alphanumeric);
                match back.next_if(|_| comes_back) {
                    Some(read) => losses.compare(document, &read),
                    None => losses.add(Lost::Documents, &document.id),
                }
            }
        }
    }
    losses.list()
}

/// What reading the files gives; `None` for formats that are only written.
fn read_back(format: Format, files: &[(String, Vec<u8>)]) -> Option<Vec<Document>> {
    if matches!(format, Format::Csv | Format::Tsv | Format::Html) {
        return None;
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let bytes = |index: usize| {
        files.get(index).map(|(name, bytes)| (name.as_str(), bytes.as_slice())).unwrap_or_default()
    };
    let imports = pair(&names).into_iter().filter_map(|source| -> Option<Import> {
        match source {
            Source::File(index) => {
                let (name, bytes) = bytes(index);
                read(bytes, name).ok()
            }
            Source::Brat { text, annotations } => {
                let (name, text) = bytes(text);
                let (_, annotations) = bytes(*annotations.first()?);
                read_brat(text, annotations, name).ok()
            }
        }
    });
    Some(imports.flat_map(|import| import.documents).collect())
}

/// The losses found so far, by sort.
#[derive(Default)]
struct Losses {
    found: BTreeMap<Lost, Loss>,
    document: String,
}

impl Losses {
    fn add(&mut self, what: Lost, example: &str) {
        // What has no name is known by its document.
        let example = if example.trim().is_empty() { self.document.as_str() } else { example };
        let loss = self.found.entry(what).or_insert_with(|| Loss {
            what,
            count: 0,
            documents: Vec::new(),
            example: example.chars().take(60).collect(),
        });
        loss.count += 1;
        if loss.documents.last() != Some(&self.document) {
            loss.documents.push(self.document.clone());
        }
    }

    fn check(&mut self, same: bool, what: Lost, example: &str) {
        if !same {
            self.add(what, example);
        }
    }

    fn list(self) -> Vec<Loss> {
        self.found.into_values().collect()
    }

    /// Tables hold relations and what takes part in them; a report holds nearly all, but for the eye.
    fn for_reading_only(&mut self, documents: &[Document], format: Format) {
        for document in documents {
            self.document.clone_from(&document.id);
            self.add(Lost::Import, &document.id);
            let is_shown = |key: &str| match format {
                Format::Html => html::shows(key),
                _ => table::shows(key),
            };
            let hidden = document.infons.keys().filter(|key| !is_shown(key));
            hidden.for_each(|key| self.add(Lost::DocumentProperties, key));
            let of_mentions = document.entities.iter().flat_map(|entity| entity.infons.keys());
            of_mentions.for_each(|key| self.add(Lost::Properties, key));
            if format == Format::Html {
                continue;
            }
            let of_relations = document.relations.iter().flat_map(|relation| relation.infons.keys());
            of_relations
                .filter(|key| !table::shows_of_relation(key))
                .for_each(|key| self.add(Lost::Properties, key));
            self.add(Lost::Texts, &document.id);
            if !document.passages.is_empty() {
                self.add(Lost::Passages, &document.id);
            }
            let properties = document.passages.iter().flat_map(|passage| passage.infons.keys());
            properties.for_each(|key| self.add(Lost::PassageProperties, key));
            let arguments = document.relations.iter().flat_map(|relation| &relation.arguments);
            let in_relation: HashSet<&str> = arguments
                .filter_map(|argument| match &argument.target {
                    Target::Entity(id) => Some(id.as_str()),
                    Target::Concept(_) | Target::Relation(_) => None,
                })
                .collect();
            for entity in &document.entities {
                if !in_relation.contains(entity.id.as_str()) {
                    self.add(Lost::Mentions, &entity.text);
                    continue;
                }
                self.check(entity.kind.is_empty(), Lost::MentionTypes, &entity.kind);
                self.check(entity.spans.len() < 2, Lost::MentionPlaces, &entity.text);
                self.check(entity.note.is_none(), Lost::Notes, &entity.text);
                self.check(entity.score.is_none(), Lost::Scores, &entity.text);
            }
        }
    }

    fn compare(&mut self, original: &Document, back: &Document) {
        self.check(original.id == back.id, Lost::DocumentIds, &original.id);
        self.check(original.text == back.text, Lost::Text, &original.id);
        self.compare_passages(original, back);
        for (key, value) in &original.infons {
            // Keywords and notes of a reference may have grown by what was decided.
            let is_there = back.infons.get(key).is_some_and(|found| {
                found
                    .strip_prefix(value.as_str())
                    .is_some_and(|more| more.is_empty() || more.starts_with("; "))
            });
            self.check(is_there, Lost::DocumentProperties, key);
        }
        let places = (&Places::of_text(&original.text), &Places::of_text(&back.text));
        let entities = matching::entities(original, back, places);
        let mut entity_ids: HashMap<&str, &str> = HashMap::new();
        for (entity, found) in original.entities.iter().zip(&entities) {
            match found {
                Some(found) => {
                    entity_ids.insert(&entity.id, &found.id);
                    self.compare_entity(entity, found, places);
                }
                None => self.add(Lost::Mentions, &entity.text),
            }
        }
        let relations = matching::relations(original, back, &entity_ids);
        let mut relation_ids: HashMap<&str, &str> = HashMap::new();
        for (relation, found) in original.relations.iter().zip(&relations) {
            if let Some(found) = found {
                relation_ids.insert(&relation.id, &found.id);
            }
        }
        for (relation, found) in original.relations.iter().zip(&relations) {
            match found {
                Some(found) => self.compare_relation(relation, found, &entity_ids, &relation_ids, places),
                None => self.add(Lost::Relations, &relation.id),
            }
        }
    }

    fn compare_passages(&mut self, original: &Document, back: &Document) {
        let shape = |document: &Document| -> Vec<(Vec<(usize, usize)>, String)> {
            let places = Places::of_text(&document.text);
            let passages = document.passages.iter();
            passages.map(|passage| (places.of(&[passage.span]), passage.kind.clone())).collect()
        };
        // A document without passages has nothing to lose.
        if original.passages.is_empty() {
            return;
        }
        if shape(original) != shape(back) {
            self.add(Lost::Passages, &original.id);
            let properties = original.passages.iter().flat_map(|passage| passage.infons.keys());
            properties.for_each(|key| self.add(Lost::PassageProperties, key));
            return;
        }
        for (one, two) in original.passages.iter().zip(&back.passages) {
            for (key, value) in &one.infons {
                self.check(two.infons.get(key) == Some(value), Lost::PassageProperties, key);
            }
        }
    }

    fn compare_entity(&mut self, one: &Entity, two: &Entity, (then, now): (&Places, &Places)) {
        self.check(one.id == two.id, Lost::MentionIds, &one.id);
        self.check(one.kind == two.kind, Lost::MentionTypes, &one.kind);
        let is_elsewhere = then.of(&one.spans) != now.of(&two.spans);
        let is_joined = is_elsewhere && then.extent(&one.spans) == now.extent(&two.spans);
        if is_elsewhere {
            self.add(if is_joined { Lost::MentionPlaces } else { Lost::MentionMoves }, &one.text);
        }
        // One stretch has the words of all its text.
        self.check(is_joined || one.text == two.text, Lost::MentionWords, &one.text);
        self.check(one.concepts == two.concepts, Lost::Concepts, &one.text);
        self.compare_remarks(
            (&one.note, one.score, &one.infons),
            (&two.note, two.score, &two.infons),
            &one.text,
        );
    }

    fn compare_relation(
        &mut self,
        one: &Relation,
        two: &Relation,
        entities: &HashMap<&str, &str>,
        relations: &HashMap<&str, &str>,
        (then, now): (&Places, &Places),
    ) {
        self.check(one.id == two.id, Lost::RelationIds, &one.id);
        self.check(one.kind == two.kind, Lost::RelationTypes, &one.kind);
        let same = |one: &Argument, two: &Argument| match (&one.target, &two.target) {
            (Target::Entity(one), Target::Entity(two)) => entities.get(one.as_str()) == Some(&two.as_str()),
            (Target::Relation(one), Target::Relation(two)) => {
                relations.get(one.as_str()) == Some(&two.as_str())
            }
            (one, two) => one == two,
        };
        let pairs = || one.arguments.iter().zip(&two.arguments);
        let same_targets =
            one.arguments.len() == two.arguments.len() && pairs().all(|(one, two)| same(one, two));
        self.check(same_targets, Lost::Participants, &one.id);
        self.check(pairs().all(|(one, two)| one.role == two.role), Lost::Roles, &one.id);
        self.check(then.of(&one.evidence) == now.of(&two.evidence), Lost::Evidence, &one.id);
        // A participant's id in an infon (an event's trigger) follows the mention's.
        let mut infons = one.infons.clone();
        for value in infons.values_mut() {
            if let Some(now) = entities.get(value.as_str()) {
                (*now).clone_into(value);
            }
        }
        let infons = if two.infons == infons { &infons } else { &one.infons };
        self.compare_remarks((&one.note, one.score, infons), (&two.note, two.score, &two.infons), &one.id);
    }

    fn compare_remarks(
        &mut self,
        one: (&Option<String>, Option<f64>, &Infons),
        two: (&Option<String>, Option<f64>, &Infons),
        example: &str,
    ) {
        self.check(one.0 == two.0, Lost::Notes, example);
        self.check(one.1 == two.1, Lost::Scores, example);
        for (key, value) in one.2 {
            self.check(two.2.get(key) == Some(value), Lost::Properties, key);
        }
    }
}
