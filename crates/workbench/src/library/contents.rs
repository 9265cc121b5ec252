//! Statements about a document, between the library's form and the wire's.

use std::collections::BTreeMap;

use documents::{
    Concept, Content, EvidenceReading, EvidenceStance, Grade, Participant, SpeakingSentence, Stance,
};
use inference::NOT_STATED;
use sessions::Reason;

use super::Names;
use super::offsets::Offsets;
use crate::error::{Result, bad_input};
use crate::wire;

/// For the wire, with the names of its concepts.
#[must_use]
pub fn to_wire(content: &Content, offsets: &Offsets<'_>, names: &Names) -> wire::Content {
    match content {
        Content::Entity { kind, spans, text, concepts } => wire::Content::Entity {
            r#type: kind.clone(),
            spans: offsets.spans(spans),
            text: text.clone(),
            concepts: names.of(concepts),
        },
        Content::Relation { kind, participants } => wire::Content::Relation {
            r#type: kind.clone(),
            participants: participants
                .iter()
                .map(|one| wire::Participant {
                    role: one.role.clone(),
                    name: one.name.clone(),
                    spans: offsets.spans(&one.spans),
                    concepts: names.of(&one.concepts),
                    grade: grade(one.grade),
                })
                .collect(),
        },
        Content::Label { label, span } => {
            wire::Content::Label { label: label.clone(), span: span.map(|span| offsets.span(span)) }
        }
        Content::Answer { question, verdict, probabilities, evidence } => wire::Content::Answer {
            question: question.clone(),
            verdict: match verdict.as_str() {
                "yes" => wire::Verdict::Yes,
                "no" => wire::Verdict::No,
                "maybe" => wire::Verdict::Maybe,
                NOT_STATED => wire::Verdict::NotStated,
                _ => wire::Verdict::Abstain,
            },
            probabilities: {
                let of = |answer: &str| probabilities.get(answer).copied().unwrap_or_default();
                wire::Probabilities { yes: of("yes"), no: of("no"), maybe: of("maybe") }
            },
            evidence: evidence
                .iter()
                .map(|one| wire::SpeakingSentence {
                    span: offsets.span(one.span),
                    stance: stance(one.stance),
                    reason: one.reason.clone(),
                })
                .collect(),
        },
    }
}

/// From the wire. What a mention quotes is taken from the text.
///
/// # Errors
/// For a mention without a place, or a place without words.
pub fn from_wire(content: &wire::Content, text: &str, offsets: &Offsets<'_>) -> Result<Content> {
    let place = |spans: &[wire::Span]| -> Result<Vec<documents::Span>> {
        let mut spans: Vec<documents::Span> = spans.iter().map(|span| offsets.bytes(*span)).collect();
        spans.sort_unstable();
        if spans.iter().any(|span| span.is_empty()) {
            return Err(bad_input("The selection holds no words.", "Select the words of the mention."));
        }
        Ok(spans)
    };
    Ok(match content {
        wire::Content::Entity { r#type, spans, concepts, .. } => {
            let spans = place(spans)?;
            let words: Vec<&str> = spans.iter().filter_map(|span| span.slice(text)).collect();
            if words.is_empty() {
                return Err(bad_input(
                    "The mention has no place in the text.",
                    "Select the words of the mention.",
                ));
            }
            Content::Entity {
                kind: r#type.clone(),
                text: words.join(" "),
                spans,
                concepts: concepts_of(concepts),
            }
        }
        wire::Content::Relation { r#type, participants } => Content::Relation {
            kind: r#type.clone(),
            participants: participants
                .iter()
                .map(|one| {
                    Ok(Participant {
                        role: one.role.clone(),
                        name: one.name.clone(),
                        // In the given order: the mention nearest to the evidence comes first.
                        spans: one.spans.iter().map(|span| offsets.bytes(*span)).collect(),
                        concepts: concepts_of(&one.concepts),
                        grade: match one.grade {
                            wire::Grade::Exact => Grade::Exact,
                            wire::Grade::Case => Grade::Case,
                            wire::Grade::Abbreviation => Grade::Abbreviation,
                            wire::Grade::Alias => Grade::Alias,
                            wire::Grade::None => Grade::Absent,
                        },
                    })
                })
                .collect::<Result<_>>()?,
        },
        wire::Content::Label { label, span } => {
            Content::Label { label: label.clone(), span: span.map(|span| offsets.bytes(span)) }
        }
        wire::Content::Answer { question, verdict, probabilities, evidence } => Content::Answer {
            question: question.clone(),
            verdict: match verdict {
                wire::Verdict::Yes => "yes",
                wire::Verdict::No => "no",
                wire::Verdict::Maybe => "maybe",
                wire::Verdict::NotStated => NOT_STATED,
                wire::Verdict::Abstain => "abstain",
            }
            .to_owned(),
            probabilities: BTreeMap::from([
                ("yes".to_owned(), probabilities.yes),
                ("no".to_owned(), probabilities.no),
                ("maybe".to_owned(), probabilities.maybe),
            ]),
            evidence: evidence
                .iter()
                .map(|one| SpeakingSentence {
                    span: offsets.bytes(one.span),
                    stance: match one.stance {
                        wire::Stance::For => Stance::For,
                        wire::Stance::Against => Stance::Against,
                        wire::Stance::Unclear => Stance::Unclear,
                    },
                    reason: one.reason.clone(),
                })
                .collect(),
        },
    })
}

/// A stance on the wire.
#[must_use]
pub const fn stance(stance: Stance) -> wire::Stance {
    match stance {
        Stance::For => wire::Stance::For,
        Stance::Against => wire::Stance::Against,
        Stance::Unclear => wire::Stance::Unclear,
    }
}

/// What a sentence says of a relation, for the wire.
#[must_use]
pub fn evidence_reading(reading: &EvidenceReading) -> wire::EvidenceReading {
    wire::EvidenceReading {
        stance: match reading.stance {
            EvidenceStance::Supports => wire::EvidenceStance::Supports,
            EvidenceStance::Partly => wire::EvidenceStance::Partly,
            EvidenceStance::Contradicts => wire::EvidenceStance::Contradicts,
            EvidenceStance::Background => wire::EvidenceStance::Background,
        },
        place: reading.place.clone(),
        reason: reading.reason.clone(),
    }
}

/// Concepts without their names.
#[must_use]
pub fn concepts_of(concepts: &[wire::Concept]) -> Vec<Concept> {
    concepts.iter().map(|one| Concept { vocabulary: one.vocabulary.clone(), id: one.id.clone() }).collect()
}

/// A grade for the wire.
#[must_use]
pub const fn grade(grade: Grade) -> wire::Grade {
    match grade {
        Grade::Exact => wire::Grade::Exact,
        Grade::Case => wire::Grade::Case,
        Grade::Abbreviation => wire::Grade::Abbreviation,
        Grade::Alias => wire::Grade::Alias,
        Grade::Absent => wire::Grade::None,
    }
}

/// A reason for the wire.
#[must_use]
pub const fn reason(reason: Reason) -> wire::Reason {
    match reason {
        Reason::NotInText => wire::Reason::NotInText,
        Reason::Negated => wire::Reason::Negated,
        Reason::Speculative => wire::Reason::Speculative,
        Reason::WrongType => wire::Reason::WrongType,
        Reason::WrongName => wire::Reason::WrongName,
        Reason::WrongId => wire::Reason::WrongId,
        Reason::WrongDirection => wire::Reason::WrongDirection,
        Reason::Duplicate => wire::Reason::Duplicate,
        Reason::Other => wire::Reason::Other,
    }
}

/// A reason from the wire.
#[must_use]
pub const fn reason_of(reason: wire::Reason) -> Reason {
    match reason {
        wire::Reason::NotInText => Reason::NotInText,
        wire::Reason::Negated => Reason::Negated,
        wire::Reason::Speculative => Reason::Speculative,
        wire::Reason::WrongType => Reason::WrongType,
        wire::Reason::WrongName => Reason::WrongName,
        wire::Reason::WrongId => Reason::WrongId,
        wire::Reason::WrongDirection => Reason::WrongDirection,
        wire::Reason::Duplicate => Reason::Duplicate,
        wire::Reason::Other => Reason::Other,
    }
}
