//! PubMedQA: the three answers are compared, by what question and text show and what the model says.

use documents::corpora::pubmedqa::Question;
use inference::{InferenceError, ScoredWindow, score_windows, surest};
use rayon::prelude::*;
use tasks::guidance::TaskGuidance;
use tasks::linear::{Features, Linear, Penalty};
use tasks::{answer, source};

use super::{Evaluator, Figures, best_weight, calibration_error};

/// What the windows of a question's document show and the model says, and the place of the right answer.
type Scored = (Vec<ScoredWindow>, usize);

/// Chosen by leaving out each tenth of the training part in turn.
const PENALTY: Penalty = Penalty { lasso: 0.0, ridge: 3.0, rows: 5 };

/// The place of the right answer in [`answer::Answer::ALL`].
fn gold(question: &Question) -> Option<usize> {
    let gold = answer::Answer::from_word(question.answer.as_deref()?)?;
    answer::Answer::ALL.iter().position(|a| *a == gold)
}

fn shown(question: &Question) -> Option<(Features, usize)> {
    let document = question.document();
    Some((answer::signs(&question.question, &document, source::whole(&document)), gold(question)?))
}

impl Evaluator {
    /// The probabilities of the answers to each question in the order of [`answer::Answer::ALL`], as the app shows them.
    ///
    /// # Errors
    /// If the model was not tuned for it, a question leaves no room for the text, or the device fails.
    pub fn answers(&self, questions: &[Question]) -> Result<Vec<[f64; 3]>, InferenceError> {
        let guidance = self.guidance().or_none("pubmedqa");
        self.in_parallel(questions, |context, question| {
            let (windows, _) = score_windows(context, &question.question, &question.document())?;
            Ok(probabilities(guidance, &windows))
        })
    }

    fn scored_answers(&self, questions: &[Question]) -> Result<Vec<Scored>, InferenceError> {
        let known: Vec<(&Question, usize)> =
            questions.iter().filter_map(|question| Some((question, gold(question)?))).collect();
        self.in_parallel(&known, |context, (question, gold)| {
            Ok((score_windows(context, &question.question, &question.document())?.0, *gold))
        })
    }

    /// Learns on one part what question and text show; on the other, whose few questions say little, only how much the model
    /// counts beside it.
    pub(super) fn fit_answers(
        &self,
        train: &[Question],
        dev: &[Question],
    ) -> Result<(Figures, TaskGuidance), InferenceError> {
        let learned: Vec<(Features, usize)> = train.par_iter().filter_map(shown).collect();
        let signs = |place: usize| {
            let rows: Vec<(&Features, bool)> =
                learned.iter().map(|(signs, gold)| (signs, *gold == place)).collect();
            (answer::Answer::ALL[place].word().to_owned(), Linear::fit(&rows, PENALTY))
        };
        let mut guidance = TaskGuidance { signs: [0, 1, 2].map(signs).into(), ..TaskGuidance::default() };
        let scored = self.scored_answers(dev)?;
        guidance.model_weight = best_weight(|model_weight| {
            let tried = TaskGuidance { model_weight, ..guidance.clone() };
            let own =
                |(windows, gold): &Scored| probabilities(&tried, windows)[*gold].max(f64::MIN_POSITIVE).ln();
            scored.iter().map(own).sum()
        });
        let (accuracy, macro_f1, _) = quality(&guidance, &scored);
        let figures = [
            ("pubmedqa.dev_accuracy", 100.0 * accuracy),
            ("pubmedqa.dev_macro_f1", 100.0 * macro_f1),
            ("pubmedqa.model_weight", guidance.model_weight),
        ];
        Ok((figures.map(|(name, value)| (name.to_owned(), value)).into(), guidance))
    }

    pub(super) fn measure_answers(&self, questions: &[Question]) -> Result<Figures, InferenceError> {
        let scored = self.scored_answers(questions)?;
        let (accuracy, macro_f1, calibration) = quality(self.guidance().or_none("pubmedqa"), &scored);
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

fn probabilities(guidance: &TaskGuidance, windows: &[ScoredWindow]) -> [f64; 3] {
    surest(guidance, windows).map_or([1.0 / 3.0; 3], |(_, probabilities)| probabilities)
}

/// Accuracy, macro F1, and calibration error of the chosen answer.
fn quality(guidance: &TaskGuidance, scored: &[Scored]) -> (f64, f64, f64) {
    let mut counts = [[0usize; 3]; 3];
    let mut sure = Vec::new();
    for (windows, gold) in scored {
        let probabilities = probabilities(guidance, windows);
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
    use documents::Span;

    use super::*;

    #[test]
    fn always_the_commonest_answer_has_a_low_macro_f1() {
        let window = ScoredWindow {
            span: Span::new(0, 1),
            log_probabilities: [-0.1, -3.0, -4.0],
            features: Features::new(),
        };
        let scored: Vec<Scored> = [0, 0, 1, 2].map(|gold| (vec![window.clone()], gold)).to_vec();
        let mut guidance = TaskGuidance::default();
        let (accuracy, macro_f1, _) = quality(&guidance, &scored);
        assert!((accuracy - 0.5).abs() < 1e-9 && (macro_f1 - 2.0 / 9.0).abs() < 1e-9);
        guidance.biases = [("no".to_owned(), 5.0)].into();
        let (accuracy, _, _) = quality(&guidance, &scored);
        assert!((accuracy - 0.25).abs() < 1e-9, "a bias moves the choice");
    }
}
