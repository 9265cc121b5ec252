//! HoC: which hallmarks of cancer a sentence speaks of.

use std::sync::LazyLock;

use regex::Regex;

use crate::calibration::Calibration;
use crate::guidance::TaskGuidance;
use crate::linear::{Features, add_words};
use crate::reading::{LEAD_INS, pattern, without_lead_in};
use crate::scores::normalized;

/// The ten hallmarks, in alphabetical order.
pub const HALLMARKS: [&str; 10] = [
    "activating invasion and metastasis",
    "avoiding immune destruction",
    "cellular energetics",
    "enabling replicative immortality",
    "evading growth suppressors",
    "genomic instability and mutation",
    "inducing angiogenesis",
    "resisting cell death",
    "sustaining proliferative signaling",
    "tumor promoting inflammation",
];

/// What the model writes for a sentence that speaks of none.
pub const EMPTY: &str = "empty";

/// What the target says before the labels.
pub(crate) const STEM: &str = "the type of this document is";

static LABELS: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("{STEM}(.*)")));

/// The sentence as it is: the reference neither lower-cases nor trims it.
#[must_use]
pub fn prompt(sentence: &str) -> String {
    sentence.to_owned()
}

/// `the type of this document is {label}|{label}.`, in the given order; `empty` for no label.
#[must_use]
pub fn target<S: AsRef<str>>(labels: &[S]) -> String {
    let labels: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
    let labels = if labels.is_empty() { EMPTY.to_owned() } else { labels.join("|") };
    format!("{STEM} {labels}.")
}

/// The label field after the stem, wherever it is; `None` if it does not.
#[must_use]
pub fn read(output: &str) -> Option<String> {
    let field = LABELS.captures(without_lead_in(output, &LEAD_INS))?;
    Some(field[1].trim().to_owned())
}

/// The known labels of a field, [`EMPTY`] included, each once; unknown ones are left out.
#[must_use]
pub fn labels(field: &str) -> Vec<&'static str> {
    let mut known = Vec::new();
    for name in field.split('|').map(str::trim) {
        let label = HALLMARKS.into_iter().chain([EMPTY]).find(|label| *label == name);
        if let Some(label) = label.filter(|label| !known.contains(label)) {
            known.push(label);
        }
    }
    known
}

/// What a sentence shows: its words and pairs of words.
#[must_use]
pub fn signs(sentence: &str) -> Features {
    let mut signs = Features::new();
    add_words(&mut signs, "", sentence);
    signs
}

/// Log-probabilities of the hallmarks in their order, and of [`EMPTY`] at the end, each as what is written first.
pub type LabelLogarithms = [f64; HALLMARKS.len() + 1];

/// How strongly a label is called for: the log-odds that its words give, and `weight` times those of the model against
/// [`EMPTY`]. `None` where no words were learned for it.
#[must_use]
pub fn strength(
    guidance: &TaskGuidance,
    signs: &Features,
    written: &LabelLogarithms,
    place: usize,
) -> Option<f64> {
    let words = guidance.signs.get(HALLMARKS[place])?;
    let against_empty = written[place] - written[HALLMARKS.len()];
    Some(words.log_odds(signs) + guidance.weighed(against_empty))
}

/// The probability of each hallmark for a sentence. Where no words were learned, the hallmarks and [`EMPTY`] share the
/// whole probability of what the model writes first.
#[must_use]
pub fn probabilities(
    guidance: &TaskGuidance,
    sentence: &str,
    written: &LabelLogarithms,
) -> [f64; HALLMARKS.len()] {
    let signs = signs(sentence);
    let mut biased = *written;
    biased[HALLMARKS.len()] += guidance.biases.get(EMPTY).copied().unwrap_or_default();
    let shares = normalized(biased);
    std::array::from_fn(|place| match strength(guidance, &signs, written, place) {
        Some(strength) => {
            let calibrated = |calibration: &Calibration| calibration.probability(strength);
            guidance.calibration.as_ref().map_or_else(|| crate::calibration::logistic(strength), calibrated)
        }
        None => shares[place],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::Linear;

    #[test]
    fn words_and_model_are_weighed_together() {
        let mut written = [-20.0; 11];
        (written[7], written[10]) = (-3.0, -0.1);
        let mut guidance = TaskGuidance::default();
        let alone = probabilities(&guidance, "Cells died by apoptosis.", &written);
        assert!(alone[7] < 0.1 && alone.iter().sum::<f64>() < 0.2, "{alone:?}");
        let words = Linear { intercept: -3.0, weights: [("apoptosis".to_owned(), 4.0)].into() };
        guidance.signs = [(HALLMARKS[7].to_owned(), words)].into();
        let with = |guidance: &TaskGuidance, text| probabilities(guidance, text, &written)[7];
        assert!(with(&guidance, "Cells died by apoptosis.") > 0.7);
        assert!(with(&guidance, "Cells lived.") < 0.1);
        let before = with(&guidance, "Cells lived.");
        guidance.model_weight = 0.5;
        assert!(with(&guidance, "Cells lived.") < before, "the model says that it is empty");
    }

    #[test]
    fn reads_what_it_writes() {
        let pair = [HALLMARKS[7], HALLMARKS[0]];
        assert_eq!(labels(&read(&target(&pair)).unwrap()), pair);
        assert_eq!(labels(&read(&target::<&str>(&[])).unwrap()), [EMPTY]);
        assert_eq!(read("empty"), None);
        assert!(labels("Empty | unheard of").is_empty());
    }
}
