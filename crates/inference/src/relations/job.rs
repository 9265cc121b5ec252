//! The extraction of one document.

use std::sync::Arc;

use documents::{Prediction, Span};
use tasks::grammar::{self, Grammar};
use tasks::relations::kd_dti::Aliases;
use tasks::{Finder, Mention, RelationTask, Stated, verdicts};

use super::judging::kind_probabilities;
use super::pairs::score_statements;
use super::predictions::{Certainty, relation};
use super::{
    DocumentWindows, Extraction, ExtractionStep, LONGEST_NAME, Mode, NamePair, ScoredPair, THRESHOLD,
    TextWindow, candidate_pairs, judge_pairs, merge_windows, pairs_task, prompt, score_pairs, words,
};
use crate::constrained::{ConstrainedOutput, RequestBatch, RequestId, RequestState};
use crate::{InferenceError, LanguageModel, Prompt, TaskContext, TaskOutcome};

/// Tokens that the words of a statement take besides its names and its kind, generously.
const TEMPLATE: usize = 24;

/// The extraction of a document, window by window.
pub(crate) struct ExtractionJob {
    windows: DocumentWindows,
    /// The number of the window it is at.
    at: usize,
    /// What the model is writing about this window.
    pending: Option<(RequestId, Grammar)>,
    /// What the model wrote, in the order in which it came.
    written: Vec<(Stated, Prediction)>,
    /// What it found among all pairs, of all windows until now.
    scored: Vec<(Stated, Certainty)>,
    outcome: TaskOutcome,
}

impl ExtractionJob {
    pub(crate) fn begin(
        context: &mut TaskContext<'_>,
        extraction: &Extraction<'_>,
        on_step: &mut dyn FnMut(ExtractionStep),
    ) -> Result<Self, InferenceError> {
        let Extraction { task, mode, document, finder } = *extraction;
        if mode == Mode::Generate || !context.model.judges_pairs(task) {
            context.model.profile().require(task.name(), words(task))?;
        }
        context.model.reset();
        let windows = DocumentWindows::new(context, task, document, finder)?;
        let length = |span: &Span| context.model.prompt_length(&prompt(task, document, *span));
        let prompt_tokens = windows.spans.iter().map(length).max().unwrap_or_default();
        let notices: Vec<String> = windows.notice.iter().cloned().collect();
        let parts = windows.spans.len();
        on_step(ExtractionStep::Started { prompt_tokens, parts, notices: notices.clone() });
        let outcome = TaskOutcome { notices, ..TaskOutcome::default() };
        Ok(Self { windows, at: 0, pending: None, written: Vec::new(), scored: Vec::new(), outcome })
    }

    /// As far as it goes without waiting for the model to write; whether it is at the end.
    pub(crate) fn advance(
        &mut self,
        context: &mut TaskContext<'_>,
        extraction: &Extraction<'_>,
        batch: &RequestBatch,
        on_step: &mut dyn FnMut(ExtractionStep),
    ) -> Result<bool, InferenceError> {
        while let Some(span) = self.windows.spans.get(self.at).copied() {
            let written = match self.pending.take() {
                None => None,
                Some((request, grammar)) => match context.model.poll(batch, request) {
                    RequestState::InProgress => {
                        self.pending = Some((request, grammar));
                        return Ok(false);
                    }
                    // It is submitted again.
                    RequestState::Unknown => None,
                    RequestState::Done(output) => Some((output, grammar)),
                },
            };
            let mentions = self.windows.mentions_in(span);
            let Extraction { task, document, .. } = *extraction;
            let sentences = Arc::clone(self.windows.grounding.sentences());
            let window = TextWindow { task, document, span, sentences: &sentences, mentions: &mentions };
            match (extraction.mode, written) {
                (Mode::Exhaustive { threshold }, _) => self.score_all_pairs(context, &window, threshold)?,
                (Mode::Generate, None) => {
                    if context.model.has_room(batch) {
                        let (prompt, grammar) = question(&*context.model, &window, extraction.finder);
                        self.pending = Some((context.model.submit(batch, &prompt, &grammar)?, grammar));
                    }
                    return Ok(false);
                }
                (Mode::Generate, Some((output, grammar))) => {
                    let before = self.written.len();
                    let weighed = self.weigh(context, &window, &grammar, output);
                    let new = self.written[before..].iter();
                    new.for_each(|(_, one)| on_step(ExtractionStep::Found(Box::new(one.clone()))));
                    weighed?;
                }
            }
            context.cancel.check()?;
            self.at += 1;
            on_step(self.progress(context.meter.tokens(), context.meter.rate()));
        }
        Ok(true)
    }

    /// What was found.
    pub(crate) fn finish(
        mut self,
        extraction: &Extraction<'_>,
        on_step: &mut dyn FnMut(ExtractionStep),
    ) -> TaskOutcome {
        // Grounded once the overlapping windows are merged, since a long text gives most of its pairs twice.
        merge_windows(&mut self.scored, |one| one.probability.unwrap_or(0.0));
        let mut predictions: Vec<Prediction> =
            self.written.into_iter().map(|(_, prediction)| prediction).collect();
        for (stated, certainty) in &self.scored {
            let Extraction { task, document, .. } = *extraction;
            let found = relation(task, document, &self.windows.grounding, stated, certainty);
            on_step(ExtractionStep::Found(Box::new(found.clone())));
            predictions.push(found);
        }
        TaskOutcome { predictions, ..self.outcome }
    }

    /// Only what has come is given.
    pub(super) const fn stop(&mut self) {
        self.outcome.stopped = true;
    }

    pub(super) fn progress(&self, tokens: usize, rate: Option<f64>) -> ExtractionStep {
        ExtractionStep::Progress {
            part: self.at,
            parts: self.windows.spans.len(),
            tokens,
            tokens_per_second: rate.unwrap_or_default(),
        }
    }

    /// Weighs what the model wrote about one window. What was written before it was stopped is kept, without its score.
    fn weigh(
        &mut self,
        context: &mut TaskContext<'_>,
        window: &TextWindow<'_>,
        grammar: &Grammar,
        output: ConstrainedOutput,
    ) -> Result<(), InferenceError> {
        if !self.outcome.output.is_empty() {
            self.outcome.output.push('\n');
        }
        self.outcome.output.push_str(&output.text);
        let task = window.task;
        let value = |slot: usize, number: u32| {
            grammar.values(slot).get(number as usize).map_or("", |value| value.text.as_str())
        };
        let kind =
            |number: u32| if task == RelationTask::Bc5cdr { task.kinds()[0] } else { value(2, number) };
        let mut fresh: Vec<(Stated, Vec<f64>)> = Vec::new();
        for one in output.items {
            let [head, tail, number] = one.item;
            let stated = Stated::new(value(0, head), value(1, tail), kind(number));
            if !self.written.iter().any(|(known, _)| *known == stated) {
                fresh.push((stated, one.masked));
            }
        }
        let stated: Vec<Stated> = fresh.iter().map(|(stated, _)| stated.clone()).collect();
        let TaskContext { model, cancel, meter, .. } = &mut *context;
        let scores = unless_cancelled(score_statements(&mut **model, window, &stated, cancel, meter))?;
        let judged = match &scores {
            Some(_) if context.model.judges_pairs(task) => {
                unless_cancelled(statement_probabilities(context, window, &stated))?
            }
            _ => None,
        };
        let model = &*context.model;
        let kept = fresh.into_iter().enumerate().map(|(place, (stated, masked))| {
            let statement = scores.as_ref().and_then(|all| all.get(place).copied());
            let probability = match &judged {
                Some(judged) => judged.get(place).copied(),
                None => calibrated(model, task, statement.and_then(|one| one.against_none)),
            };
            (stated, Certainty { probability, statement, masked })
        });
        for (stated, certainty) in kept.collect::<Vec<_>>() {
            let found = relation(task, window.document, &self.windows.grounding, &stated, &certainty);
            self.written.push((stated, found));
        }
        scores.map(|_| ()).ok_or(InferenceError::Cancelled)
    }

    /// Scores every pair of names of one window.
    fn score_all_pairs(
        &mut self,
        context: &mut TaskContext<'_>,
        window: &TextWindow<'_>,
        threshold: Option<f64>,
    ) -> Result<(), InferenceError> {
        let task = window.task;
        let guidance = context.model.profile().guidance.clone();
        let guidance = guidance.or_none(&pairs_task(task));
        let threshold = threshold.or(guidance.threshold).unwrap_or(THRESHOLD);
        let (pairs, notice) = candidate_pairs(&*context.model, window);
        self.outcome.notices.extend(notice);
        if context.model.judges_pairs(task) {
            let scored = score_pairs(context, window, guidance, pairs)?;
            let judged = judge_pairs(context, window, guidance, scored, threshold)?;
            let related = judged.into_iter().filter_map(|pair| pair.relation);
            let certain = related.map(|(stated, probability)| {
                (stated, Certainty { probability: Some(probability), ..Certainty::default() })
            });
            self.scored.extend(certain);
            return Ok(());
        }
        // A published model: a statement counts where it is likelier than "there is none".
        let stated: Vec<Stated> = pairs
            .iter()
            .flat_map(|pair| task.kinds().iter().map(|kind| Stated::new(&pair.head, &pair.tail, *kind)))
            .collect();
        let TaskContext { model, cancel, meter, .. } = &mut *context;
        let scores = score_statements(&mut **model, window, &stated, cancel, meter)?;
        let counted = stated.into_iter().zip(scores).filter_map(|(stated, score)| {
            let probability = calibrated(&**model, task, score.against_none);
            let counts = match probability {
                Some(probability) => probability >= threshold,
                None => score.against_none.is_some_and(|better| better > 0.0),
            };
            let certainty = Certainty { probability, statement: Some(score), ..Certainty::default() };
            counts.then_some((stated, certainty))
        });
        self.scored.extend(counted);
        Ok(())
    }
}

/// What the model is asked to write about a window.
fn question(model: &dyn LanguageModel, window: &TextWindow<'_>, finder: &Finder) -> (Prompt, Grammar) {
    let prompt = prompt(window.task, window.document, window.span);
    let room = model.profile().positions.saturating_sub(model.prompt_length(&prompt));
    let longest = (room.saturating_sub(TEMPLATE) / 2).min(LONGEST_NAME);
    let short = |name: &str| model.count_tokens(name) <= longest;
    let offered: Vec<Mention> =
        window.mentions.iter().filter(|mention| short(&mention.text)).cloned().collect();
    let aliases = Aliases::new(finder, &offered);
    let of = |mention: &Mention| {
        let mut names = aliases.of(mention);
        names.retain(|name| short(name));
        names
    };
    let grammar = grammar::relations(window.task, &offered, &of);
    (prompt, grammar)
}

/// The probability of each statement by what the model says of its pair of names.
fn statement_probabilities(
    context: &mut TaskContext<'_>,
    window: &TextWindow<'_>,
    stated: &[Stated],
) -> Result<Vec<f64>, InferenceError> {
    let guidance = context.model.profile().guidance.clone();
    let guidance = guidance.or_none(&pairs_task(window.task));
    let pairs: Vec<NamePair> = stated
        .iter()
        .map(|one| NamePair {
            head: one.head.clone(),
            tail: one.tail.clone(),
            head_mentions: named(window.mentions, &one.head),
            tail_mentions: named(window.mentions, &one.tail),
        })
        .collect();
    let scored = score_pairs(context, window, guidance, pairs.clone())?;
    let shares = kind_probabilities(context, window, guidance, &pairs)?;
    let kinds = context.model.relation_kinds(window.task);
    let of = |((stated, scored), shares): ((&Stated, ScoredPair), Vec<f64>)| {
        let related = verdicts::probability(guidance, scored.log_odds, &scored.evidence);
        let own = kinds.iter().position(|kind| kind.eq_ignore_ascii_case(&stated.kind));
        related * own.map_or(0.0, |own| shares[own])
    };
    Ok(stated.iter().zip(scored).zip(shares).map(of).collect())
}

/// The probability of a statement by how much likelier it is than "there is none"; absent where nothing was fitted.
fn calibrated(model: &dyn LanguageModel, task: RelationTask, against_none: Option<f64>) -> Option<f64> {
    let guidance = model.profile().guidance.of(task.name())?;
    Some(guidance.calibration.as_ref()?.probability(against_none?))
}

/// `None` for what was stopped.
fn unless_cancelled<T>(result: Result<T, InferenceError>) -> Result<Option<T>, InferenceError> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(InferenceError::Cancelled) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The mentions that have this name.
fn named(mentions: &[Mention], name: &str) -> Vec<usize> {
    let name = name.to_lowercase();
    (0..mentions.len()).filter(|number| mentions[*number].lower() == name).collect()
}
