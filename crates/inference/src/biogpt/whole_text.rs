//! Answers by heads: a window of a document is read in both directions once, and all that is asked about it comes from its
//! states.

use std::ops::Range;

use biogpt::Model;
use biogpt::whole::{HeadIndex, WholeText};
use documents::{Document, Span};
use tasks::classify::LabelLogarithms;
use tasks::tagging::{self, KINDS};
use tasks::{Mention, RelationTask, sentences};

use super::BioGpt;
use crate::InferenceError;
use crate::context::Meter;
use crate::mentions::Tagging;
use crate::relations::{NamePair, TextWindow};

/// The log-odds of a pair whose names have no token in the window.
const NEVER: f64 = -30.0;

impl BioGpt {
    /// The pair scorer of a task, if the model has one whose labels are "none" and the task's kinds. One with others, of a model
    /// that somebody else made, cannot be read.
    pub(super) fn pair_head(&self, task: RelationTask) -> Option<HeadIndex> {
        let (head, labels) = self.model.pair_scorer(task.name())?;
        labels
            .iter()
            .map(String::as_str)
            .eq(std::iter::once("none").chain(task.kinds().iter().copied()))
            .then_some(head)
    }

    /// For pairs of names of a window the log-probabilities of "none" and of each kind, by the task's pair scorer; nothing
    /// if the model has none.
    pub(super) fn scored_pairs(
        &mut self,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
        meter: &mut Meter,
    ) -> Result<Option<Vec<Vec<f64>>>, InferenceError> {
        let Some(head) = self.pair_head(window.task) else { return Ok(None) };
        let text = window.span.slice(&window.document.text).unwrap_or_default();
        let read = ReadText::read(&self.model, text, self.whole.take())?;
        meter.count(pairs.len());
        let scored = read.pairs(&self.model, head, window, pairs);
        self.whole = Some(read);
        Ok(Some(scored))
    }

    /// The tagger's output for a window of a document; nothing if the model has no tagger of Osler's kinds.
    pub(super) fn tagged(
        &mut self,
        document: &Document,
        window: Span,
        known: &[Mention],
    ) -> Result<Option<Tagging>, InferenceError> {
        // Other kinds than Osler's are for whoever made that tagger.
        if !self.model.mention_kinds().iter().eq(KINDS) {
            return Ok(None);
        }
        let text = window.slice(&document.text).unwrap_or_default();
        let read = ReadText::read(&self.model, text, self.whole.take())?;
        let shifted = |bytes: &Range<usize>| bytes.start + window.start..bytes.end + window.start;
        let offsets: Vec<Range<usize>> = read.offsets.iter().map(shifted).collect();
        let log_probabilities = self.model.tags(&read.states, tagging::hints(&offsets, known));
        self.whole = Some(read);
        Ok(log_probabilities.map(|log_probabilities| Tagging { log_probabilities, offsets }))
    }

    /// The probabilities of a classifier's labels for a text.
    pub(super) fn classified(&self, head: HeadIndex, text: &str) -> Result<Vec<f64>, InferenceError> {
        let read = ReadText::read(&self.model, text, None)?;
        let all = 0..read.offsets.len();
        let found = self.model.classes(&read.states, head, &[all]).and_then(|mut found| found.pop());
        found.ok_or(InferenceError::Empty)
    }
}

/// A text with its states.
pub(super) struct ReadText {
    text: String,
    /// The bytes of each token, `</s>` first.
    offsets: Vec<Range<usize>>,
    states: WholeText,
}

impl ReadText {
    /// Reads a text, or gives `last` where that is the same text.
    pub(super) fn read(model: &Model, text: &str, last: Option<Self>) -> Result<Self, InferenceError> {
        if let Some(last) = last.filter(|last| last.text == text) {
            return Ok(last);
        }
        let encoding = model.tokenizer.encode(text);
        let (length, longest) = (encoding.ids.len(), model.config.max_positions);
        if length > longest {
            return Err(InferenceError::TooLong { length, longest });
        }
        let states = model.read_whole(&[&encoding.ids]).pop().ok_or(InferenceError::Empty)?;
        Ok(Self { text: text.to_owned(), offsets: encoding.offsets, states })
    }

    /// For each pair of names of the window that this is the text of, the log-probabilities of "none" and of the task's
    /// kinds, which are the labels of the pair scorer.
    pub(super) fn pairs(
        &self,
        model: &Model,
        head: HeadIndex,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
    ) -> Vec<Vec<f64>> {
        let labels = window.task.kinds().len() + 1;
        let mut entities = Entities::default();
        // The pairs of entities that stand for each pair of names.
        let asked: Vec<Vec<(usize, usize)>> = pairs
            .iter()
            .map(|pair| match window.task {
                RelationTask::Ddi => self.of_one_sentence(&mut entities, window, pair),
                _ => {
                    let head = entities.index(&pair.head_mentions, |n| self.tokens(window, n));
                    let tail = entities.index(&pair.tail_mentions, |n| self.tokens(window, n));
                    head.zip(tail).into_iter().collect()
                }
            })
            .collect();
        let flat: Vec<(usize, usize)> = asked.iter().flatten().copied().collect();
        let scored = model.pairs(&self.states, head, &entities.tokens, &flat).unwrap_or_default();
        let mut rest = scored.as_slice();
        asked
            .iter()
            .map(|own| {
                let (rows, after) = rest.split_at(own.len().min(rest.len()));
                rest = after;
                let surest = rows.iter().min_by(|a, b| a[0].total_cmp(&b[0]));
                surest.cloned().unwrap_or_else(|| {
                    std::iter::once(0.0).chain(std::iter::repeat_n(NEVER, labels - 1)).collect()
                })
            })
            .collect()
    }

    /// The tokens of a mention, by its number in the window.
    fn tokens(&self, window: &TextWindow<'_>, number: usize) -> Option<Range<usize>> {
        let cover = window.mentions.get(number)?.cover();
        let start = cover.start.checked_sub(window.span.start)?;
        let tokens = tagging::tokens_of(&self.offsets, Span::new(start, start + cover.len()));
        Some(tokens).filter(|tokens| !tokens.is_empty())
    }

    /// Drugs interact in a sentence: each two mentions of the names in one sentence are a pair of their own, as in the data
    /// that the scorer learned from.
    fn of_one_sentence(
        &self,
        entities: &mut Entities,
        window: &TextWindow<'_>,
        pair: &NamePair,
    ) -> Vec<(usize, usize)> {
        let sentence =
            |number: usize| sentences::containing(window.sentences, window.mentions.get(number)?.cover());
        let mut found = Vec::new();
        for head in &pair.head_mentions {
            for tail in &pair.tail_mentions {
                if sentence(*head).is_none() || sentence(*head) != sentence(*tail) {
                    continue;
                }
                // The first in the text is the head.
                let [first, second] = if head < tail { [*head, *tail] } else { [*tail, *head] };
                let first = entities.index(&[first], |n| self.tokens(window, n));
                let second = entities.index(&[second], |n| self.tokens(window, n));
                found.extend(first.zip(second));
            }
        }
        found
    }
}

/// The log-odds of each label, and 0 for none of them, which is what it is held against.
pub(super) fn label_logarithms(p: &[f64]) -> Option<LabelLogarithms> {
    let mut found = [0.0; tasks::classify::HALLMARKS.len() + 1];
    if p.len() + 1 != found.len() {
        return None;
    }
    for (own, p) in found.iter_mut().zip(p) {
        let p = p.clamp(1e-12, 1.0 - 1e-12);
        *own = (p / (1.0 - p)).ln();
    }
    Some(found)
}

/// The log-odds of any relation, from the log-probabilities of "none" and of the kinds.
pub(crate) fn log_odds(row: &[f64]) -> f64 {
    let any: f64 = row[1..].iter().map(|p| p.exp()).sum();
    any.max(NEVER.exp()).ln() - row[0]
}

/// Entities by the numbers of their mentions, each once.
#[derive(Default)]
struct Entities {
    mentions: Vec<Vec<usize>>,
    tokens: Vec<Vec<Range<usize>>>,
}

impl Entities {
    /// The index of the entity with these mentions; none if no mention has a token.
    fn index(&mut self, mentions: &[usize], tokens: impl Fn(usize) -> Option<Range<usize>>) -> Option<usize> {
        if let Some(known) = self.mentions.iter().position(|own| own == mentions) {
            return Some(known);
        }
        let own: Vec<Range<usize>> = mentions.iter().filter_map(|number| tokens(*number)).collect();
        if own.is_empty() {
            return None;
        }
        self.mentions.push(mentions.to_vec());
        self.tokens.push(own);
        Some(self.tokens.len() - 1)
    }
}
