//! Answering a question from an abstract.

use std::collections::BTreeMap;

use documents::{Content, Document, Grade, Prediction, Span};
use tasks::answer::{self, Answer};
use tasks::sentences;

use super::{Outcome, require, room, windows};
use crate::engine::{Desk, EngineError};
use crate::generator::{Continuation, GeneratorError, Prompt};

/// The task's name in a model's manifest.
pub(super) const TASK: &str = "pubmedqa";

/// A question to a document.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The question.
    pub question: &'a str,
    /// The document.
    pub document: &'a Document,
    /// No answer is given that has less than this probability.
    pub abstain_below: f64,
}

/// What a document answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The answer; none where no one is likely enough.
    pub verdict: Option<Answer>,
    /// In the order of [`Answer::ALL`]; they sum to 1.
    pub probabilities: [f64; 3],
    /// The part of the document that answers.
    pub window: Span,
    /// As a finding, with what the user should know.
    pub outcome: Outcome,
}

/// What a sentence does to an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// The sentence.
    pub span: Span,
    /// What the probability of the likeliest answer loses without it.
    pub effect: f64,
    /// What each answer gets without it.
    pub without: [f64; 3],
}

pub(super) fn prompt(question: &str, document: &Document, window: Span) -> Prompt {
    Prompt::tuned(answer::prompt(question, document, window), TASK)
}

/// Answers a question. A text that is read in parts answers with the part that is surest.
///
/// # Errors
/// If the model was not tuned for it or cannot go on; [`EngineError::Cancelled`] if it was stopped.
pub fn answer(desk: &mut Desk<'_>, question: &Question<'_>) -> Result<Answered, EngineError> {
    require(desk.generator.profile(), TASK, "answers to questions")?;
    desk.generator.forget();
    let Question { question, document, abstain_below } = *question;
    // Without room for a word of the text there is nothing to ask.
    let alone = desk.generator.length(&prompt(question, document, Span::new(0, 0)));
    let longest = room(&*desk.generator);
    if alone >= longest {
        return Err(GeneratorError::TooLong { length: alone, longest }.into());
    }
    let cut = windows(&*desk.generator, document, |span| prompt(question, document, span));
    let mut best: Option<([f64; 3], Span)> = None;
    for window in &cut.windows {
        if desk.go_on().is_break() {
            return Err(EngineError::Cancelled);
        }
        let probabilities = probabilities(desk, question, document, window.span)?;
        if best.is_none_or(|(known, _)| most(probabilities).1 > most(known).1) {
            best = Some((probabilities, window.span));
        }
    }
    let Some((probabilities, window)) = best else { return Err(EngineError::Cancelled) };
    let (likeliest, probability) = most(probabilities);
    let verdict = (probability >= abstain_below).then_some(likeliest);
    let by_word: BTreeMap<String, f64> =
        Answer::ALL.iter().zip(probabilities).map(|(answer, p)| (answer.word().to_owned(), p)).collect();
    let prediction = Prediction {
        content: Content::Answer {
            question: question.to_owned(),
            verdict: verdict.map_or("abstain", Answer::word).to_owned(),
            probabilities: by_word,
        },
        score: Some(probability.clamp(0.0, 1.0)),
        masked_mass: None,
        masked_masses: Vec::new(),
        figures: BTreeMap::new(),
        evidence: Vec::new(),
        grade: Grade::Exact,
        warnings: Vec::new(),
    };
    let outcome = Outcome {
        predictions: vec![prediction],
        notices: cut.notice().into_iter().collect(),
        ..Outcome::default()
    };
    Ok(Answered { verdict, probabilities, window, outcome })
}

/// Asks again without each sentence in turn. The text before a sentence is read once: the last sentence goes first.
///
/// # Errors
/// As [`answer`].
pub fn influence(
    desk: &mut Desk<'_>,
    question: &Question<'_>,
    answered: &Answered,
) -> Result<Vec<Influence>, EngineError> {
    let (likeliest, before) = most(answered.probabilities);
    let mut found = Vec::new();
    let sentences = sentences::of(question.document);
    for span in sentences.into_iter().filter(|span| answered.window.contains(*span)).rev() {
        if desk.go_on().is_break() {
            return Err(EngineError::Cancelled);
        }
        let (document, window) = without(question.document, answered.window, span);
        let without = probabilities(desk, question.question, &document, window)?;
        let effect = before - without[likeliest as usize];
        found.push(Influence { span, effect, without });
    }
    found.reverse();
    Ok(found)
}

/// The three targets, scored as whole sequences, weighed with what question and text show.
fn probabilities(
    desk: &mut Desk<'_>,
    question: &str,
    document: &Document,
    window: Span,
) -> Result<[f64; 3], EngineError> {
    let targets = Answer::ALL.map(|one| Continuation::whole(answer::target(one)));
    let scored = desk.generator.score(&prompt(question, document, window), &targets)?;
    desk.meter.count(scored.iter().map(Vec::len).sum());
    let written = std::array::from_fn(|place| match scored.get(place) {
        Some(tokens) => tokens.iter().sum(),
        None => f64::NEG_INFINITY,
    });
    let guidance = desk.generator.profile().guidance.or_none(TASK);
    Ok(answer::probabilities(guidance, &answer::signs(question, document, window), written))
}

fn most(probabilities: [f64; 3]) -> (Answer, f64) {
    let all = Answer::ALL.into_iter().zip(probabilities);
    all.fold((Answer::Yes, f64::NEG_INFINITY), |best, one| if one.1 > best.1 { one } else { best })
}

/// The document without one of its sentences, and the window in it.
fn without(document: &Document, window: Span, sentence: Span) -> (Document, Span) {
    let place = |at: usize| {
        if at <= sentence.start { at } else { at.max(sentence.end) - sentence.len() }
    };
    let moved = |span: Span| Span::new(place(span.start), place(span.end));
    let mut shorter = Document { id: document.id.clone(), ..Document::default() };
    shorter.text = [&document.text[..sentence.start], &document.text[sentence.end..]].concat();
    shorter.passages = document.passages.clone();
    shorter.passages.iter_mut().for_each(|passage| passage.span = moved(passage.span));
    (shorter, moved(window))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_left_out_of_its_passage_only() {
        let document = Document::from_parts("1", &[("title", "One."), ("abstract", "Two two. Three.")]);
        let whole = tasks::source::whole(&document);
        let texts: Vec<String> = sentences::of(&document)
            .into_iter()
            .map(|span| {
                let (shorter, window) = without(&document, whole, span);
                answer::prompt("?", &shorter, window)
            })
            .collect();
        assert_eq!(
            texts,
            [
                "question: ? context: Two two. Three. ",
                "question: ? context: One. Three. ",
                "question: ? context: One. Two two. "
            ]
        );
    }
}
