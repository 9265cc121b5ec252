//! What a document is inside Osler: one immutable text, and everything that points into it.
//!
//! One offset unit is used inside: UTF-8 bytes ([`Span`]). Formats convert at their own edge (code points, bytes),
//! the wire converts to UTF-16, the tokenizer maps back from its normalized text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Properties that a format attaches to a thing and that Osler carries along unread (BioC "infons", brat attributes,
/// bibliographic fields). Ordered, so that writing is reproducible.
pub type Infons = BTreeMap<String, String>;

/// A half-open range of bytes into [`Document::text`], always on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range `start..end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether the range holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The text the range covers, or `None` if it lies outside `text` or inside a character.
    #[must_use]
    pub fn slice(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }

    /// Whether the two ranges share at least one byte.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `other` lies wholly inside this range.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// One document: what a curator sees as one text (an abstract, an article, a note).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Document {
    /// The id its source gives it (a PMID, a file stem); unique within one import, never empty.
    pub id: String,
    /// The whole text. Never changes after import; every [`Span`] points into it.
    pub text: String,
    /// The parts of the text in reading order. They do not overlap; gaps between them are separators.
    pub passages: Vec<Passage>,
    /// Mentions of things.
    pub entities: Vec<Entity>,
    /// Relations between mentions or between concepts.
    pub relations: Vec<Relation>,
    /// Bibliographic and other properties (`title`, `journal`, `year`, `doi`, `pmid`, `authors` ...).
    pub infons: Infons,
}

impl Document {
    /// A document of the given `(kind, text)` parts, one passage each, with a line break between them. Empty parts are
    /// left out.
    #[must_use]
    pub fn from_parts(id: &str, parts: &[(&str, &str)]) -> Self {
        let mut document = Self { id: id.to_owned(), ..Self::default() };
        for (kind, text) in parts {
            document.push_passage(kind, text);
        }
        document
    }

    /// Appends a passage after a line break and returns it, or nothing where `text` is empty.
    pub fn push_passage(&mut self, kind: &str, text: &str) -> Option<&mut Passage> {
        if text.is_empty() {
            return None;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let start = self.text.len();
        self.text.push_str(text);
        let span = Span::new(start, self.text.len());
        self.passages.push(Passage { span, kind: kind.to_owned(), infons: Infons::new() });
        self.passages.last_mut()
    }
}

/// A part of a document's text, such as the title or one section of a structured abstract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Where it stands in [`Document::text`].
    pub span: Span,
    /// `title`, `abstract`, `body`, `heading`, `caption` ...: lower case, as BioC names them where BioC has a name.
    pub kind: String,
    /// Properties of the passage (`section`, `label` ...).
    pub infons: Infons,
}

/// A mention: one or more stretches of the text that name a thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Unique within the document (`T1`, a format's own id).
    pub id: String,
    /// `Chemical`, `Disease`, `Gene` ...: as the source writes it.
    pub kind: String,
    /// Where it stands, in text order; more than one for a discontinuous mention. Never empty.
    pub spans: Vec<Span>,
    /// The words as the source quotes them. Equal to the spans' text joined by one space where the source is sound.
    pub text: String,
    /// Ids in terminologies, best first.
    pub concepts: Vec<Concept>,
    /// A curator's remark.
    pub note: Option<String>,
    /// A calibrated probability, where a model gave one.
    pub score: Option<f64>,
    /// Properties that the source attaches.
    pub infons: Infons,
}

/// An id in a terminology, such as MeSH `D003000`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Concept {
    /// The terminology, as its source writes it (`MESH`, `NCBI Gene`); empty where the source does not say.
    pub vocabulary: String,
    /// The id in it.
    pub id: String,
}

/// A relation between two or more participants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    /// Unique within the document.
    pub id: String,
    /// `CID`, `effect`, `inhibitor` ...: as the source writes it.
    pub kind: String,
    /// Participants in the source's order.
    pub arguments: Vec<Argument>,
    /// Stretches of text that support it (sentences, triggers).
    pub evidence: Vec<Span>,
    /// A curator's remark.
    pub note: Option<String>,
    /// A calibrated probability, where a model gave one.
    pub score: Option<f64>,
    /// Properties that the source attaches.
    pub infons: Infons,
}

impl Relation {
    /// A relation without evidence, note, score or properties.
    #[must_use]
    pub fn new(id: impl Into<String>, kind: impl Into<String>, arguments: Vec<Argument>) -> Self {
        Self {
            id: id.into(),
            kind: kind.into(),
            arguments,
            evidence: Vec::new(),
            note: None,
            score: None,
            infons: Infons::new(),
        }
    }
}

/// One participant of a [`Relation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// Its part in the relation (`Chemical`, `Arg1` ...); empty where the source names none.
    pub role: String,
    /// What takes the part.
    pub target: Target,
}

/// What a relation's argument points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An [`Entity`] of the same document, by id.
    Entity(String),
    /// A concept, wherever it is mentioned (PubTator's document-level relations).
    Concept(Concept),
    /// Another [`Relation`] of the same document, by id (nested events).
    Relation(String),
}
