//! Relations out of a document.

use std::collections::BTreeSet;

use documents::{Document, Prediction, Span};
use tasks::evidence::Places;
use tasks::grammar::{self, Grammar};
use tasks::grounding::Grounding;
use tasks::guidance::TaskGuidance;
use tasks::relations::kd_dti::Aliases;
use tasks::{Finder, Mention, RelationTask, Stated, exhaustive, verdicts};

use super::predictions::{Certainty, relation};
use super::{Outcome, pairs, require, windows};
use crate::engine::{Desk, EngineError};
use crate::generator::{Formal, Generator, Prompt};

/// How relations are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The model writes them, under the task's grammar.
    Generate,
    /// Every pair of names that could be related is scored.
    Exhaustive,
}

/// What to extract.
#[derive(Debug, Clone, Copy)]
pub struct Extraction<'a> {
    /// The task.
    pub task: RelationTask,
    /// How.
    pub mode: Mode,
    /// The document. Entities that it has are taken as given.
    pub document: &'a Document,
    /// Finds its names.
    pub finder: &'a Finder,
    /// In the exhaustive mode, pairs of at least this probability count; the model's own threshold if absent.
    pub threshold: Option<f64>,
}

/// How far an extraction is.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The text is cut.
    Started {
        /// Tokens of the longest prompt.
        prompt_tokens: usize,
        /// Parts that the text is read in.
        parts: usize,
        /// What the user should know.
        notices: Vec<String>,
    },
    /// The model goes on.
    Progress {
        /// The part it is at, from 0.
        part: usize,
        /// Parts in all.
        parts: usize,
        /// Tokens written.
        tokens: usize,
        /// Rate.
        tokens_per_second: f64,
    },
    /// A finding.
    Found(Box<Prediction>),
}

/// Longer names than this are not offered to the model.
const LONGEST_NAME: usize = 48;
/// More pairs than this are not asked about in one part of a text.
const MOST_PAIRS: usize = 2_000;
/// Pairs count from this probability on where nothing was fitted.
pub(super) const THRESHOLD: f64 = 0.5;
/// Tokens that the words of a statement take beside its names and its kind, generously.
const TEMPLATE: usize = 24;

/// Extracts relations; `tell` hears each step.
///
/// # Errors
/// If the model was not tuned for the task, or cannot go on.
pub fn extract(
    desk: &mut Desk<'_>,
    extraction: &Extraction<'_>,
    tell: &mut dyn FnMut(Step),
) -> Result<Outcome, EngineError> {
    let mut reading = Reading::begin(desk, extraction, tell)?;
    while reading.part().is_some() {
        let before = reading.found.len();
        let told = match extraction.mode {
            Mode::Generate => {
                let (prompt, grammar) = reading.question(&*desk.generator, extraction);
                let formal = reading.state(desk, &prompt, &grammar, tell)?;
                reading.answered(desk, extraction, &grammar, formal)?
            }
            Mode::Exhaustive => reading.exhaust(desk, extraction)?,
        };
        if extraction.mode == Mode::Generate {
            reading.found[before..].iter().for_each(|(_, one)| tell(Step::Found(Box::new(one.clone()))));
        }
        if told.is_none() || desk.cancel.is_cancelled() {
            reading.outcome.stopped = true;
            break;
        }
        reading.next();
        let tokens_per_second = desk.meter.rate().unwrap_or_default();
        let (part, parts) = (reading.part, reading.parts.len());
        tell(Step::Progress { part, parts, tokens: desk.meter.tokens(), tokens_per_second });
    }
    if extraction.mode == Mode::Exhaustive {
        // The surest first; of two parts that have the same pair, the surer one.
        let found = &mut reading.found;
        found.sort_by(|(_, a), (_, b)| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)));
        let mut seen = BTreeSet::new();
        found.retain(|(stated, _)| seen.insert(stated.clone()));
        found.iter().for_each(|(_, one)| tell(Step::Found(Box::new(one.clone()))));
    }
    Ok(reading.end())
}

/// A document in the midst of its extraction, part by part.
pub(super) struct Reading {
    mentions: Vec<Mention>,
    parts: Vec<Span>,
    /// The one it is at.
    part: usize,
    found: Vec<(Stated, Prediction)>,
    outcome: Outcome,
}

impl Reading {
    /// Looks names up and cuts the text.
    pub(super) fn begin(
        desk: &mut Desk<'_>,
        extraction: &Extraction<'_>,
        tell: &mut dyn FnMut(Step),
    ) -> Result<Self, EngineError> {
        let Extraction { task, mode, document, finder, .. } = *extraction;
        if mode == Mode::Generate || !tuned_for_pairs(desk, task) {
            require(desk.generator.profile(), task.name(), words(task))?;
        }
        desk.generator.forget();
        let prompt = |span: Span| Prompt::tuned(task.prompt(document, span), task.name());
        let cut = windows(&*desk.generator, document, prompt);
        let parts: Vec<Span> = cut.windows.iter().map(|window| window.span).collect();
        let notices: Vec<String> = cut.notice().into_iter().collect();
        let prompt_tokens =
            parts.iter().map(|span| desk.generator.length(&prompt(*span))).max().unwrap_or_default();
        tell(Step::Started { prompt_tokens, parts: parts.len(), notices: notices.clone() });
        let outcome = Outcome { notices, ..Outcome::default() };
        Ok(Self { mentions: finder.mentions(document), parts, part: 0, found: Vec::new(), outcome })
    }

    /// The part that it is at; `None` at the end.
    pub(super) fn part(&self) -> Option<Span> {
        self.parts.get(self.part).copied()
    }

    /// Goes on to the next part.
    pub(super) fn next(&mut self) {
        self.part += 1;
    }

    /// What was found.
    pub(super) fn end(self) -> Outcome {
        let predictions = self.found.into_iter().map(|(_, prediction)| prediction).collect();
        Outcome { predictions, ..self.outcome }
    }

    /// What the model is to go on from, and the mentions there.
    fn source(&self, extraction: &Extraction<'_>) -> (String, Vec<Mention>) {
        let span = self.part().unwrap_or(Span::new(0, 0));
        let here = self.mentions.iter().filter(|mention| span.contains(mention.cover())).cloned().collect();
        (extraction.task.prompt(extraction.document, span), here)
    }

    fn work<'a>(&'a mut self, extraction: &'a Extraction<'a>, tuned_for_pairs: bool) -> Work<'a> {
        let grounding = Grounding::new(extraction.document, &self.mentions);
        Work { extraction, grounding, tuned_for_pairs, found: &mut self.found }
    }

    /// What the model is asked to write about this part.
    pub(super) fn question(
        &self,
        generator: &dyn Generator,
        extraction: &Extraction<'_>,
    ) -> (Prompt, Grammar) {
        let Extraction { task, finder, .. } = *extraction;
        let (source, here) = self.source(extraction);
        let prompt = Prompt::tuned(source, task.name());
        let room = generator.profile().positions.saturating_sub(generator.length(&prompt));
        let longest = (room.saturating_sub(TEMPLATE) / 2).min(LONGEST_NAME);
        let short = |name: &str| generator.tokens(name) <= longest;
        let offered: Vec<Mention> = here.into_iter().filter(|mention| short(&mention.text)).collect();
        let aliases = Aliases::new(finder, &offered);
        let of = |mention: &Mention| {
            let mut names = aliases.of(mention);
            names.retain(|name| short(name));
            names
        };
        let grammar = grammar::relations(task, &offered, &of);
        (prompt, grammar)
    }

    fn state(
        &self,
        desk: &mut Desk<'_>,
        prompt: &Prompt,
        grammar: &Grammar,
        tell: &mut dyn FnMut(Step),
    ) -> Result<Formal, EngineError> {
        let (cancel, mut meter) = (desk.cancel.clone(), desk.meter.clone());
        let (part, parts) = (self.part, self.parts.len());
        let formal = desk.generator.state(prompt, grammar, &mut || {
            meter.count(1);
            let (tokens, rate) = (meter.tokens(), meter.rate().unwrap_or_default());
            tell(Step::Progress { part, parts, tokens, tokens_per_second: rate });
            if cancel.is_cancelled() {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        })?;
        desk.meter = meter;
        Ok(formal)
    }

    /// Weighs what the model wrote about this part. `None` if it was stopped before that.
    pub(super) fn answered(
        &mut self,
        desk: &mut Desk<'_>,
        extraction: &Extraction<'_>,
        grammar: &Grammar,
        formal: Formal,
    ) -> Result<Option<()>, EngineError> {
        if !self.outcome.output.is_empty() {
            self.outcome.output.push('\n');
        }
        self.outcome.output.push_str(&formal.text);
        let (source, here) = self.source(extraction);
        let tuned_for_pairs = tuned_for_pairs(desk, extraction.task);
        self.work(extraction, tuned_for_pairs).weigh(desk, &source, &here, grammar, formal)
    }

    fn exhaust(
        &mut self,
        desk: &mut Desk<'_>,
        extraction: &Extraction<'_>,
    ) -> Result<Option<()>, EngineError> {
        let (source, here) = self.source(extraction);
        let tuned_for_pairs = tuned_for_pairs(desk, extraction.task);
        let mut notices = Vec::new();
        let told = self.work(extraction, tuned_for_pairs).exhaust(desk, &source, &here, &mut notices)?;
        self.outcome.notices.extend(notices);
        Ok(told)
    }
}

fn tuned_for_pairs(desk: &Desk<'_>, task: RelationTask) -> bool {
    desk.generator.profile().tuned.contains_key(&pairs::tuned_name(task))
}

struct Work<'a> {
    extraction: &'a Extraction<'a>,
    grounding: Grounding<'a>,
    tuned_for_pairs: bool,
    found: &'a mut Vec<(Stated, Prediction)>,
}

impl Work<'_> {
    /// Weighs what the model wrote about one part. `None` if it was stopped before that.
    fn weigh(
        &mut self,
        desk: &mut Desk<'_>,
        source: &str,
        here: &[Mention],
        grammar: &Grammar,
        formal: Formal,
    ) -> Result<Option<()>, EngineError> {
        let task = self.extraction.task;
        let value = |slot: usize, number: u32| {
            grammar.values(slot).get(number as usize).map_or("", |value| value.text.as_str())
        };
        let kind =
            |number: u32| if task == RelationTask::Bc5cdr { task.kinds()[0] } else { value(2, number) };
        let mut fresh: Vec<(Stated, Vec<f64>)> = Vec::new();
        for one in formal.items {
            let [head, tail, number] = one.item;
            let stated = Stated::new(value(0, head), value(1, tail), kind(number));
            if !self.found.iter().any(|(known, _)| *known == stated) {
                fresh.push((stated, one.masked));
            }
        }
        let stated: Vec<Stated> = fresh.iter().map(|(stated, _)| stated.clone()).collect();
        let shown = Places::new(self.extraction.document, here);
        let statements = pairs::weigh(desk, task, source, &stated)?;
        let names: Vec<_> = stated.iter().map(|one| (one.head.clone(), one.tail.clone())).collect();
        let asked = match (&statements, self.tuned_for_pairs) {
            (Some(_), true) => {
                let odds = pairs::ask(desk, task, source, &names)?;
                odds.zip(pairs::kinds(desk, task, source, &names)?)
            }
            _ => None,
        };
        for (place, (stated, masked)) in fresh.into_iter().enumerate() {
            let statement = statements.as_ref().and_then(|all| all.get(place).copied());
            let probability = match &asked {
                Some((odds, written)) => {
                    let guidance = self.guidance_of_pairs(desk);
                    let [head, tail] = [&stated.head, &stated.tail].map(|name| named(here, name));
                    let own = task.kinds().iter().position(|kind| kind.eq_ignore_ascii_case(&stated.kind));
                    let words = shown.words(&head, &tail);
                    let shares = verdicts::shares(guidance, task, &words, &written[place]);
                    let evidence = verdicts::shown(guidance, &shown, &head, &tail);
                    let related = verdicts::probability(guidance, odds[place], &evidence);
                    Some(related * own.map_or(0.0, |own| shares[own]))
                }
                None => self.stated(desk, statement.and_then(|one| one.against_none)),
            };
            self.keep(stated, &Certainty { probability, statement, masked });
        }
        Ok(statements.map(|_| ()))
    }

    /// Every pair of names of one part. `None` if it was stopped.
    fn exhaust(
        &mut self,
        desk: &mut Desk<'_>,
        source: &str,
        here: &[Mention],
        notices: &mut Vec<String>,
    ) -> Result<Option<()>, EngineError> {
        let Extraction { task, document, .. } = *self.extraction;
        let threshold = self.threshold(desk);
        let candidates = exhaustive::candidates(task, document, here);
        let mut names: Vec<(String, String)> = Vec::new();
        let mut places: Vec<(&[usize], &[usize])> = Vec::new();
        let mut seen = BTreeSet::new();
        for candidate in &candidates {
            let pair = (candidate.stated.head.clone(), candidate.stated.tail.clone());
            if desk.generator.tokens(&pair.0).max(desk.generator.tokens(&pair.1)) <= LONGEST_NAME
                && seen.insert(pair.clone())
            {
                names.push(pair);
                places.push((&candidate.head, &candidate.tail));
            }
        }
        if names.len() > MOST_PAIRS {
            notices.push(format!(
                "A part of the text has {} pairs of names; the first {MOST_PAIRS} were asked about.",
                names.len()
            ));
            names.truncate(MOST_PAIRS);
        }
        if self.tuned_for_pairs {
            let Some(odds) = pairs::ask(desk, task, source, &names)? else { return Ok(None) };
            let shown = Places::new(document, here);
            let (mut kept, mut related) = (Vec::new(), Vec::new());
            let guidance = self.guidance_of_pairs(desk);
            for ((pair, (head, tail)), odds) in names.into_iter().zip(places).zip(odds) {
                let evidence = verdicts::shown(guidance, &shown, head, tail);
                let probability = verdicts::probability(guidance, odds, &evidence);
                if probability >= threshold {
                    kept.push(pair);
                    related.push((probability, shown.words(head, tail)));
                }
            }
            let Some(written) = pairs::kinds(desk, task, source, &kept)? else { return Ok(None) };
            let guidance = self.guidance_of_pairs(desk);
            for (((head, tail), (related, words)), written) in kept.into_iter().zip(related).zip(written) {
                let shares = verdicts::shares(guidance, task, &words, &written);
                let kinds = task.kinds().iter().zip(shares);
                let Some((kind, part)) = kinds.max_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
                let probability = Some(related * part);
                self.keep(Stated::new(head, tail, *kind), &Certainty { probability, ..Certainty::default() });
            }
            return Ok(Some(()));
        }
        // A published model: a statement counts where it is likelier than "there is none".
        let stated: Vec<Stated> = candidates
            .into_iter()
            .map(|candidate| candidate.stated)
            .filter(|stated| names.contains(&(stated.head.clone(), stated.tail.clone())))
            .collect();
        let Some(scores) = pairs::weigh(desk, task, source, &stated)? else { return Ok(None) };
        for (stated, score) in stated.into_iter().zip(scores) {
            let probability = self.stated(desk, score.against_none);
            let counts = match probability {
                Some(probability) => probability >= threshold,
                None => score.against_none.is_some_and(|better| better > 0.0),
            };
            if counts {
                let statement = Some(score);
                self.keep(stated, &Certainty { probability, statement, ..Certainty::default() });
            }
        }
        Ok(Some(()))
    }

    /// What was fitted for deciding about pairs.
    fn guidance_of_pairs<'d>(&self, desk: &'d Desk<'_>) -> &'d TaskGuidance {
        desk.generator.profile().guidance.or_none(&pairs::tuned_name(self.extraction.task))
    }

    /// The probability of a statement by how much likelier it is than "there is none"; absent where nothing was fitted.
    fn stated(&self, desk: &Desk<'_>, against_none: Option<f64>) -> Option<f64> {
        let guidance = desk.generator.profile().guidance.of(self.extraction.task.name())?;
        Some(guidance.calibration.as_ref()?.probability(against_none?))
    }

    fn threshold(&self, desk: &Desk<'_>) -> f64 {
        self.extraction.threshold.or(self.guidance_of_pairs(desk).threshold).unwrap_or(THRESHOLD)
    }

    fn keep(&mut self, stated: Stated, certainty: &Certainty) {
        let Extraction { task, document, .. } = *self.extraction;
        let prediction = relation(task, document, &self.grounding, &stated, certainty);
        self.found.push((stated, prediction));
    }
}

/// The mentions that have this name.
fn named(mentions: &[Mention], name: &str) -> Vec<usize> {
    let name = name.to_lowercase();
    (0..mentions.len()).filter(|number| mentions[*number].lower() == name).collect()
}

/// The task, for people.
pub(super) const fn words(task: RelationTask) -> &'static str {
    match task {
        RelationTask::Bc5cdr => "relations between chemicals and diseases",
        RelationTask::Ddi => "interactions between drugs",
        RelationTask::KdDti => "interactions between drugs and targets",
    }
}
