//! From scores to probabilities: Platt scaling and isotonic regression, fitted on data with known answers, and the
//! figures of how well probabilities are calibrated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::pair_features::{FEATURES, PairFeatures};

/// A map from a score to a probability, stored with the weights it was fitted for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "method")]
pub enum Calibration {
    /// `1 / (1 + exp(-(slope * score + intercept)))` (Platt, 1999), with what the text shows added to the log-odds.
    Platt {
        /// Steepness; positive if higher scores are better.
        slope: f64,
        /// Log-odds at score 0.
        intercept: f64,
        /// What each feature of [`PairFeatures`] adds to the log-odds, by its name; empty if only the score counts.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        evidence: BTreeMap<String, f64>,
    },
    /// A rising line through points (Zadrozny and Elkan, 2002), flat outside them.
    Isotonic {
        /// Scores, rising.
        scores: Vec<f64>,
        /// Their probabilities, rising.
        probabilities: Vec<f64>,
    },
}

impl Calibration {
    /// The probability of a score, between 0 and 1; 0.5 for what is not a number.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        self.probability_with(score, &PairFeatures::default())
    }

    /// The same, with what the text shows.
    #[must_use]
    pub fn probability_with(&self, score: f64, shown: &PairFeatures) -> f64 {
        if score.is_nan() {
            return 0.5;
        }
        match self {
            Self::Platt { slope, intercept, evidence } => {
                let added: f64 = shown
                    .named()
                    .map(|(sign, value)| value * evidence.get(sign).copied().unwrap_or(0.0))
                    .sum();
                logistic(slope * score + intercept + added)
            }
            Self::Isotonic { scores, probabilities } => {
                let after = scores.partition_point(|known| *known <= score);
                let (Some(first), Some(last)) = (probabilities.first(), probabilities.last()) else {
                    return 0.5;
                };
                if after == 0 {
                    return *first;
                }
                let (Some(left), Some(right)) = (scores.get(after - 1), scores.get(after)) else {
                    return *last;
                };
                let part = (score - left) / (right - left);
                probabilities[after - 1] + part * (probabilities[after] - probabilities[after - 1])
            }
        }
    }

    /// Fits Platt's two numbers, with his prior that keeps them finite where the classes are separable (Lin, Lin and
    /// Weng, 2007). `None` without data.
    #[must_use]
    pub fn fit_platt(data: &[(f64, bool)]) -> Option<Self> {
        let data = finite(data);
        let rows: Vec<(Vec<f64>, bool)> =
            data.into_iter().map(|(score, right)| (vec![1.0, score], right)).collect();
        let weights = logistic_regression(&rows, 0.0)?;
        Some(Self::Platt { slope: weights[1], intercept: weights[0], evidence: BTreeMap::new() })
    }

    /// The same, together with the weights of the features, which a ridge of 1 keeps small where the data say little.
    #[must_use]
    pub fn fit_with_evidence(data: &[(f64, PairFeatures, bool)]) -> Option<Self> {
        let rows: Vec<(Vec<f64>, bool)> = data
            .iter()
            .filter(|(score, _, _)| score.is_finite())
            .map(|(score, shown, right)| ([1.0, *score].into_iter().chain(shown.0).collect(), *right))
            .collect();
        let weights = logistic_regression(&rows, 1.0)?;
        let evidence =
            FEATURES.iter().map(|sign| (*sign).to_owned()).zip(weights[2..].iter().copied()).collect();
        Some(Self::Platt { slope: weights[1], intercept: weights[0], evidence })
    }

    /// Fits a rising line by pooling neighbors that fall. `None` without data.
    #[must_use]
    pub fn fit_isotonic(data: &[(f64, bool)]) -> Option<Self> {
        let mut data = finite(data);
        data.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut pools: Vec<Pool> = Vec::new();
        for (score, right) in data {
            let right = f64::from(u8::from(right));
            match pools.last_mut().filter(|pool| pool.last == score) {
                Some(pool) => pool.add(score, right, 1.0),
                None => pools.push(Pool { first: score, last: score, sum: right, count: 1.0 }),
            }
        }
        let mut rising: Vec<Pool> = Vec::new();
        for mut pool in pools {
            while let Some(before) = rising.pop_if(|before| before.mean() >= pool.mean()) {
                pool = Pool {
                    first: before.first,
                    sum: before.sum + pool.sum,
                    count: before.count + pool.count,
                    ..pool
                };
            }
            rising.push(pool);
        }
        let mut scores = Vec::new();
        let mut probabilities = Vec::new();
        for pool in &rising {
            for score in [pool.first, pool.last] {
                if scores.last() != Some(&score) {
                    scores.push(score);
                    probabilities.push(pool.mean());
                }
            }
        }
        (!scores.is_empty()).then_some(Self::Isotonic { scores, probabilities })
    }
}

#[derive(Debug, Clone, Copy)]
struct Pool {
    first: f64,
    last: f64,
    sum: f64,
    count: f64,
}

impl Pool {
    fn add(&mut self, last: f64, sum: f64, count: f64) {
        self.last = last;
        self.sum += sum;
        self.count += count;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }
}

/// Logistic regression by Newton's method with halved steps; `ridge` is put on all weights but the first two. `None`
/// without data.
fn logistic_regression(rows: &[(Vec<f64>, bool)], ridge: f64) -> Option<Vec<f64>> {
    let size = rows.first()?.0.len();
    let positive = rows.iter().filter(|(_, right)| *right).count() as f64;
    let negative = rows.len() as f64 - positive;
    let target =
        |right: bool| if right { (positive + 1.0) / (positive + 2.0) } else { 1.0 / (negative + 2.0) };
    let penalty = |place: usize| if place < 2 { 0.0 } else { ridge };
    let dot = |weights: &[f64], row: &[f64]| weights.iter().zip(row).map(|(w, x)| w * x).sum::<f64>();
    let loss = |weights: &[f64]| -> f64 {
        let data: f64 = rows
            .iter()
            .map(|(row, right)| {
                let z = dot(weights, row);
                softplus(z) - target(*right) * z
            })
            .sum();
        data + weights.iter().enumerate().map(|(i, w)| penalty(i) * w * w / 2.0).sum::<f64>()
    };
    let mut weights = vec![0.0; size];
    weights[0] = ((positive + 1.0) / (negative + 1.0)).ln();
    let mut current = loss(&weights);
    for _ in 0..100 {
        let mut gradient: Vec<f64> = weights.iter().enumerate().map(|(i, w)| penalty(i) * w).collect();
        let mut curvature: Vec<Vec<f64>> = (0..size)
            .map(|i| (0..size).map(|j| if i == j { 1e-10 + penalty(i) } else { 0.0 }).collect())
            .collect();
        for (row, right) in rows {
            let p = logistic(dot(&weights, row));
            let (d, w) = (p - target(*right), p * (1.0 - p));
            for i in 0..size {
                gradient[i] += d * row[i];
                for j in 0..size {
                    curvature[i][j] += w * row[i] * row[j];
                }
            }
        }
        if gradient.iter().all(|g| g.abs() < 1e-9) {
            break;
        }
        let Some(step) = solved(curvature, gradient) else { break };
        let moved =
            |size: f64| -> Vec<f64> { weights.iter().zip(&step).map(|(w, s)| w - size * s).collect() };
        let better = std::iter::successors(Some(1.0), |size| Some(size / 2.0))
            .take_while(|size| *size > 1e-10)
            .map(|size| (loss(&moved(size)), size))
            .find(|(next, _)| *next < current);
        let Some((next, size)) = better else { break };
        (weights, current) = (moved(size), next);
    }
    Some(weights)
}

/// Solves a symmetric positive system by Gaussian elimination; `None` if it has no single solution.
fn solved(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let size = right.len();
    for i in 0..size {
        let pivot = matrix[i][i];
        if pivot <= 0.0 || !pivot.is_finite() {
            return None;
        }
        for j in i + 1..size {
            let factor = matrix[j][i] / pivot;
            let (above, below) = matrix.split_at_mut(j);
            below[0].iter_mut().zip(&above[i]).skip(i).for_each(|(b, a)| *b -= factor * a);
            right[j] -= factor * right[i];
        }
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|j| matrix[i][j] * right[j]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    Some(right)
}

fn finite(data: &[(f64, bool)]) -> Vec<(f64, bool)> {
    data.iter().copied().filter(|(score, _)| score.is_finite()).collect()
}

pub(crate) fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// `ln(1 + exp(z))` without overflow.
pub(crate) fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// Predictions of similar probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many.
    pub count: usize,
    /// Their mean probability.
    pub predicted: f64,
    /// The part of them that is right.
    pub observed: f64,
}

/// How well probabilities agree with what is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Bins of equal width from 0 to 1; empty ones are left out.
    pub bins: Vec<Bin>,
    /// Expected calibration error: the mean of the bins' differences, by their size.
    pub expected_error: f64,
    /// Mean squared difference of probability and answer (Brier, 1950).
    pub brier: f64,
}

impl Reliability {
    /// Sorts predictions into `bins` bins.
    #[must_use]
    pub fn of(predictions: &[(f64, bool)], bins: usize) -> Self {
        let bins = bins.max(1);
        let mut sums = vec![(0usize, 0.0, 0.0); bins];
        let mut brier = 0.0;
        for (probability, right) in predictions {
            let (probability, right) = (probability.clamp(0.0, 1.0), f64::from(u8::from(*right)));
            let bin = &mut sums[((probability * bins as f64) as usize).min(bins - 1)];
            *bin = (bin.0 + 1, bin.1 + probability, bin.2 + right);
            brier += (probability - right).powi(2);
        }
        let total = predictions.len().max(1) as f64;
        let bins: Vec<Bin> = sums
            .into_iter()
            .filter(|(count, _, _)| *count > 0)
            .map(|(count, p, right)| Bin {
                count,
                predicted: p / count as f64,
                observed: right / count as f64,
            })
            .collect();
        let error = |bin: &Bin| bin.count as f64 / total * (bin.predicted - bin.observed).abs();
        Self { expected_error: bins.iter().map(error).sum(), brier: brier / total, bins }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores of which the given part in ten is right.
    fn data() -> Vec<(f64, bool)> {
        (0..10).flat_map(|level| (0..10).map(move |n| (f64::from(level), n < level))).collect()
    }

    #[test]
    fn platt_finds_the_curve_the_data_lie_on() {
        let curve = |score: f64| logistic(0.8 * score - 2.0);
        let data: Vec<(f64, bool)> = (0..60)
            .flat_map(|n| {
                let score = f64::from(n) / 10.0;
                (0..1000).map(move |k| (score, f64::from(k) < 1000.0 * logistic(0.8 * score - 2.0)))
            })
            .collect();
        let fitted = Calibration::fit_platt(&data).unwrap();
        for score in [0.0, 2.5, 6.0] {
            assert!((fitted.probability(score) - curve(score)).abs() < 0.005, "{fitted:?}");
        }
    }

    #[test]
    fn evidence_is_weighed_as_much_as_it_tells() {
        // The first feature says everything, the score nothing, the second feature is noise.
        let data: Vec<(f64, PairFeatures, bool)> = (0..400)
            .map(|n| {
                let mut shown = PairFeatures::default();
                (shown.0[0], shown.0[1]) = (f64::from(n % 2), f64::from(n / 2 % 2));
                (f64::from(n % 7), shown, n % 2 == 1)
            })
            .collect();
        let fitted = Calibration::fit_with_evidence(&data).unwrap();
        let with = |first: f64, score: f64| {
            let mut shown = PairFeatures::default();
            shown.0[0] = first;
            fitted.probability_with(score, &shown)
        };
        assert!(with(1.0, 3.0) > 0.95 && with(0.0, 3.0) < 0.05, "{fitted:?}");
        assert!((with(1.0, 0.0) - with(1.0, 6.0)).abs() < 0.05, "{fitted:?}");
        let stored = serde_json::to_string(&fitted).unwrap();
        assert_eq!(serde_json::from_str::<Calibration>(&stored).unwrap(), fitted);
    }

    #[test]
    fn isotonic_never_falls_and_goes_through_the_pools() {
        let mut data = data();
        data.extend([(4.5, true), (4.6, false), (4.6, false)]);
        let fitted = Calibration::fit_isotonic(&data).unwrap();
        let mut before = 0.0;
        for step in -10..110 {
            let probability = fitted.probability(f64::from(step) / 10.0);
            assert!((before..=1.0).contains(&probability));
            before = probability;
        }
        assert!((fitted.probability(2.0) - 0.2).abs() < 1e-12);
        assert!((fitted.probability(99.0) - 0.9).abs() < 1e-12);
    }

    #[test]
    fn separable_and_missing_data_are_no_trouble() {
        let separable = [(-1.0, false), (1.0, true), (f64::NAN, true)];
        let fitted = Calibration::fit_platt(&separable).unwrap();
        assert!(fitted.probability(1.0) > 0.5 && fitted.probability(1.0) < 1.0);
        assert!((fitted.probability(f64::NAN) - 0.5).abs() < f64::EPSILON);
        assert_eq!(Calibration::fit_platt(&[]), None);
        assert_eq!(Calibration::fit_isotonic(&[(f64::INFINITY, true)]), None);
    }

    #[test]
    fn calibrated_probabilities_have_no_error() {
        let fitted = Calibration::fit_isotonic(&data()).unwrap();
        let predictions: Vec<(f64, bool)> =
            data().into_iter().map(|(score, right)| (fitted.probability(score), right)).collect();
        let reliability = Reliability::of(&predictions, 10);
        assert!(reliability.expected_error < 1e-9, "{reliability:?}");
        let wrong = Reliability::of(&[(1.0, false), (0.0, true)], 10);
        assert_eq!((wrong.expected_error, wrong.brier, wrong.bins.len()), (1.0, 1.0, 2));
    }
}
