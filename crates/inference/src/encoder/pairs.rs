//! Relations by marked pairs: for each pair of names the model reads the sentence, or the part of the text between them, with both
//! of them marked.

use std::collections::HashMap;

use bert::BertConfig;
use documents::Span;
use tasks::labels::Plan;
use tasks::marking::Marking;
use tasks::{RelationTask, sentences};

use super::{Encoder, Reading};
use crate::InferenceError;
use crate::context::{Cancel, Meter};
use crate::relations::{NamePair, TextWindow};

/// The log-probability of a relation between names that the model is not shown together.
const NEVER: f64 = -30.0;
/// Pairs whose results are kept, so that nothing is read twice for the probability of a relation and for its kind.
const KEPT: usize = 8192;

/// A pair of names as a model reads it: the text, and the second text.
type Shown = (String, Option<String>);

/// How marked pairs are read.
pub(super) struct PairReader {
    task: RelationTask,
    marking: Marking,
    /// The kinds of relation, each once.
    kinds: Vec<String>,
    /// Of each label the place of its kind; `None` for "not related".
    places: Vec<Option<usize>>,
    /// Whether labels exclude each other.
    exclusive: bool,
    /// What was read, with the log-probabilities of "not related" and of the kinds.
    read: HashMap<Shown, Vec<f64>>,
}

impl PairReader {
    pub(super) fn new(task: RelationTask, config: &BertConfig, plan: &Plan) -> Self {
        let mut kinds: Vec<String> = Vec::new();
        let places = config.labels.iter().map(|label| {
            let kind = plan.meaning(label)?;
            Some(kinds.iter().position(|known| known == kind).unwrap_or_else(|| {
                kinds.push(kind.to_owned());
                kinds.len() - 1
            }))
        });
        let places = places.collect();
        let marking = plan.marking.clone().unwrap_or_else(|| Marking::usual(task));
        Self { task, marking, kinds, places, exclusive: !config.multi_label, read: HashMap::new() }
    }

    pub(super) const fn task(&self) -> RelationTask {
        self.task
    }

    pub(super) fn kinds(&self) -> &[String] {
        &self.kinds
    }

    pub(super) fn forget(&mut self) {
        self.read.clear();
    }

    /// From the probabilities of the labels the log-probabilities of "not related" and of the kinds.
    fn row(&self, probabilities: &[f64]) -> Vec<f64> {
        let mut row = vec![0.0; self.kinds.len() + 1];
        for (place, p) in self.places.iter().zip(probabilities) {
            row[place.map_or(0, |place| place + 1)] += p;
        }
        if !self.exclusive {
            // Each label for itself: not related is whatever has none of the kinds.
            row[0] = row[1..].iter().map(|p| 1.0 - p.min(1.0)).product();
        }
        row.into_iter().map(|p| p.clamp(NEVER.exp(), 1.0).ln()).collect()
    }

    /// The parts of a text that show two names together: each sentence that has both, and without one, where the model
    /// reads passages, the stretch between the two that are nearest to each other.
    fn stretches(
        &self,
        window: &TextWindow<'_>,
        sentences: &[Span],
        pair: &NamePair,
    ) -> Vec<(Span, Span, Span)> {
        let cover = |number: &usize| window.mentions.get(*number).map(tasks::Mention::cover);
        let sentence_of = |span: Span| sentences.iter().find(|sentence| sentence.contains(span)).copied();
        let heads = pair.head_mentions.iter().filter_map(cover);
        let all: Vec<(Span, Span)> = heads
            .flat_map(|head| pair.tail_mentions.iter().filter_map(cover).map(move |tail| (head, tail)))
            .filter(|(head, tail)| !head.overlaps(*tail))
            .collect();
        let together: Vec<(Span, Span, Span)> = all
            .iter()
            .filter_map(|(head, tail)| {
                let sentence = sentence_of(*head)?;
                sentence.contains(*tail).then_some((sentence, *head, *tail))
            })
            .collect();
        if !together.is_empty() || !self.marking.passages {
            return together;
        }
        let gap = |(head, tail): &(Span, Span)| head.start.max(tail.start) - head.end.min(tail.end);
        let nearest = all.into_iter().min_by_key(gap);
        let stretch = nearest.map(|(head, tail)| {
            let (first, last) = if head.start < tail.start { (head, tail) } else { (tail, head) };
            let start = sentence_of(first).map_or(first.start, |sentence| sentence.start);
            let end = sentence_of(last).map_or(last.end, |sentence| sentence.end);
            (Span::new(start, end), head, tail)
        });
        stretch.into_iter().collect()
    }

    /// A stretch with both names marked, and no more than `around` bytes before the first and behind the last of them.
    fn shown(
        &self,
        window: &TextWindow<'_>,
        (stretch, head, tail): (Span, Span, Span),
        around: usize,
    ) -> Option<Shown> {
        let text = &window.document.text;
        let (mut start, mut end) = (
            stretch.start.max(head.start.min(tail.start).saturating_sub(around)),
            stretch.end.min(head.end.max(tail.end).saturating_add(around)),
        );
        while !text.is_char_boundary(start) {
            start += 1;
        }
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let inside = |span: Span| span.start - start..span.end - start;
        // In the data of DDI the first drug of a sentence is the head.
        let swap = self.task == RelationTask::Ddi && tail.start < head.start;
        let (head, tail) = if swap { (tail, head) } else { (head, tail) };
        self.marking.shown(text.get(start..end)?, inside(head), inside(tail))
    }
}

impl Encoder {
    /// For pairs of names of a window the log-probabilities of "not related" and of the kinds: where the names stand together several
    /// times, of the place where they are likeliest to be related.
    pub(super) fn scored_pairs(
        &mut self,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
        cancel: &Cancel,
        meter: &mut Meter,
    ) -> Result<Vec<Vec<f64>>, InferenceError> {
        let Reading::Pairs(reader) = &self.reading else { return Err(self.cannot("relations")) };
        let sentences = sentences::of(window.document);
        let apart: Vec<f64> = std::iter::once(0.0).chain(reader.kinds.iter().map(|_| NEVER)).collect();
        let mut scored = Vec::with_capacity(pairs.len());
        let stretches: Vec<_> = pairs.iter().map(|pair| reader.stretches(window, &sentences, pair)).collect();
        for places in stretches {
            let mut surest: Option<Vec<f64>> = None;
            for place in places {
                cancel.check()?;
                let Some(row) = self.read_pair(window, place)? else { continue };
                meter.count(1);
                if surest.as_ref().is_none_or(|known| row[0] < known[0]) {
                    surest = Some(row);
                }
            }
            scored.push(surest.unwrap_or_else(|| apart.clone()));
        }
        Ok(scored)
    }

    /// Reads one pair of names in one place, with as much of the text around them as fits; `None` where not even what lies between
    /// them does.
    fn read_pair(
        &mut self,
        window: &TextWindow<'_>,
        place: (Span, Span, Span),
    ) -> Result<Option<Vec<f64>>, InferenceError> {
        let mut around = place.0.len();
        loop {
            let Reading::Pairs(reader) = &self.reading else { return Ok(None) };
            let Some(shown) = reader.shown(window, place, around) else { return Ok(None) };
            if let Some(row) = reader.read.get(&shown) {
                return Ok(Some(row.clone()));
            }
            match self.probabilities(&shown.0, shown.1.as_deref())? {
                Some(probabilities) => {
                    let Reading::Pairs(reader) = &mut self.reading else { return Ok(None) };
                    let row = reader.row(&probabilities);
                    if reader.read.len() >= KEPT {
                        reader.forget();
                    }
                    reader.read.insert(shown, row.clone());
                    return Ok(Some(row));
                }
                None if around == 0 => return Ok(None),
                None => around /= 2,
            }
        }
    }
}
