//! PubMedQA: the three answers are compared.

use biogpt::decode::DecodeError;
use documents::corpora::pubmedqa::Question;
use rayon::prelude::*;
use tasks::guidance::TaskGuidance;
use tasks::{answer, scores, source};

use super::{Evaluator, Figures, ROOM, calibration_error};

/// Log-probabilities of the answers in the order of [`answer::Answer::ALL`], and the place of the right one.
type Scored = ([f64; 3], usize);

impl Evaluator<'_> {
    fn scored_answers(&self, questions: &[Question]) -> Result<Vec<Scored>, DecodeError> {
        let known = questions.par_iter().filter_map(|question| {
            let gold = answer::Answer::from_word(question.answer.as_deref()?)?;
            let place = answer::Answer::ALL.iter().position(|a| *a == gold)?;
            Some((question, place))
        });
        let targets = answer::Answer::ALL.map(|a| self.tokens(&answer::target(a)));
        let targets = targets.each_ref().map(Vec::as_slice);
        known
            .map(|(question, place)| {
                let document = question.document();
                let text = answer::prompt(&question.question, &document, source::whole(&document));
                let reader = self.read("pubmedqa", &text, ROOM)?;
                let found = self.decoder.score(&reader, &targets)?;
                let sum = |i: usize| found[i].iter().map(|p| f64::from(*p)).sum();
                Ok(([sum(0), sum(1), sum(2)], place))
            })
            .collect()
    }

    /// Fits what is added to "no" and "maybe", by the likelihood of the right answers: few questions say little, and
    /// counts of right ones less.
    pub(super) fn fit_answers(&self, questions: &[Question]) -> Result<(Figures, TaskGuidance), DecodeError> {
        let scored = self.scored_answers(questions)?;
        let likelihood = |biases: [f64; 3]| -> f64 {
            let own = |(scores, gold): &Scored| {
                scores::normalised([0, 1, 2].map(|i| scores[i] + biases[i]))[*gold]
                    .max(f64::MIN_POSITIVE)
                    .ln()
            };
            scored.iter().map(own).sum()
        };
        let steps = || (-16..=16).map(|step| f64::from(step) * 0.25);
        let tried = steps().flat_map(|no| steps().map(move |maybe| [0.0, no, maybe]));
        let best = tried.max_by(|a, b| likelihood(*a).total_cmp(&likelihood(*b)));
        let biases = best.unwrap_or_default();
        let (accuracy, macro_f1, _) = quality(&scored, biases);
        let figures =
            [("pubmedqa.dev_accuracy", 100.0 * accuracy), ("pubmedqa.dev_macro_f1", 100.0 * macro_f1)];
        let words = answer::Answer::ALL.map(|answer| answer.word().to_owned());
        let guidance =
            TaskGuidance { biases: words.into_iter().zip(biases).collect(), ..TaskGuidance::default() };
        Ok((figures.map(|(name, value)| (name.to_owned(), value)).into(), guidance))
    }

    pub(super) fn measure_answers(&self, questions: &[Question]) -> Result<Figures, DecodeError> {
        let scored = self.scored_answers(questions)?;
        let fitted = self.guidance.of("pubmedqa");
        let biases = answer::Answer::ALL.map(|answer| {
            fitted.and_then(|fitted| fitted.biases.get(answer.word()).copied()).unwrap_or_default()
        });
        let (accuracy, macro_f1, calibration) = quality(&scored, biases);
        Ok([
            ("pubmedqa.accuracy", 100.0 * accuracy),
            ("pubmedqa.macro_f1", 100.0 * macro_f1),
            ("pubmedqa.calibration_error", calibration),
            ("pubmedqa.questions", scored.len() as f64),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into())
    }
}

/// Accuracy, macro F1, and calibration error of the chosen answer.
fn quality(scored: &[Scored], biases: [f64; 3]) -> (f64, f64, f64) {
    let mut counts = [[0usize; 3]; 3];
    let mut sure = Vec::new();
    for (scores, gold) in scored {
        let probabilities = scores::normalised([0, 1, 2].map(|i| scores[i] + biases[i]));
        let mut chosen = 0;
        for i in 1..3 {
            chosen = if probabilities[i] > probabilities[chosen] { i } else { chosen };
        }
        counts[*gold][chosen] += 1;
        sure.push((probabilities[chosen], chosen == *gold));
    }
    let right: usize = (0..3).map(|i| counts[i][i]).sum();
    let f1 = |i: usize| {
        let (gold, chosen) = (counts[i].iter().sum::<usize>(), (0..3).map(|g| counts[g][i]).sum::<usize>());
        2.0 * counts[i][i] as f64 / (gold + chosen).max(1) as f64
    };
    let macro_f1 = (f1(0) + f1(1) + f1(2)) / 3.0;
    (right as f64 / scored.len().max(1) as f64, macro_f1, calibration_error(&sure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn always_the_commonest_answer_has_a_low_macro_f1() {
        let scored: Vec<Scored> = [0, 0, 1, 2].map(|gold| ([-0.1, -3.0, -4.0], gold)).to_vec();
        let (accuracy, macro_f1, _) = quality(&scored, [0.0; 3]);
        assert!((accuracy - 0.5).abs() < 1e-9 && (macro_f1 - 2.0 / 9.0).abs() < 1e-9);
        let (accuracy, _, _) = quality(&scored, [0.0, 5.0, 0.0]);
        assert!((accuracy - 0.25).abs() < 1e-9, "a bias moves the choice");
    }
}
