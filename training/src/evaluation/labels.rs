//! HoC: each of the ten hallmarks holds or not, by the words of a sentence and what the model writes first.

use documents::Document;
use inference::{InferenceError, TaskContext, label_log_probabilities};
use rayon::prelude::*;
use tasks::calibration::Calibration;
use tasks::classify::LabelLogarithms;
use tasks::guidance::TaskGuidance;
use tasks::linear::{Features, Linear, Penalty};
use tasks::{classify, evaluation, source};

use super::{Evaluator, Figures, best_weight, calibration_error};

type Sentence = (String, Vec<String>);

/// Chosen on the development part.
const PENALTY: Penalty = Penalty { lasso: 1.0, ridge: 0.0, rows: 3 };

impl Evaluator {
    /// The probability of each hallmark for each sentence, as the app shows it; `None` for one that is too long.
    ///
    /// # Errors
    /// If the model was not tuned for it, or the device fails.
    pub fn labels(&self, sentences: &[String]) -> Result<Vec<Option<[f64; 10]>>, InferenceError> {
        let guidance = self.guidance().or_none("hoc");
        self.in_parallel(sentences, |context, sentence| {
            let written = scored(context, sentence)?;
            Ok(written.map(|written| classify::probabilities(guidance, sentence, &written)))
        })
    }

    /// What the model says of each sentence, but for those that are longer than it reads at once.
    fn scored_labels<'s>(
        &self,
        sentences: &'s [Sentence],
    ) -> Result<Vec<(Option<LabelLogarithms>, &'s Sentence)>, InferenceError> {
        let written = self.in_parallel(sentences, |context, (sentence, _)| scored(context, sentence))?;
        Ok(written.into_iter().zip(sentences).collect())
    }

    /// Learns words on one part; weighs them with the model, calibrates and sets the threshold on the other. The figure is
    /// of each half of that with what the other half gave.
    pub(super) fn fit_labels(
        &self,
        train: &[Sentence],
        dev: &[Sentence],
    ) -> Result<(Figures, TaskGuidance), InferenceError> {
        let mut guidance = TaskGuidance { signs: words(train), ..TaskGuidance::default() };
        let scored: Vec<(LabelLogarithms, &Sentence)> = self
            .scored_labels(dev)?
            .into_iter()
            .filter_map(|(written, sentence)| Some((written?, sentence)))
            .collect();
        guidance.model_weight = best_weight(|model_weight| {
            let tried = TaskGuidance { model_weight, ..guidance.clone() };
            let strengths = strengths(&tried, &scored);
            let fitted = Calibration::fit_platt(&strengths);
            fitted.map_or(f64::NEG_INFINITY, |fitted| {
                let own = |(strength, right): &(f64, bool)| {
                    let p = fitted.probability(*strength);
                    if *right { p.ln() } else { (1.0 - p).ln() }
                };
                strengths.iter().map(own).sum()
            })
        });
        let halves: [Vec<_>; 2] = [0, 1].map(|half| scored.iter().skip(half).step_by(2).copied().collect());
        let mut across = Vec::new();
        for (own, other) in [(0, 1), (1, 0)] {
            let fitted = with_threshold(&guidance, &halves[other]);
            across.extend(
                halves[own]
                    .iter()
                    .map(|(scores, sentence)| (field(&fitted, &sentence.0, scores), sentence.1.clone())),
            );
        }
        let fitted = with_threshold(&guidance, &scored);
        let figures = Figures::from([
            ("hoc.dev_micro_f1".to_owned(), 100.0 * micro_f1(across)),
            ("hoc.model_weight".to_owned(), fitted.model_weight),
        ]);
        Ok((figures, fitted))
    }

    pub(super) fn measure_labels(&self, sentences: &[Sentence]) -> Result<Figures, InferenceError> {
        let scored = self.scored_labels(sentences)?;
        let guidance = self.guidance().or_none("hoc");
        // A sentence that is not read has no label.
        let fields = scored.iter().map(|(written, (sentence, labels))| {
            let field = written.as_ref().map(|written| field(guidance, sentence, written));
            (field.unwrap_or_else(|| classify::EMPTY.to_owned()), labels.clone())
        });
        let micro_f1 = micro_f1(fields.collect());
        let predictions: Vec<(f64, bool)> = scored
            .iter()
            .filter_map(|(written, sentence)| Some((written.as_ref()?, sentence)))
            .flat_map(|(written, (sentence, labels))| {
                let probabilities = classify::probabilities(guidance, sentence, written);
                let known = classify::HALLMARKS.into_iter().zip(probabilities);
                known.map(|(label, p)| (p, labels.iter().any(|own| own == label))).collect::<Vec<_>>()
            })
            .collect();
        Ok([
            ("hoc.micro_f1", 100.0 * micro_f1),
            ("hoc.calibration_error", calibration_error(&predictions)),
            ("hoc.sentences", sentences.len() as f64),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into())
    }
}

/// What the model says of a sentence.
fn scored(context: &mut TaskContext<'_>, sentence: &str) -> Result<Option<LabelLogarithms>, InferenceError> {
    let document = Document { text: sentence.to_owned(), ..Document::default() };
    let mut found = None;
    let whole = [source::whole(&document)];
    label_log_probabilities(context, &document, &whole, &mut |_, written| found = written)?;
    Ok(found)
}

/// The words that speak for each hallmark.
fn words(sentences: &[Sentence]) -> std::collections::BTreeMap<String, Linear> {
    let signs: Vec<Features> = sentences.par_iter().map(|(sentence, _)| classify::signs(sentence)).collect();
    let learned = |label: &&str| {
        let is = |labels: &[String]| labels.iter().any(|own| own == label);
        let rows: Vec<(&Features, bool)> =
            signs.iter().zip(sentences).map(|(signs, (_, labels))| (signs, is(labels))).collect();
        ((*label).to_owned(), Linear::fit(&rows, PENALTY))
    };
    classify::HALLMARKS.par_iter().map(learned).collect()
}

fn strengths(guidance: &TaskGuidance, scored: &[(LabelLogarithms, &Sentence)]) -> Vec<(f64, bool)> {
    let of = |(scores, (sentence, labels)): &(LabelLogarithms, &Sentence)| {
        let signs = classify::signs(sentence);
        let all = classify::HALLMARKS.into_iter().enumerate();
        let known = all.filter_map(|(place, label)| {
            let strength = classify::strength(guidance, &signs, scores, place)?;
            Some((strength, labels.iter().any(|own| own == label)))
        });
        known.collect::<Vec<_>>()
    };
    scored.par_iter().flat_map_iter(of).collect()
}

/// With calibration, and with the threshold that gives the best micro F1 on these sentences.
fn with_threshold(guidance: &TaskGuidance, scored: &[(LabelLogarithms, &Sentence)]) -> TaskGuidance {
    let calibration = Calibration::fit_platt(&strengths(guidance, scored));
    let mut best = TaskGuidance { calibration, ..guidance.clone() };
    let probabilities: Vec<_> = scored
        .iter()
        .map(|(scores, (sentence, labels))| (classify::probabilities(&best, sentence, scores), labels))
        .collect();
    let quality = |threshold: f64| {
        micro_f1(probabilities.iter().map(|(p, labels)| (chosen(p, threshold), (*labels).clone())).collect())
    };
    let tried = (2..=16).map(|step| f64::from(step) * 0.05);
    best.threshold = tried
        .map(|threshold| (quality(threshold), threshold))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|best| best.1);
    best
}

/// The labels that are likely enough, or `empty`.
fn chosen(probabilities: &[f64; 10], threshold: f64) -> String {
    let counts: Vec<&str> = classify::HALLMARKS
        .into_iter()
        .zip(probabilities)
        .filter(|(_, probability)| **probability >= threshold)
        .map(|(label, _)| label)
        .collect();
    if counts.is_empty() { classify::EMPTY.to_owned() } else { counts.join("|") }
}

fn field(guidance: &TaskGuidance, sentence: &str, scores: &LabelLogarithms) -> String {
    chosen(&classify::probabilities(guidance, sentence, scores), guidance.threshold.unwrap_or(0.5))
}

fn micro_f1(fields: Vec<(String, Vec<String>)>) -> f64 {
    let (predicted, gold): (Vec<Option<String>>, Vec<String>) = fields
        .into_iter()
        .map(|(field, labels)| {
            (Some(field), if labels.is_empty() { classify::EMPTY.to_owned() } else { labels.join("|") })
        })
        .unzip();
    evaluation::labels(&predicted, &gold).micro_f1
}
