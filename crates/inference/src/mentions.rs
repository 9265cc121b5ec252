//! The names of a document: by dictionaries, and by a model's tagger where it has one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use documents::{Concept, Content, Document, Entity, Grade, Infons, Prediction, Span};
use tasks::candidates::Origin;
use tasks::mentions::{Trust, combined};
use tasks::tagging::{self, KINDS, Tagged, Tags};
use tasks::{Finder, Mention, sentences};

use crate::{InferenceError, ModelProfile, TaskContext};

/// What was fitted for the tagger, among a model's guidance.
pub const TASK: &str = "mentions";

/// The names of a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DocumentMentions {
    /// Those of kinds that dictionaries have, in text order, each with its probability by the tagger. A name that the
    /// document gives has none, and none has one where the model has no tagger.
    pub mentions: Vec<(Mention, Option<f64>)>,
    /// Those of other kinds, by kind and in text order; the tagger alone finds them.
    pub others: Vec<Tagged>,
}

impl DocumentMentions {
    /// The names of a document as its entities: what it gives, as it is, and what was found, in text order, each
    /// with what found it in its infon `found by`.
    #[must_use]
    pub fn entities(self, document: &Document) -> Vec<Entity> {
        let mut entities = document.entities.clone();
        let mut number = 0;
        for Found { by, kind, spans, text, concepts, score } in self.found(document) {
            let id = loop {
                number += 1;
                let id = format!("T{number}");
                if document.entities.iter().all(|given| given.id != id) {
                    break id;
                }
            };
            let infons = Infons::from([("found by".to_owned(), by.to_owned())]);
            let kind = kind.to_owned();
            entities.push(Entity { id, kind, spans, text, concepts, note: None, score, infons });
        }
        entities.sort_by_key(|entity| entity.spans.first().map(|span| (span.start, span.end)));
        entities
    }

    /// What was found as findings, in text order; what the document gives is not among it.
    #[must_use]
    pub fn predictions(self, document: &Document) -> Vec<Prediction> {
        let sentences = sentences::of(document);
        let mut found = self.found(document);
        found.sort_by_key(|one| one.spans.first().map(|span| (span.start, span.end)));
        let prediction = |Found { kind, spans, text, concepts, score, .. }: Found| {
            let is_in = |sentence: &&Span| spans.iter().any(|span| sentence.contains(*span));
            let evidence = sentences.iter().filter(is_in).copied().collect();
            Prediction {
                content: Content::Entity { kind: kind.to_owned(), spans, text, concepts },
                score: score.map(|score| score.clamp(0.0, 1.0)),
                masked_mass: None,
                masked_masses: Vec::new(),
                figures: BTreeMap::new(),
                evidence,
                grade: Grade::Exact,
                readings: Vec::new(),
                warnings: Vec::new(),
            }
        };
        found.into_iter().map(prediction).collect()
    }

    /// What the document does not give, with what found it.
    fn found(self, document: &Document) -> Vec<Found> {
        let known = self.mentions.into_iter().filter_map(|(mention, score)| {
            let by = match mention.origin {
                Origin::Given => return None,
                Origin::Tagger => "tagger",
                Origin::Abbreviation => "abbreviation",
                Origin::Dictionary => "dictionary",
                Origin::Code => "code",
            };
            let Mention { spans, text, kind, concepts, .. } = mention;
            Some(Found { by, kind: kind.name(), spans, text, concepts, score })
        });
        let others = self.others.into_iter().filter_map(|name| {
            let text = name.span.slice(&document.text)?.split_whitespace().collect::<Vec<_>>().join(" ");
            let (spans, concepts, score) = (vec![name.span], Vec::new(), Some(name.score));
            Some(Found { by: "tagger", kind: KINDS[name.kind], spans, text, concepts, score })
        });
        known.chain(others).collect()
    }
}

/// A name that was found.
struct Found {
    by: &'static str,
    kind: &'static str,
    spans: Vec<Span>,
    text: String,
    concepts: Vec<Concept>,
    score: Option<f64>,
}

/// The output of a tagger for a part of a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tagging {
    /// What it says of each token: of Osler's own tagger the log-probabilities of outside, beginning and inside of each kind,
    /// `[tokens, KINDS.len(), 3]`; of an encoder those of its labels, `[words, labels]`.
    pub log_probabilities: Vec<f32>,
    /// The bytes of the document that each token stands for.
    pub offsets: Vec<Range<usize>>,
}

/// What a tagger's output for a text says.
#[derive(Debug, Clone, PartialEq)]
pub struct TaggedNames<'a> {
    /// Log-probabilities of outside, beginning and inside: `[tokens, KINDS.len(), 3]`.
    pub parts: Cow<'a, [f32]>,
    /// The likeliest names.
    pub names: Vec<Tagged>,
    /// By kind, how far the tagger and the dictionaries are believed alone; `None` for a kind that the tagger does not know.
    pub trust: [Option<Trust>; KINDS.len()],
}

impl<'a> TaggedNames<'a> {
    /// Of a tagger whose output is by kind already, with what was fitted for it.
    pub(crate) fn by_kind(profile: &ModelProfile, text: &str, tagging: &'a Tagging) -> Self {
        let guidance = profile.guidance.or_none(TASK);
        let bias = KINDS.map(|kind| guidance.biases.get(kind).copied().unwrap_or_default());
        let tags = Tags { log_probabilities: &tagging.log_probabilities, offsets: &tagging.offsets };
        Self {
            parts: Cow::Borrowed(&tagging.log_probabilities),
            names: tags.names(&tagging::word_starts(text, &tagging.offsets), &bias),
            trust: KINDS.map(|kind| Some(guidance.trust.get(kind).copied().unwrap_or_default())),
        }
    }
}

/// Finds the names of a document.
///
/// # Errors
/// If the device fails; [`InferenceError::Cancelled`] if it was stopped.
pub fn find_mentions(
    context: &mut TaskContext<'_>,
    document: &Document,
    finder: &Finder,
) -> Result<DocumentMentions, InferenceError> {
    let found = finder.mentions(document);
    let Some(tagging) = tag_document(context, document, &found)? else {
        return Ok(DocumentMentions {
            mentions: found.into_iter().map(|mention| (mention, None)).collect(),
            others: Vec::new(),
        });
    };
    let TaggedNames { parts, names, trust } = context.tagger().read_tags(&document.text, &tagging);
    let tags = Tags { log_probabilities: &parts, offsets: &tagging.offsets };
    Ok(DocumentMentions {
        mentions: combined(document, finder, &found, &tags, &names, &trust),
        others: names.into_iter().filter(|name| is_alone(name, &trust)).collect(),
    })
}

/// Whether only a tagger knows names of this kind, and is sure of this one.
fn is_alone(name: &Tagged, trust: &[Option<Trust>; KINDS.len()]) -> bool {
    tagging::kind_of(name.kind).is_none() && trust[name.kind].is_some_and(|own| name.score >= own.tagger)
}

/// The tagger's output for all tokens of a document, which it reads in windows that overlap: each token is as the window
/// says that has more of the text around it. `found` are the names that dictionaries find. Nothing if the model has no tagger.
///
/// # Errors
/// As [`find_mentions`].
pub fn tag_document(
    context: &mut TaskContext<'_>,
    document: &Document,
    found: &[Mention],
) -> Result<Option<Tagging>, InferenceError> {
    let text = &document.text;
    let windows = context.tagger().tag_windows(text);
    let seams = seams(text, &windows);
    let mut all = Tagging::default();
    for (number, window) in windows.iter().enumerate() {
        context.cancel.check()?;
        let Some(part) = context.tagger().tag(document, *window, found)? else { return Ok(None) };
        context.meter.count(part.offsets.len());
        let (start, end) = (seams[number], seams[number + 1]);
        let width = part.log_probabilities.len() / part.offsets.len().max(1);
        for (token, bytes) in part.offsets.iter().enumerate() {
            if (start..end).contains(&bytes.start) {
                all.offsets.push(bytes.clone());
                let own = token * width..(token + 1) * width;
                all.log_probabilities.extend_from_slice(&part.log_probabilities[own]);
            }
        }
    }
    Ok(Some(all))
}

/// From which byte each window is asked, and the end of the text: where two overlap the seam is the beginning of a sentence,
/// the one nearest to the middle; inside a single sentence it is the middle itself, around which both have seen the most.
fn seams(text: &str, windows: &[Span]) -> Vec<usize> {
    let starts: Vec<usize> = sentences::split(text).iter().map(|sentence| sentence.start).collect();
    let mut seams = vec![0];
    for pair in windows.windows(2) {
        let (from, to) = (pair[1].start, pair[0].end.max(pair[1].start));
        let middle = usize::midpoint(from, to);
        let inside = starts.iter().copied().filter(|start| (from..=to).contains(start));
        seams.push(inside.min_by_key(|start| start.abs_diff(middle)).unwrap_or(middle));
    }
    seams.push(text.len() + 1);
    seams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_meet_at_the_sentence_nearest_to_the_middle_of_what_both_have() {
        let text = "Aa bb. Cc dd. Ee ff. Gg hh.";
        let windows = [Span::new(0, 20), Span::new(7, 27)];
        assert_eq!(seams(text, &windows), [0, 14, 28]);
        assert_eq!(seams(text, &[Span::new(0, 9), Span::new(9, 27)]), [0, 9, 28]);
        assert_eq!(seams("", &[Span::new(0, 0)]), [0, 1]);
        // A sentence that is cut: neither window is asked about what it sees only one side of.
        let endless = "aa bb cc dd ee ff gg hh";
        assert_eq!(seams(endless, &[Span::new(0, 14), Span::new(6, 23)]), [0, 10, 24]);
    }
}
