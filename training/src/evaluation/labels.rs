//! HoC: the ten hallmarks and "none of them" are compared.

use biogpt::decode::DecodeError;
use rayon::prelude::*;
use tasks::{classify, evaluation};

use super::{Evaluator, Figures, ROOM, margin};

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

    pub(super) fn fit_labels(&self, sentences: &[Sentence]) -> Result<Figures, DecodeError> {
        let scored = self.scored_labels(sentences)?;
        let (mut best, mut chosen) = (f64::NEG_INFINITY, (0.0, 0.0));
        for bias in (-20..=20).map(|step| f64::from(step) * 0.2) {
            for margin in [0.0, 0.3, 0.6, 1.0, 1.5] {
                let f1 = micro_f1(&scored, sentences, bias, margin);
                if f1 > best {
                    (best, chosen) = (f1, (bias, margin));
                }
            }
        }
        Ok([
            ("hoc.empty_bias", chosen.0),
            ("hoc.second_margin", chosen.1),
            ("hoc.dev_micro_f1", 100.0 * best),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into())
    }

    pub(super) fn measure_labels(
        &self,
        sentences: &[Sentence],
        fitted: &Figures,
    ) -> Result<Figures, DecodeError> {
        let scored = self.scored_labels(sentences)?;
        let (bias, second) = (margin(fitted, "hoc.empty_bias"), margin(fitted, "hoc.second_margin"));
        Ok([
            ("hoc.micro_f1", 100.0 * micro_f1(&scored, sentences, bias, second)),
            ("hoc.sentences", sentences.len() as f64),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into())
    }
}

/// `empty` if it is the likeliest with its bias; else the likeliest hallmark and those that are at most `margin` behind.
fn field(scores: &Scored, empty_bias: f64, margin: f64) -> String {
    let best = scores[..10].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if scores[10] + empty_bias >= best {
        return classify::EMPTY.to_owned();
    }
    let near = classify::HALLMARKS.iter().zip(scores).filter(|(_, score)| **score >= best - margin);
    near.map(|(label, _)| *label).collect::<Vec<_>>().join("|")
}

fn micro_f1(scored: &[Scored], sentences: &[Sentence], empty_bias: f64, margin: f64) -> f64 {
    let predicted: Vec<Option<String>> =
        scored.iter().map(|scores| Some(field(scores, empty_bias, margin))).collect();
    let gold: Vec<String> = sentences
        .iter()
        .map(|(_, labels)| if labels.is_empty() { classify::EMPTY.to_owned() } else { labels.join("|") })
        .collect();
    evaluation::labels(&predicted, &gold).micro_f1
}
