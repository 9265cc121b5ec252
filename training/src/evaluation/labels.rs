//! HoC: the ten hallmarks and "none of them" are compared.

use biogpt::decode::DecodeError;
use rayon::prelude::*;
use tasks::guidance::TaskGuidance;
use tasks::{classify, evaluation, scores};

use super::{Evaluator, Figures, ROOM};

type Sentence = (String, Vec<String>);
/// Log-probabilities of the hallmarks, and of `empty` at the end.
type Scored = [f64; 11];

impl Evaluator<'_> {
    fn scored_labels(&self, sentences: &[Sentence]) -> Result<Vec<Scored>, DecodeError> {
        // Without the stop: another label may follow.
        let of = |label: &str| {
            let target = classify::target(&[label]);
            self.tokens(target.trim_end_matches('.'))
        };
        let targets: Vec<Vec<u32>> =
            classify::HALLMARKS.into_iter().chain([classify::EMPTY]).map(of).collect();
        let targets: Vec<&[u32]> = targets.iter().map(Vec::as_slice).collect();
        sentences
            .par_iter()
            .map(|(sentence, _)| {
                let reader = self.read("hoc", &classify::prompt(sentence), ROOM)?;
                let found = self.decoder.score(&reader, &targets)?;
                let mut scores = [0.0; 11];
                for (score, tokens) in scores.iter_mut().zip(found) {
                    *score = tokens.iter().map(|p| f64::from(*p)).sum();
                }
                Ok(scores)
            })
            .collect()
    }

    pub(super) fn fit_labels(&self, sentences: &[Sentence]) -> Result<(Figures, TaskGuidance), DecodeError> {
        let scored = self.scored_labels(sentences)?;
        let (mut best, mut chosen) = (f64::NEG_INFINITY, (0.0, 0.5));
        for bias in (-20..=20).map(|step| f64::from(step) * 0.2) {
            for threshold in (1..=16).map(|step| f64::from(step) * 0.05) {
                let f1 = micro_f1(&scored, sentences, bias, threshold);
                if f1 > best {
                    (best, chosen) = (f1, (bias, threshold));
                }
            }
        }
        let figures = Figures::from([("hoc.dev_micro_f1".to_owned(), 100.0 * best)]);
        let guidance = TaskGuidance {
            threshold: Some(chosen.1),
            biases: [(classify::EMPTY.to_owned(), chosen.0)].into(),
            ..TaskGuidance::default()
        };
        Ok((figures, guidance))
    }

    pub(super) fn measure_labels(&self, sentences: &[Sentence]) -> Result<Figures, DecodeError> {
        let scored = self.scored_labels(sentences)?;
        let fitted = self.guidance.of("hoc");
        let bias = fitted.and_then(|fitted| fitted.biases.get(classify::EMPTY).copied()).unwrap_or_default();
        let threshold = fitted.and_then(|fitted| fitted.threshold).unwrap_or(0.5);
        Ok([
            ("hoc.micro_f1", 100.0 * micro_f1(&scored, sentences, bias, threshold)),
            ("hoc.sentences", sentences.len() as f64),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into())
    }
}

/// The labels that are likely enough, or `empty`. The labels and `empty` share the whole probability.
fn field(scores: &Scored, empty_bias: f64, threshold: f64) -> String {
    let mut scores = *scores;
    scores[10] += empty_bias;
    let shares = scores::normalised(scores);
    let counts: Vec<&str> = classify::HALLMARKS
        .into_iter()
        .zip(shares)
        .filter(|(_, share)| *share >= threshold)
        .map(|(l, _)| l)
        .collect();
    if counts.is_empty() { classify::EMPTY.to_owned() } else { counts.join("|") }
}

fn micro_f1(scored: &[Scored], sentences: &[Sentence], empty_bias: f64, threshold: f64) -> f64 {
    let predicted: Vec<Option<String>> =
        scored.iter().map(|scores| Some(field(scores, empty_bias, threshold))).collect();
    let gold: Vec<String> = sentences
        .iter()
        .map(|(_, labels)| if labels.is_empty() { classify::EMPTY.to_owned() } else { labels.join("|") })
        .collect();
    evaluation::labels(&predicted, &gold).micro_f1
}
