//! Linear models over named features of a text: logistic regression with an elastic net (Friedman, Hastie and Tibshirani,
//! 2010), fitted on training parts by the training crate and stored with the weights. A small network learns late what
//! words alone show; these say it at once, and every weight can be read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::calibration::{logistic, softplus};
use crate::reading::pattern;

/// What a text shows: names of features with their values.
pub type Features = BTreeMap<String, f64>;

/// Log-odds as a weighted sum of features.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// Log-odds of a text without any feature.
    pub intercept: f64,
    /// What each feature adds for each unit of its value; unknown features add nothing.
    pub weights: BTreeMap<String, f64>,
}

/// How weights are held small. Both are in units of the summed log-loss.
#[derive(Debug, Clone, Copy)]
pub struct Penalty {
    /// On the weight itself: more of it leaves fewer features.
    pub lasso: f64,
    /// On half its square.
    pub ridge: f64,
    /// Features that fewer rows show are left out.
    pub rows: usize,
}

/// Rounds of the quadratic approximation, and sweeps over the features in each.
const ROUNDS: usize = 40;
const SWEEPS: usize = 12;

impl Linear {
    /// The log-odds of a text.
    #[must_use]
    pub fn log_odds(&self, signs: &Features) -> f64 {
        let known = signs.iter().filter_map(|(sign, value)| Some(self.weights.get(sign)? * value));
        self.intercept + known.sum::<f64>()
    }

    /// The logarithm of the probability.
    #[must_use]
    pub fn log_probability(&self, signs: &Features) -> f64 {
        -softplus(-self.log_odds(signs))
    }

    /// Fits it by coordinate descent on quadratic approximations of the loss. Without rows it knows nothing.
    #[must_use]
    pub fn fit(rows: &[(&Features, bool)], penalty: Penalty) -> Self {
        let (names, columns) = columns(rows, penalty.rows);
        let mut fit = Fit { columns, weights: vec![0.0; names.len() + 1], margins: vec![0.0; rows.len()] };
        let targets: Vec<f64> = rows.iter().map(|(_, right)| f64::from(u8::from(*right))).collect();
        let mut loss = fit.loss(&targets, penalty);
        for _ in 0..ROUNDS {
            let before = fit.weights.clone();
            let aimed = fit.step(&targets, penalty);
            // Half steps back, where the approximation promised too much.
            let mut part = 1.0;
            let next = loop {
                for (weight, (old, new)) in fit.weights.iter_mut().zip(before.iter().zip(&aimed)) {
                    *weight = old + part * (new - old);
                }
                fit.set_margins();
                let next = fit.loss(&targets, penalty);
                if next <= loss || part < 1e-3 {
                    break next;
                }
                part /= 2.0;
            };
            let gained = loss - next;
            loss = next;
            if gained <= 1e-6 * loss {
                break;
            }
        }
        let rounded = |weight: f64| (weight * 1e4).round() / 1e4;
        let weights = names.into_iter().zip(fit.weights.iter().skip(1).map(|weight| rounded(*weight)));
        Self {
            intercept: rounded(fit.weights[0]),
            weights: weights.filter(|(_, weight)| *weight != 0.0).collect(),
        }
    }
}

/// Features that enough rows show, and of each the rows with their values; the first column is that of the intercept.
fn columns(rows: &[(&Features, bool)], least: usize) -> (Vec<String>, Vec<Vec<(usize, f64)>>) {
    let mut all: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
    for (number, (signs, _)) in rows.iter().enumerate() {
        for (sign, value) in signs.iter().filter(|(_, value)| **value != 0.0) {
            all.entry(sign).or_default().push((number, *value));
        }
    }
    all.retain(|_, column| column.len() >= least);
    let names = all.keys().map(|name| (*name).to_owned()).collect();
    let intercept = (0..rows.len()).map(|number| (number, 1.0)).collect();
    (names, std::iter::once(intercept).chain(all.into_values()).collect())
}

struct Fit {
    columns: Vec<Vec<(usize, f64)>>,
    weights: Vec<f64>,
    margins: Vec<f64>,
}

impl Fit {
    fn set_margins(&mut self) {
        self.margins.fill(0.0);
        for (column, weight) in self.columns.iter().zip(&self.weights).filter(|(_, weight)| **weight != 0.0) {
            for (row, value) in column {
                self.margins[*row] += weight * value;
            }
        }
    }

    fn loss(&self, targets: &[f64], penalty: Penalty) -> f64 {
        let data: f64 = self.margins.iter().zip(targets).map(|(z, target)| softplus(*z) - target * z).sum();
        let held = |weight: &f64| penalty.lasso * weight.abs() + penalty.ridge * weight * weight / 2.0;
        data + self.weights.iter().skip(1).map(held).sum::<f64>()
    }

    /// The weights at the lowest point of the loss's quadratic approximation.
    fn step(&self, targets: &[f64], penalty: Penalty) -> Vec<f64> {
        let likely: Vec<f64> = self.margins.iter().map(|z| logistic(*z)).collect();
        let curvature: Vec<f64> = likely.iter().map(|p| (p * (1.0 - p)).max(1e-4)).collect();
        let mut residual: Vec<f64> =
            targets.iter().zip(&likely).zip(&curvature).map(|((t, p), w)| (t - p) / w).collect();
        let steep: Vec<f64> = self
            .columns
            .iter()
            .map(|column| column.iter().map(|(row, value)| curvature[*row] * value * value).sum())
            .collect();
        let mut weights = self.weights.clone();
        for _ in 0..SWEEPS {
            let mut moved: f64 = 0.0;
            for (place, column) in self.columns.iter().enumerate() {
                let pull: f64 =
                    column.iter().map(|(row, value)| curvature[*row] * value * residual[*row]).sum();
                let aim = pull + steep[place] * weights[place];
                let held = if place == 0 { (0.0, 0.0) } else { (penalty.lasso, penalty.ridge) };
                let next = aim.signum() * (aim.abs() - held.0).max(0.0) / (steep[place] + held.1).max(1e-12);
                let change = next - weights[place];
                if change != 0.0 {
                    weights[place] = next;
                    column.iter().for_each(|(row, value)| residual[*row] -= change * value);
                    moved = moved.max(change.abs());
                }
            }
            if moved < 1e-4 {
                break;
            }
        }
        weights
    }
}

static WORDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\p{L}\p{N}]+"));

/// Adds the words of a text, and pairs of adjacent ones, each once, with `place` before them.
pub(crate) fn add_words(signs: &mut Features, place: &str, text: &str) {
    let lower = text.to_lowercase();
    let words: Vec<&str> = WORDS.find_iter(&lower).map(|word| word.as_str()).collect();
    for word in &words {
        signs.insert(format!("{place}{word}"), 1.0);
    }
    for pair in words.windows(2) {
        signs.insert(format!("{place}{} {}", pair[0], pair[1]), 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(text: &str) -> Features {
        let mut signs = Features::new();
        add_words(&mut signs, "", text);
        signs
    }

    #[test]
    fn words_and_their_pairs_are_signs_once_each() {
        let found: Vec<String> = signs("No cells, no Cells").into_keys().collect();
        assert_eq!(found, ["cells", "cells no", "no", "no cells"]);
    }

    #[test]
    fn finds_the_words_that_tell_and_leaves_the_others() {
        let texts: Vec<(Features, bool)> = (0..300)
            .map(|n| {
                let about = n % 3 == 0;
                let word = if about { "apoptosis" } else { "therapy" };
                (signs(&format!("cells {word} {}", ["here", "there"][n / 3 % 2])), about)
            })
            .collect();
        let rows: Vec<(&Features, bool)> = texts.iter().map(|(signs, about)| (signs, *about)).collect();
        let fitted = Linear::fit(&rows, Penalty { lasso: 1.0, ridge: 0.0, rows: 3 });
        assert!(fitted.log_odds(&signs("cells apoptosis now")) > 2.0, "{fitted:?}");
        assert!(fitted.log_odds(&signs("cells therapy now")) < -2.0, "{fitted:?}");
        assert!(!fitted.weights.contains_key("here") && !fitted.weights.contains_key("cells"), "{fitted:?}");
        assert!(fitted.log_probability(&signs("cells apoptosis")) < 0.0);
    }

    #[test]
    fn is_the_lowest_point_of_its_loss() {
        // Two overlapping features: at the optimum of the ridge the gradient of every weight is its penalty.
        let texts: Vec<(Features, bool)> = (0..60)
            .map(|n| {
                (signs(["a", "a b", "b", "c"][n % 4]), [true, false, true, false][n / 4 % 4] != (n % 7 == 0))
            })
            .collect();
        let rows: Vec<(&Features, bool)> = texts.iter().map(|(signs, right)| (signs, *right)).collect();
        let fitted = Linear::fit(&rows, Penalty { lasso: 0.0, ridge: 0.5, rows: 1 });
        for (sign, weight) in &fitted.weights {
            let gradient: f64 = rows
                .iter()
                .filter(|(signs, _)| signs.contains_key(sign))
                .map(|(signs, right)| f64::from(u8::from(*right)) - logistic(fitted.log_odds(signs)))
                .sum();
            assert!((gradient - 0.5 * weight).abs() < 0.02, "{sign}: {gradient} against {weight}");
        }
        assert_eq!(Linear::fit(&[], Penalty { lasso: 0.0, ridge: 1.0, rows: 1 }), Linear::default());
    }
}
