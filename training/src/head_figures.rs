//! How good the heads of a run are on development parts: mentions by strict spans, pairs of given names, classes. For
//! choosing between runs; what users get is measured end to end by `training evaluate`.

use std::collections::BTreeMap;
use std::path::Path;

use biogpt::heads::{Entities, Heads};
use biogpt::network::Training;
use burn::module::Module;
use burn::tensor::activation::{log_softmax, sigmoid, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use operations::Visibility;
use tasks::Finder;
use tasks::tagging::{self, KINDS};

use crate::examples::Task;
use crate::reading::{Classes, Pairs};
use crate::start::Start;
use crate::tuning::Gold;
use crate::tuning::marked::{self, Marked};
use crate::tuning::readings::{OPEN, READINGS, readings};

/// Numbers by name.
pub type Figures = BTreeMap<String, f64>;

/// Counts of what was found, of what is there, and of both.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    found: usize,
    gold: usize,
    right: usize,
}

impl Counts {
    fn f1(self) -> f64 {
        200.0 * self.right as f64 / (self.found + self.gold).max(1) as f64
    }
}

/// Asks the heads of a network.
pub struct HeadFigures<'a> {
    start: &'a Start,
    finder: &'a Finder,
    network: biogpt::Network,
    device: Device,
    longest: usize,
}

impl<'a> HeadFigures<'a> {
    /// Reads at most `longest` tokens of a text.
    #[must_use]
    pub fn new(start: &'a Start, finder: &'a Finder, longest: usize) -> Self {
        let network = start.network.valid();
        let device = network.device();
        Self { start, finder, network, device, longest }
    }

    /// All figures that `gold` (a development part) and the corpora in `labelled` allow.
    ///
    /// # Errors
    /// If a corpus is missing or damaged.
    pub fn measure(&self, gold: &Gold, labelled: &Path) -> Result<Figures, corpus::Error> {
        let mut figures = Figures::new();
        if self.start.heads.is_empty() {
            return Ok(figures);
        }
        for (name, marked) in [
            ("bc5cdr", marked::bc5cdr(gold.abstracts.clone())),
            ("biored", marked::labelled(labelled, marked::BIORED, "dev")?),
            ("ncbi-disease", marked::labelled(labelled, marked::NCBI_DISEASE, "dev")?),
            ("bc2gm", marked::labelled(labelled, marked::BC2GM, "dev")?),
        ] {
            // BioRED's development part is looked at once, at the end.
            if name != "biored" {
                figures.extend(self.mentions(name, &marked));
            }
        }
        let times = READINGS.map(|name| (name.to_owned(), 1.0)).into();
        let tokenizer = &self.start.tokenizer;
        for task in readings(tokenizer, self.finder, gold, labelled, true, &times, self.longest)? {
            if task.name() != "read-biored" {
                self.labels(&task, &mut figures);
            }
        }
        Ok(figures)
    }

    fn states(&self, ids: &[u32]) -> Tensor<2> {
        let values: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
        let tensor = Tensor::<2, Int>::from_data(TensorData::new(values, [1, ids.len()]), &self.device);
        let states = self.network.forward(tensor, &Visibility::Prefix(vec![ids.len()]), &Training::default());
        let [_, tokens, d] = states.dims();
        states.reshape([tokens, d])
    }

    fn heads(&self, file: usize) -> Option<&Heads> {
        self.network.heads.get(file)
    }

    /// Strict spans of each kind that the corpus annotates.
    fn mentions(&self, name: &str, marked: &[Marked]) -> Figures {
        let mut counts = [Counts::default(); KINDS.len()];
        let Some(tagger) = self.heads(OPEN).and_then(|heads| heads.mentions.as_ref()) else {
            return Figures::new();
        };
        for text in marked {
            let encoding = self.start.tokenizer.encode(&text.document.text);
            let count = encoding.ids.len().min(self.longest);
            let offsets = &encoding.offsets[..count];
            let hints = tagging::hints(offsets, &self.finder.mentions(&text.document));
            let width = hints.len() / count;
            let hints = Tensor::<2>::from_data(TensorData::new(hints, [count, width]), &self.device);
            let logits = tagger.forward(self.states(&encoding.ids[..count]), hints);
            let log_p: Vec<f32> = log_softmax(logits, 2).into_data().iter::<f32>().collect();
            let starts = tagging::word_starts(&text.document.text, offsets);
            let tags = tagging::Tags { log_probabilities: &log_p, offsets };
            let found = tags.names(&starts, &[0.0; KINDS.len()]);
            let end = offsets.last().map_or(0, |last| last.end);
            for (kind, counts) in counts.iter_mut().enumerate().filter(|(kind, _)| text.taught[*kind] > 0.0) {
                let mut gold: Vec<(usize, usize)> = text
                    .names
                    .iter()
                    .filter(|name| name.kind == kind)
                    .filter_map(|name| Some((name.spans.first()?.start, name.spans.last()?.end)))
                    .filter(|(_, to)| *to <= end)
                    .collect();
                gold.sort_unstable();
                gold.dedup();
                let own: Vec<(usize, usize)> = found
                    .iter()
                    .filter(|name| name.kind == kind)
                    .map(|name| (name.span.start, name.span.end))
                    .collect();
                counts.found += own.len();
                counts.gold += gold.len();
                counts.right += own.iter().filter(|span| gold.contains(span)).count();
            }
        }
        let of = |(kind, counts): (&&str, &Counts)| {
            (format!("{name}.mentions.{}", kind.to_lowercase()), counts.f1())
        };
        KINDS.iter().zip(&counts).filter(|(_, counts)| counts.gold > 0).map(of).collect()
    }

    fn labels(&self, task: &dyn Task, figures: &mut Figures) {
        let (mut pairs, mut gold) = (Vec::new(), 0);
        let (mut hits, mut all) = (0, 0);
        let mut classes = Counts::default();
        for number in 0..task.count() {
            let example = task.example(number, &mut crate::windows::SplitMix(0));
            let Some(reading) = example.reading else { continue };
            let ids: Vec<u32> =
                std::iter::once(self.start.config.eos_id).chain(example.source.iter().copied()).collect();
            let states = self.states(&ids);
            for one in &reading.pairs {
                gold += one.labels.iter().filter(|label| **label > 0).count();
                pairs.extend(self.pairs(one, &states));
            }
            for one in &reading.classes {
                let found = self.classes(one, &states);
                if one.exclusive {
                    let likeliest = (0..found.len()).max_by(|a, b| found[*a].total_cmp(&found[*b]));
                    hits += usize::from(likeliest.is_some_and(|i| one.labels[i]));
                    all += 1;
                } else {
                    classes.found += found.iter().filter(|p| **p > 0.5).count();
                    classes.gold += one.labels.iter().filter(|holds| **holds).count();
                    classes.right +=
                        found.iter().zip(&one.labels).filter(|(p, holds)| **p > 0.5 && **holds).count();
                }
            }
        }
        let name = task.name().trim_start_matches("read-");
        if gold > 0 {
            figures.insert(format!("{name}.pairs.best_f1"), best_f1(pairs, gold));
        }
        if all > 0 {
            figures.insert(format!("{name}.accuracy"), 100.0 * f64::from(hits as u32) / f64::from(all));
        }
        if classes.gold > 0 {
            figures.insert(format!("{name}.micro_f1"), classes.f1());
        }
    }

    /// Of each pair, the probability of being related, and whether its likeliest kind is the right one.
    fn pairs(&self, pairs: &Pairs, states: &Tensor<2>) -> Vec<(f64, bool)> {
        let scorer = self.heads(pairs.file).and_then(|heads| heads.pairs.get(pairs.head));
        let Some(scorer) = scorer.filter(|_| !pairs.pairs.is_empty()) else { return Vec::new() };
        let entities = Entities { mentions: pairs.entities.clone() };
        let logits = scorer.forward(states.clone(), &entities, &pairs.pairs);
        let [_, labels] = logits.dims();
        let p: Vec<f32> = softmax(logits, 1).into_data().iter::<f32>().collect();
        let of = |(row, label): (&[f32], &usize)| {
            let kind = (1..labels).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0);
            (f64::from(1.0 - row[0]), kind == *label)
        };
        p.chunks_exact(labels).zip(&pairs.labels).map(of).collect()
    }

    fn classes(&self, classes: &Classes, states: &Tensor<2>) -> Vec<f32> {
        let classifier = self.heads(classes.file).and_then(|heads| heads.classes.get(classes.head));
        let Some(classifier) = classifier else { return Vec::new() };
        let logits = classifier.forward(states.clone(), &classes.parts);
        let p = if classes.exclusive { softmax(logits, 1) } else { sigmoid(logits) };
        p.into_data().iter::<f32>().collect()
    }
}

/// The best F1, in percent, that a threshold over these probabilities gives.
fn best_f1(mut scored: Vec<(f64, bool)>, gold: usize) -> f64 {
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut counts, mut best) = (Counts { gold, ..Counts::default() }, 0.0);
    for (_, right) in scored {
        counts.found += 1;
        counts.right += usize::from(right);
        best = f64::max(best, counts.f1());
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_threshold_keeps_the_surest() {
        let scored = vec![(0.1, false), (0.9, true), (0.8, false), (0.7, true)];
        assert!((best_f1(scored, 3) - 200.0 * 2.0 / 6.0).abs() < 1e-9);
    }
}
