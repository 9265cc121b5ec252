//! Answering a question from an abstract.

use std::collections::BTreeMap;

use documents::{Content, Document, Grade, Prediction, Span};
use tasks::answer::{self, Answer};
use tasks::guidance::TaskGuidance;
use tasks::linear::Features;
use tasks::sentences;
use tasks::stance::{self, Speaks, Stance};
use terms::Dictionary;

use crate::context::Meter;
use crate::windows::windows;
use crate::{Continuation, InferenceError, LanguageModel, Prompt, TaskContext, TaskOutcome};

/// The task's name in a model's manifest.
pub(crate) const TASK: &str = "pubmedqa";

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
    pub outcome: TaskOutcome,
}

/// What a window of a document shows of the answer to a question, before it is calibrated.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredWindow {
    /// The window.
    pub span: Span,
    /// Natural logarithms of the probabilities of the answers in the order of [`Answer::ALL`].
    pub log_probabilities: [f64; 3],
    /// What question and text show.
    pub features: Features,
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

/// How a library names the verdict of a text that does not say.
pub const NOT_STATED: &str = "not stated";

/// What a document answers, as its sentences say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, no, or that it leaves it open.
    Says(Answer),
    /// It has no sentence that speaks about the question.
    NotStated,
}

impl Verdict {
    fn of(speaks: &Speaks) -> Self {
        match speaks.stance() {
            Some(Stance::For) => Self::Says(Answer::Yes),
            Some(Stance::Against) => Self::Says(Answer::No),
            Some(Stance::Unclear) => Self::Says(Answer::Maybe),
            None => Self::NotStated,
        }
    }

    /// As it is stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Says(answer) => answer.word(),
            Self::NotStated => NOT_STATED,
        }
    }
}

/// An answer that rests on sentences.
#[derive(Debug, Clone, PartialEq)]
pub struct FromEvidence {
    /// What the sentences say.
    pub verdict: Verdict,
    /// The sentences, and what was looked for.
    pub speaks: Speaks,
    /// What the model makes of it. Its outcome is the finding to keep: the verdict of the sentences, without a score, which was
    /// not measured for them, and the model's probabilities.
    pub model: Answered,
}

/// Answers a question by the sentences that speak about it. No verdict is given without one, whatever a model makes of the text.
///
/// # Errors
/// As [`answer`].
pub fn answer_from_evidence(
    context: &mut TaskContext<'_>,
    question: &Question<'_>,
    dictionary: &Dictionary,
) -> Result<FromEvidence, InferenceError> {
    let speaks = stance::read(question.question, question.document, dictionary);
    let verdict = Verdict::of(&speaks);
    let mut model = answer(context, question)?;
    for prediction in &mut model.outcome.predictions {
        prediction.score = None;
        if let Content::Answer { verdict: given, evidence, .. } = &mut prediction.content {
            verdict.word().clone_into(given);
            *evidence = speaks.sentences();
        }
    }
    Ok(FromEvidence { verdict, speaks, model })
}

pub(crate) fn prompt(question: &str, document: &Document, window: Span) -> Prompt {
    Prompt::tuned(answer::prompt(question, document, window), TASK)
}

/// Answers a question. A text that is read in windows answers with the window that is surest.
///
/// # Errors
/// If the model was not tuned for it or cannot go on; [`InferenceError::Cancelled`] if it was stopped.
pub fn answer(context: &mut TaskContext<'_>, question: &Question<'_>) -> Result<Answered, InferenceError> {
    let (scored, notice) = score_windows(context, question.question, question.document)?;
    let Some((window, probabilities)) = surest(context.model.profile().guidance.or_none(TASK), &scored)
    else {
        return Err(InferenceError::Cancelled);
    };
    let (likeliest, probability) = most(probabilities);
    let verdict = (probability >= question.abstain_below).then_some(likeliest);
    let by_word: BTreeMap<String, f64> =
        Answer::ALL.iter().zip(probabilities).map(|(answer, p)| (answer.word().to_owned(), p)).collect();
    let prediction = Prediction {
        content: Content::Answer {
            question: question.question.to_owned(),
            verdict: verdict.map_or("abstain", Answer::word).to_owned(),
            probabilities: by_word,
            evidence: Vec::new(),
        },
        score: Some(probability.clamp(0.0, 1.0)),
        masked_mass: None,
        masked_masses: Vec::new(),
        figures: BTreeMap::new(),
        evidence: Vec::new(),
        grade: Grade::Exact,
        readings: Vec::new(),
        warnings: Vec::new(),
    };
    let outcome = TaskOutcome {
        predictions: vec![prediction],
        notices: notice.into_iter().collect(),
        ..TaskOutcome::default()
    };
    Ok(Answered { verdict, probabilities, window: window.span, outcome })
}

/// What each window of a document shows of the answer, and what the user should know about the windows.
///
/// # Errors
/// As [`answer`]; if the question leaves no room for a word of the text.
pub fn score_windows(
    context: &mut TaskContext<'_>,
    question: &str,
    document: &Document,
) -> Result<(Vec<ScoredWindow>, Option<String>), InferenceError> {
    let TaskContext { model, cancel, meter, .. } = context;
    model.profile().require(TASK, "answers to questions")?;
    model.reset();
    // Without room for a word of the text there is nothing to ask.
    let length = model.prompt_length(&prompt(question, document, Span::new(0, 0)));
    let longest = model.longest_prompt();
    if length >= longest {
        return Err(InferenceError::TooLong { length, longest });
    }
    let cut = windows(&**model, document, |span| prompt(question, document, span));
    let mut scored = Vec::with_capacity(cut.windows.len());
    for window in &cut.windows {
        cancel.check()?;
        let span = window.span;
        let log_probabilities = model.answer_log_probabilities(question, document, span, meter)?;
        let features = answer::signs(question, document, span);
        scored.push(ScoredWindow { span, log_probabilities, features });
    }
    Ok((scored, cut.notice()))
}

/// The window that is surest of its answer, the first of equals, with the probabilities of the answers there in the order
/// of [`Answer::ALL`]; `None` without windows.
#[must_use]
pub fn surest<'w>(
    guidance: &TaskGuidance,
    windows: &'w [ScoredWindow],
) -> Option<(&'w ScoredWindow, [f64; 3])> {
    let mut best: Option<(&ScoredWindow, [f64; 3])> = None;
    for window in windows {
        let probabilities = answer::probabilities(guidance, &window.features, window.log_probabilities);
        if best.is_none_or(|(_, known)| most(probabilities).1 > most(known).1) {
            best = Some((window, probabilities));
        }
    }
    best
}

/// Asks again without each sentence in turn. The text before a sentence is read once: the last sentence goes first.
///
/// # Errors
/// As [`answer`].
pub fn influence(
    context: &mut TaskContext<'_>,
    question: &Question<'_>,
    answered: &Answered,
) -> Result<Vec<Influence>, InferenceError> {
    let (likeliest, before) = most(answered.probabilities);
    let mut found = Vec::new();
    let sentences = sentences::of(question.document);
    for span in sentences.into_iter().filter(|span| answered.window.contains(*span)).rev() {
        let TaskContext { model, cancel, meter, .. } = &mut *context;
        cancel.check()?;
        let (document, window) = without(question.document, answered.window, span);
        let written = model.answer_log_probabilities(question.question, &document, window, meter)?;
        let features = answer::signs(question.question, &document, window);
        let guidance = model.profile().guidance.or_none(TASK);
        let without = answer::probabilities(guidance, &features, written);
        let effect = before - without[likeliest as usize];
        found.push(Influence { span, effect, without });
    }
    found.reverse();
    Ok(found)
}

/// The three targets, scored as whole sequences.
pub(crate) fn by_prompt<M: LanguageModel + ?Sized>(
    model: &mut M,
    question: &str,
    document: &Document,
    window: Span,
    meter: &mut Meter,
) -> Result<[f64; 3], InferenceError> {
    let targets = Answer::ALL.map(|one| Continuation::whole(answer::target(one)));
    let scored = model.score(&prompt(question, document, window), &targets)?;
    meter.count(scored.iter().map(Vec::len).sum());
    Ok(std::array::from_fn(|place| match scored.get(place) {
        Some(tokens) => tokens.iter().sum(),
        None => f64::NEG_INFINITY,
    }))
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
