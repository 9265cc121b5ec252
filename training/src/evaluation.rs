//! A tuned model's figures, end to end from raw text: what is decided on the development parts, and what comes out.
//!
//! Every task is asked in its exhaustive way: all answers it allows are scored and compared, with margins that were
//! fitted on the development part and are kept in the model folder's `tasks.json`, where the workbench finds them too.

mod answers;
mod labels;
mod relations;

use std::collections::BTreeMap;

use biogpt::decode::{DecodeError, Reader};
use biogpt::{Decoder, Model};
use tasks::calibration::Reliability;
use tasks::guidance::{Guidance, TaskGuidance};
use tasks::{Finder, RelationTask};

use crate::tuning::Gold;

/// Numbers by name: `bc5cdr.f1`, `hoc.empty_bias`, ...
pub type Figures = BTreeMap<String, f64>;

/// Asks a model.
pub struct Evaluator<'m> {
    model: &'m Model,
    decoder: Decoder<'m>,
    finder: &'m Finder,
    guidance: Guidance,
}

impl<'m> Evaluator<'m> {
    /// With candidates' names from `finder` and from the lexicons in `guidance`, and margins from there.
    #[must_use]
    pub fn new(model: &'m Model, finder: &'m Finder, guidance: Guidance) -> Self {
        Self { model, decoder: Decoder::new(&model.network, &model.config), finder, guidance }
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
    ) -> Result<(Figures, Guidance), DecodeError> {
        let mut figures = Figures::new();
        let mut fitted = self.guidance.clone();
        let mut add = |name: &str, (found, guidance): (Figures, TaskGuidance)| {
            figures.extend(found);
            let before = fitted.0.remove(name).unwrap_or_default();
            fitted.0.insert(name.to_owned(), TaskGuidance { lexicon: before.lexicon, ..guidance });
        };
        let asked = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
        for ((task, learned), (_, chosen)) in train.relations.iter().zip(&dev.relations) {
            let name = relations::prompt_name(*task);
            if asked(task.name()) && self.knows(&name) {
                add(&name, self.fit_relations(*task, learned, chosen)?);
            }
        }
        if asked("pubmedqa") {
            add("pubmedqa", self.fit_answers(&train.questions, &dev.questions)?);
        }
        if asked("hoc") {
            add("hoc", self.fit_labels(&train.sentences, &dev.sentences)?);
        }
        Ok((figures, fitted))
    }

    /// The figures of the tasks in `names` (all if none is named).
    ///
    /// # Errors
    /// If the device fails.
    pub fn measure(&self, names: &[String], gold: &Gold) -> Result<Figures, DecodeError> {
        let mut figures = Figures::new();
        let asked = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
        for (task, documents) in &gold.relations {
            if asked(task.name()) && self.knows(&relations::prompt_name(*task)) {
                figures.extend(self.measure_relations(*task, documents)?);
            }
        }
        if asked("pubmedqa") {
            figures.extend(self.measure_answers(&gold.questions)?);
        }
        if asked("hoc") {
            figures.extend(self.measure_labels(&gold.sentences)?);
        }
        Ok(figures)
    }

    /// The dictionaries, with what the model's training taught about a task's names.
    fn finder_of(&self, task: RelationTask) -> Finder {
        match self.guidance.of(task.name()) {
            Some(guidance) => self.finder.clone().with_lexicon(&guidance.lexicon),
            None => self.finder.clone(),
        }
    }

    fn knows(&self, prompt: &str) -> bool {
        self.model.manifest.tasks.contains_key(prompt)
    }

    fn tokens(&self, text: &str) -> Vec<u32> {
        self.model.tokenizer.encode(text).without_start().ids
    }

    /// Reads a source with the learned prompt of a task; a source that leaves no room for `room` tokens loses its end.
    fn read(&self, task: &str, source: &str, room: usize) -> Result<Reader, DecodeError> {
        let prompt = self.model.manifest.tasks.get(task).map_or(&[][..], |t| t.prompt.as_slice());
        let longest = self.model.config.max_positions.saturating_sub(room + prompt.len() + 1);
        let mut tokens = vec![self.model.config.eos_id];
        tokens.extend(self.tokens(source).into_iter().take(longest));
        tokens.extend_from_slice(prompt);
        let mut reader = self.decoder.reader();
        reader.read(&self.decoder, &tokens)?;
        Ok(reader)
    }
}

/// Tokens that an answer may take.
const ROOM: usize = 128;

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
