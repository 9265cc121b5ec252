//! One finding as plain values.

use documents::{Concept, Content, Document, Participant, Prediction, Span};
use serde::Serialize;

/// Where findings come from: the same for all of a document.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The name of the file that the document stood in.
    pub file: &'a str,
    /// Its number in that file, from 1.
    pub record: u64,
    /// The task, as a run's record names it: `relations/bc5cdr`.
    pub task: &'a str,
    /// The hash of what the finding was made with: models, dictionaries, options.
    pub provenance: &'a str,
}

/// A place in the text, in code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    /// First code point.
    pub start: u32,
    /// Behind the last one.
    pub end: u32,
}

/// A sentence that a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where it is in the text.
    pub place: Place,
    /// Its words.
    pub text: String,
    /// What it says: `supports`, `partly`, `contradicts`, `background` of a relation; `for`, `against`, `unclear` of an answer.
    pub stance: Option<String>,
    /// By which words.
    pub reason: Option<String>,
    /// The part of the document that it is in: `title`, `abstract, RESULTS`.
    pub part: Option<String>,
}

/// What takes part in a statement: a name, with its ids and places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Name {
    /// `Chemical`, `Disease`, `Arg1` ...
    pub role: String,
    /// As the author writes it.
    pub name: String,
    /// `MESH:D003000`, best first.
    pub ids: Vec<String>,
    /// Where it is mentioned.
    pub places: Vec<Place>,
}

/// A statement about a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The document's id, as its source has it.
    pub document: String,
    /// Its PMID.
    pub pmid: Option<String>,
    /// Its DOI.
    pub doi: Option<String>,
    /// See [`Origin::file`].
    pub file: String,
    /// See [`Origin::record`].
    pub record: u64,
    /// See [`Origin::task`].
    pub task: String,
    /// `entity`, `relation`, `label` or `answer`.
    pub statement: String,
    /// The kind of the mention or relation, the label, the answer.
    pub kind: String,
    /// The mention; the relation's first name.
    pub subject: Option<Name>,
    /// The relation's second name.
    pub object: Option<Name>,
    /// The question that an answer answers.
    pub question: Option<String>,
    /// What the statement rests on; the sentence that a label is of.
    pub evidence: Vec<Evidence>,
    /// Calibrated probability that it is right.
    pub score: Option<f64>,
    /// What a curator should look at: `hedging: may`.
    pub warnings: Vec<String>,
    /// See [`Origin::provenance`].
    pub provenance: String,
}

impl Finding {
    /// The rows of what a model says about a document. Relations of Osler's tasks have two names; further ones of others are left out.
    #[must_use]
    pub fn rows(document: &Document, predictions: &[Prediction], origin: Origin) -> Vec<Self> {
        let places = CodePoints::of(&document.text);
        let (pmid, doi) = (document.pmid(), document.doi());
        let row = |prediction: &Prediction| {
            let (subject, object, question, evidence) = parts(document, prediction, &places);
            Self {
                document: document.id.clone(),
                pmid: pmid.clone(),
                doi: doi.clone(),
                file: origin.file.to_owned(),
                record: origin.record,
                task: origin.task.to_owned(),
                statement: prediction.content.variant().to_owned(),
                kind: prediction.content.kind().to_owned(),
                subject,
                object,
                question,
                evidence,
                score: prediction.score,
                warnings: prediction
                    .warnings
                    .iter()
                    .map(|one| format!("{}: {}", one.kind, one.text))
                    .collect(),
                provenance: origin.provenance.to_owned(),
            }
        };
        predictions.iter().map(row).collect()
    }
}

type Parts = (Option<Name>, Option<Name>, Option<String>, Vec<Evidence>);

fn parts(document: &Document, prediction: &Prediction, places: &CodePoints) -> Parts {
    let sentence = |span: Span| Evidence {
        place: places.of_span(span),
        text: span.slice(&document.text).unwrap_or_default().to_owned(),
        stance: None,
        reason: None,
        part: None,
    };
    let given = || -> Vec<Evidence> {
        let readings = prediction.readings.iter().map(Some).chain(std::iter::repeat(None));
        let read = prediction.evidence.iter().zip(readings).map(|(span, reading)| Evidence {
            stance: reading.map(|reading| reading.stance.word().to_owned()),
            reason: reading.map(|reading| reading.reason.clone()),
            part: reading.map(|reading| reading.place.clone()).filter(|part| !part.is_empty()),
            ..sentence(*span)
        });
        read.collect()
    };
    match &prediction.content {
        Content::Entity { kind, spans, text, concepts } => {
            (Some(name(kind, text, concepts, spans, places)), None, None, given())
        }
        Content::Relation { participants, .. } => {
            let named = |one: &Participant| name(&one.role, &one.name, &one.concepts, &one.spans, places);
            (participants.first().map(named), participants.get(1).map(named), None, given())
        }
        Content::Label { span, .. } => {
            let evidence = span.map_or_else(given, |span| vec![sentence(span)]);
            (None, None, None, evidence)
        }
        Content::Answer { question, evidence, .. } => {
            let read = evidence.iter().map(|one| Evidence {
                stance: Some(one.stance.word().to_owned()),
                reason: Some(one.reason.clone()),
                ..sentence(one.span)
            });
            (None, None, Some(question.clone()), read.chain(given()).collect())
        }
    }
}

fn name(role: &str, name: &str, concepts: &[Concept], spans: &[Span], places: &CodePoints) -> Name {
    let id = |one: &Concept| match one.vocabulary.is_empty() {
        true => one.id.clone(),
        false => format!("{}:{}", one.vocabulary, one.id),
    };
    Name {
        role: role.to_owned(),
        name: name.to_owned(),
        ids: concepts.iter().map(id).collect(),
        places: spans.iter().map(|span| places.of_span(*span)).collect(),
    }
}

/// Code points before places of a text.
struct CodePoints<'t> {
    text: &'t str,
    /// Code points before each 64th byte or the character that it is inside of; nothing where bytes and code points are the same.
    before: Vec<u32>,
}

/// Bytes between two places that are counted up to beforehand.
const STRIDE: usize = 64;

impl<'t> CodePoints<'t> {
    fn of(text: &'t str) -> Self {
        let mut before = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for chunk in text.as_bytes().chunks(STRIDE) {
                before.push(count);
                count += starts(chunk);
            }
            before.push(count);
        }
        Self { text, before }
    }

    fn at(&self, byte: usize) -> u32 {
        let byte = byte.min(self.text.len());
        let Some(before) = self.before.get(byte / STRIDE) else { return byte as u32 };
        before + starts(self.text.as_bytes().get(byte / STRIDE * STRIDE..byte).unwrap_or_default())
    }

    fn of_span(&self, span: Span) -> Place {
        Place { start: self.at(span.start), end: self.at(span.end) }
    }
}

/// Characters that begin in some bytes.
fn starts(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_code_points() {
        let text = "β-blockers — “naïve” rats. ".repeat(20);
        let places = CodePoints::of(&text);
        for (at, _) in text.char_indices() {
            assert_eq!(places.at(at) as usize, text[..at].chars().count());
        }
        assert_eq!(places.at(text.len()) as usize, text.chars().count());
        assert_eq!(CodePoints::of("plain").at(3), 3);
    }
}
