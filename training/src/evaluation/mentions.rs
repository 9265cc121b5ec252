//! Names: how far a tagger and the dictionaries are believed, and how many names are right.

use documents::{Document, Span};
use inference::{InferenceError, LanguageModel, MENTIONS, Tagging, find_mentions, tag_document};
use tasks::guidance::TaskGuidance;
use tasks::mentions::{Trust, combined};
use tasks::tagging::{KINDS, Tags, place_of, word_starts};
use tasks::{Finder, Mention};

use super::{Evaluator, Figures};

/// What is added to the log-probability of the beginning of a name.
const BIASES: [f64; 9] = [-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0];
/// Least scores of what one finds alone; the last believes nothing.
const SCORES: [f64; 13] = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 2.0];
/// How often bias and trust are chosen in turn.
const ROUNDS: usize = 3;

/// A document without its names, with what both find.
struct Read {
    document: Document,
    found: Vec<Mention>,
    tagging: Tagging,
    starts: Vec<bool>,
    gold: Vec<(usize, Span)>,
}

impl Read {
    fn names(&self, finder: &Finder, kind: usize, (bias, trust): (f64, Trust)) -> Vec<(usize, Span)> {
        let tags =
            Tags { log_probabilities: &self.tagging.log_probabilities, offsets: &self.tagging.offsets };
        let tagged = tags.names(&self.starts, &[bias; KINDS.len()]);
        let all = combined(&self.document, finder, &self.found, &tags, &tagged, &[Some(trust); KINDS.len()]);
        of_kind(all.iter().map(|(mention, _)| mention), kind)
    }
}

/// Names that were found, that are in the gold standard, and that are both; the same words of the same kind.
#[derive(Debug, Default, Clone, Copy)]
pub struct NameCounts {
    found: usize,
    gold: usize,
    right: usize,
}

impl NameCounts {
    /// Adds the names of one text.
    pub fn add<Name: PartialEq>(&mut self, found: &[Name], gold: &[Name]) {
        self.found += found.len();
        self.gold += gold.len();
        self.right += found.iter().filter(|name| gold.contains(name)).count();
    }

    /// Share of the names that were found that are right.
    #[must_use]
    pub fn precision(self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }

    /// Share of the names of the gold standard that were found.
    #[must_use]
    pub fn recall(self) -> f64 {
        self.right as f64 / self.gold.max(1) as f64
    }

    /// The harmonic mean of both.
    #[must_use]
    pub fn f1(self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.gold).max(1) as f64
    }
}

impl Evaluator {
    /// For each kind that the documents have names of, the bias and the trust under which most names are right; nothing if
    /// the model has no tagger.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) fn fit_mentions(
        &self,
        documents: &[Document],
    ) -> Result<Option<(Figures, TaskGuidance)>, InferenceError> {
        let finder = self.finders.of(self.model.profile(), MENTIONS);
        let read = self.in_parallel(documents, |context, document| {
            context.model.reset();
            let (document, gold) = without_names(document);
            let found = finder.mentions(&document);
            let Some(tagging) = tag_document(context, &document, &found)? else { return Ok(None) };
            let starts = word_starts(&document.text, &tagging.offsets);
            Ok(Some(Read { document, found, tagging, starts, gold }))
        })?;
        let read: Vec<Read> = read.into_iter().flatten().collect();
        let (mut figures, mut guidance) = (Figures::new(), TaskGuidance::default());
        for (kind, name) in KINDS.iter().enumerate() {
            if !read.iter().any(|read| read.gold.iter().any(|(own, _)| *own == kind)) {
                continue;
            }
            let f1 = |setting| {
                let mut counts = NameCounts::default();
                for one in &read {
                    counts.add(&one.names(&finder, kind, setting), &of_one_kind(&one.gold, kind));
                }
                100.0 * counts.f1()
            };
            let start = (0.0, Trust::default());
            let mut best = (start, f1(start));
            let mut keep = |setting| {
                let f1 = f1(setting);
                if f1 > best.1 {
                    best = (setting, f1);
                }
                best.0
            };
            let mut at = start;
            for _ in 0..ROUNDS {
                for bias in BIASES {
                    at = keep((bias, at.1));
                }
                for tagger in SCORES {
                    at = keep((at.0, Trust { tagger, ..at.1 }));
                }
                for dictionary in SCORES {
                    at = keep((at.0, Trust { dictionary, ..at.1 }));
                }
            }
            let ((bias, trust), f1) = best;
            guidance.biases.insert((*name).to_owned(), bias);
            guidance.trust.insert((*name).to_owned(), trust);
            figures.insert(format!("mentions.dev_{}_f1", name.to_lowercase()), f1);
        }
        Ok((!read.is_empty()).then_some((figures, guidance)))
    }

    /// Strict F1 of the names of each kind, as the app finds them.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) fn measure_mentions(&self, documents: &[Document]) -> Result<Figures, InferenceError> {
        let finder = self.finders.of(self.model.profile(), MENTIONS);
        let found = self.in_parallel(documents, |context, document| {
            context.model.reset();
            let (document, gold) = without_names(document);
            let found = find_mentions(context, &document, &finder)?.mentions;
            let kinds = 0..KINDS.len();
            let own =
                kinds.flat_map(|kind| of_kind(found.iter().map(|(mention, _)| mention), kind)).collect();
            Ok((own, gold))
        })?;
        let mut figures = Figures::new();
        for (kind, name) in KINDS.iter().enumerate() {
            let mut counts = NameCounts::default();
            let add = |(found, gold): &(Vec<_>, Vec<_>)| {
                counts.add(&of_one_kind(found, kind), &of_one_kind(gold, kind));
            };
            found.iter().for_each(add);
            if counts.gold > 0 {
                figures.insert(format!("mentions.{}_f1", name.to_lowercase()), 100.0 * counts.f1());
            }
        }
        figures.insert("mentions.documents".to_owned(), documents.len() as f64);
        Ok(figures)
    }
}

/// The document as one that nobody has annotated, and the names that it had, each with its kind, by the words from first to last.
fn without_names(document: &Document) -> (Document, Vec<(usize, Span)>) {
    let mut document = document.clone();
    let names = std::mem::take(&mut document.entities);
    document.relations.clear();
    let mut gold: Vec<(usize, Span)> = names
        .iter()
        .filter_map(|name| {
            let kind = KINDS.iter().position(|kind| *kind == name.kind)?;
            Some((kind, Span::new(name.spans.first()?.start, name.spans.last()?.end)))
        })
        .collect();
    gold.sort_unstable();
    gold.dedup();
    (document, gold)
}

fn of_kind<'a>(mentions: impl Iterator<Item = &'a Mention>, kind: usize) -> Vec<(usize, Span)> {
    mentions
        .filter(|mention| place_of(mention.kind) == Some(kind))
        .map(|mention| (kind, mention.cover()))
        .collect()
}

fn of_one_kind(names: &[(usize, Span)], kind: usize) -> Vec<(usize, Span)> {
    names.iter().copied().filter(|(own, _)| *own == kind).collect()
}
