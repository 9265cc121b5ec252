//! A tuned model's figures, end to end from raw text: what is decided on the development parts, and what comes out.
//!
//! The model is asked by the functions that the app calls, over the same windows, with the same limits; here are only gold
//! keys, fitting and metrics. Every task is asked in its exhaustive way: all answers it allows are scored and compared, with
//! thresholds and weights that were fitted on the development part and are kept in the model folder's `tasks.json`, where
//! the app finds them too.

mod answers;
mod labels;
mod mentions;
mod pairs;
mod relations;

use std::collections::BTreeMap;
use std::sync::Arc;

use inference::{BioGpt, Finders, InferenceError, LanguageModel, TaskContext};
use rayon::prelude::*;
use tasks::RelationTask;
use tasks::calibration::Reliability;
use tasks::guidance::{Guidance, TaskGuidance};

use crate::tuning::Gold;

pub use mentions::NameCounts;
pub use pairs::Found;

/// Numbers by name: `bc5cdr.f1`, `hoc.empty_bias`, ...
pub type Figures = BTreeMap<String, f64>;

/// Asks a model about gold sets.
pub struct Evaluator {
    model: BioGpt,
    finders: Finders,
}

impl Evaluator {
    /// With thresholds, weights and learned names from the model's guidance, and other names from `finders`.
    #[must_use]
    pub const fn new(model: BioGpt, finders: Finders) -> Self {
        Self { model, finders }
    }

    /// Fits the margins of the tasks in `names`: what texts show on a training part, how it is weighed with what the model
    /// says on a development part.
    ///
    /// # Errors
    /// If the device fails.
    pub fn fit(
        &self,
        names: &[String],
        train: &Gold,
        dev: &Gold,
    ) -> Result<(Figures, Guidance), InferenceError> {
        let mut figures = Figures::new();
        let mut fitted = Guidance::clone(self.guidance());
        let mut add = |name: &str, (found, guidance): (Figures, TaskGuidance)| {
            figures.extend(found);
            let before = fitted.0.remove(name).unwrap_or_default();
            fitted.0.insert(name.to_owned(), TaskGuidance { lexicon: before.lexicon, ..guidance });
        };
        if is_named(names, inference::MENTIONS) {
            // Nothing is fitted of a model without a tagger.
            if let Some(found) = self.fit_mentions(&dev.abstracts)? {
                add(inference::MENTIONS, found);
            }
        }
        for ((task, learned), (_, chosen)) in train.relations.iter().zip(&dev.relations) {
            if self.evaluates_pairs(names, *task) {
                let name = inference::relations::pairs_task(*task);
                add(&name, self.fit_relations(*task, learned, chosen)?);
            }
        }
        if self.evaluates(names, "pubmedqa") {
            add("pubmedqa", self.fit_answers(&train.questions, &dev.questions)?);
        }
        if self.evaluates(names, "hoc") {
            add("hoc", self.fit_labels(&train.sentences, &dev.sentences)?);
        }
        Ok((figures, fitted))
    }

    /// The figures of the tasks in `names` (all if none is named).
    ///
    /// # Errors
    /// If the device fails.
    pub fn measure(&self, names: &[String], gold: &Gold) -> Result<Figures, InferenceError> {
        let mut figures = Figures::new();
        if is_named(names, inference::MENTIONS) {
            figures.extend(self.measure_mentions(&gold.abstracts)?);
        }
        for (task, documents) in &gold.relations {
            if self.evaluates_pairs(names, *task) {
                figures.extend(self.measure_relations(*task, documents)?);
            }
        }
        if self.evaluates(names, "pubmedqa") {
            figures.extend(self.measure_answers(&gold.questions)?);
        }
        if self.evaluates(names, "hoc") {
            figures.extend(self.measure_labels(&gold.sentences)?);
        }
        Ok(figures)
    }

    fn guidance(&self) -> &Arc<Guidance> {
        &self.model.profile().guidance
    }

    /// Whether a task is among the `names` and the model knows it.
    fn evaluates(&self, names: &[String], task: &str) -> bool {
        let profile = self.model.profile();
        is_named(names, task) && (profile.tuned_for_unknown || profile.tuned.contains_key(task))
    }

    /// The same for the pairs of names of a relation task.
    fn evaluates_pairs(&self, names: &[String], task: RelationTask) -> bool {
        let knows = self.model.judges_pairs(task) || self.model.profile().tuned_for_unknown;
        is_named(names, task.name()) && knows
    }

    /// Works on many items at once; each thread has a session of its own.
    fn in_parallel<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&mut TaskContext<'_>, &T) -> Result<R, InferenceError> + Sync,
    ) -> Result<Vec<R>, InferenceError> {
        let session = || self.model.session();
        let done = items.par_iter().map_init(session, |model, item| work(&mut TaskContext::new(model), item));
        done.collect()
    }
}

/// Whether a task is among the names; all are if none is named.
fn is_named(names: &[String], task: &str) -> bool {
    names.is_empty() || names.iter().any(|name| name == task)
}

/// Bins of equal width that calibration is judged in.
const BINS: usize = 10;

/// Weights that what a model says may have beside what a text shows.
const MODEL_WEIGHTS: [f64; 9] = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0];

/// The weight under which a likelihood is highest; the smallest of equals.
fn best_weight(likelihood: impl Fn(f64) -> f64) -> f64 {
    let tried = MODEL_WEIGHTS.map(|weight| (weight, likelihood(weight)));
    tried.into_iter().fold((0.0, f64::NEG_INFINITY), |best, one| if one.1 > best.1 { one } else { best }).0
}

fn calibration_error(predicted: &[(f64, bool)]) -> f64 {
    Reliability::of(predicted, BINS).expected_error
}
