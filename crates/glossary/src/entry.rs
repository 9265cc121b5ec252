//! One text about one term, and how it is stored.

use serde::{Deserialize, Serialize};

/// Where texts come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// As people cite it: `Human Phenotype Ontology`.
    pub name: String,
    /// Release or version; empty where the source states none.
    pub release: String,
    /// As the source states it; empty where it states none.
    pub licence: String,
}

/// What kind of statement a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// Somebody wrote it to say what the term is.
    Definition,
    /// Put together from rows of a source: `Roles (ChEBI 105): anticoagulant`. The words are the source's, the frame is not.
    Roles,
    /// A sentence of a document that says so in passing.
    Sentence,
    /// It says how a substance is built, not what it is for.
    Structure,
}

impl Nature {
    const ALL: [Self; 4] = [Self::Definition, Self::Roles, Self::Sentence, Self::Structure];
}

/// The document that a sentence is in.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Its id in its collection.
    pub id: String,
    /// PubMed id; empty where none is known.
    pub pmid: String,
    /// DOI; empty where none is known.
    pub doi: String,
    /// Its title; empty where none is known.
    pub title: String,
}

impl Document {
    /// Its title with the best id that there is.
    fn citation(&self) -> String {
        let id = match (self.pmid.as_str(), self.doi.as_str()) {
            ("", "") => self.id.clone(),
            ("", doi) => format!("doi:{doi}"),
            (pmid, _) => format!("PMID {pmid}"),
        };
        match self.title.as_str() {
            "" => id,
            title => format!("\"{}\", {id}", title.trim_end_matches('.')),
        }
    }
}

/// What a source says about a term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What is defined, as the source writes it.
    pub term: String,
    /// Other names that the source gives.
    pub synonyms: Vec<String>,
    /// The text, word for word.
    pub text: String,
    /// What kind of statement it is.
    pub nature: Nature,
    /// What the source says the term is (`disease`, `chemical`, `cell`); empty where it does not say.
    pub kind: String,
    /// The source's id for the term; empty where it has none.
    pub id: String,
    /// Where it comes from.
    pub source: Source,
    /// The document of a sentence.
    pub document: Option<Document>,
    /// Entries with a smaller one go first.
    #[serde(skip)]
    pub rank: u8,
}

impl Entry {
    /// Whether it says what the term is or what it is for: not how it is built alone.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.nature != Nature::Structure
    }

    /// Where it comes from in a line: source, release, id, document, licence.
    #[must_use]
    pub fn citation(&self) -> String {
        let release = match self.source.release.as_str() {
            "" => String::new(),
            release => format!("release {release}"),
        };
        let document = self.document.as_ref().map_or_else(String::new, Document::citation);
        let parts = [&self.source.name, &release, &self.id, &document, &self.source.licence];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }

    pub(crate) fn write(&self, source: usize, out: &mut Vec<u8>) {
        number(source as u64, out);
        out.push(self.rank);
        let nature = Nature::ALL.iter().position(|nature| *nature == self.nature).unwrap_or_default();
        out.push((nature as u8) << 1 | u8::from(self.document.is_some()));
        for text in [&self.kind, &self.id, &self.term, &self.text] {
            string(text, out);
        }
        number(self.synonyms.len() as u64, out);
        self.synonyms.iter().for_each(|synonym| string(synonym, out));
        if let Some(document) = &self.document {
            for text in [&document.id, &document.pmid, &document.doi, &document.title] {
                string(text, out);
            }
        }
    }

    /// Reads what [`Self::write`] wrote. `None` where the bytes hold something else.
    pub(crate) fn read(bytes: &mut &[u8], sources: &[Source]) -> Option<Self> {
        let source = sources.get(usize::try_from(read_number(bytes)?).ok()?)?.clone();
        let rank = byte(bytes)?;
        let flags = byte(bytes)?;
        let nature = *Nature::ALL.get(usize::from(flags >> 1))?;
        let mut next = || read_string(bytes);
        let (kind, id, term, text) = (next()?, next()?, next()?, next()?);
        let count = read_number(bytes)?;
        // Not believed before the strings are there: each of them takes a byte at least.
        let mut synonyms = Vec::new();
        for _ in 0..count {
            synonyms.push(read_string(bytes)?);
        }
        let document = if flags & 1 == 1 {
            let mut next = || read_string(bytes);
            Some(Document { id: next()?, pmid: next()?, doi: next()?, title: next()? })
        } else {
            None
        };
        Some(Self { term, synonyms, text, nature, kind, id, source, document, rank })
    }
}

/// Seven bits a byte, the low ones first.
pub(crate) fn number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..=28).step_by(7) {
        let byte = byte(bytes)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

fn string(text: &str, out: &mut Vec<u8>) {
    number(text.len() as u64, out);
    out.extend(text.as_bytes());
}

fn read_string(bytes: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(read_number(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}
