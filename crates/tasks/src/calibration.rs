//! From scores to probabilities: Platt scaling and isotonic regression, fitted on data with known answers, and the
//! figures that tell how well probabilities are calibrated.

use serde::{Deserialize, Serialize};

/// A map from a score to a probability, stored with the weights it was fitted for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "method")]
pub enum Calibration {
    /// `1 / (1 + exp(-(slope * score + intercept)))` (Platt, 1999).
    Platt {
        /// Steepness; positive if higher scores are better.
        slope: f64,
        /// Log-odds at score 0.
        intercept: f64,
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
        if score.is_nan() {
            return 0.5;
        }
        match self {
            Self::Platt { slope, intercept } => logistic(slope * score + intercept),
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

    /// Fits Platt's two numbers by Newton's method, with his prior that keeps them finite where the classes are
    /// separable (Lin, Lin and Weng, 2007). `None` without data.
    #[must_use]
    pub fn fit_platt(data: &[(f64, bool)]) -> Option<Self> {
        let data = finite(data);
        if data.is_empty() {
            return None;
        }
        let positive = data.iter().filter(|(_, right)| *right).count() as f64;
        let negative = data.len() as f64 - positive;
        let target =
            |right: bool| if right { (positive + 1.0) / (positive + 2.0) } else { 1.0 / (negative + 2.0) };
        let loss = |slope: f64, intercept: f64| -> f64 {
            data.iter()
                .map(|(score, right)| {
                    let z = slope * score + intercept;
                    softplus(z) - target(*right) * z
                })
                .sum()
        };
        let (mut slope, mut intercept) = (0.0, ((positive + 1.0) / (negative + 1.0)).ln());
        let mut current = loss(slope, intercept);
        for _ in 0..100 {
            let (mut g, mut h) = ([0.0; 2], [1e-10, 0.0, 1e-10]);
            for (score, right) in &data {
                let p = logistic(slope * score + intercept);
                let (d, w) = (p - target(*right), p * (1.0 - p));
                g = [g[0] + d * score, g[1] + d];
                h = [h[0] + w * score * score, h[1] + w * score, h[2] + w];
            }
            let determinant = h[0] * h[2] - h[1] * h[1];
            if g[0].abs() < 1e-9 && g[1].abs() < 1e-9 || determinant <= 0.0 {
                break;
            }
            let step = [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant];
            let mut size = 1.0;
            let better = loop {
                let next = loss(slope - size * step[0], intercept - size * step[1]);
                if next < current {
                    break Some(next);
                }
                size /= 2.0;
                if size < 1e-10 {
                    break None;
                }
            };
            let Some(next) = better else { break };
            (slope, intercept, current) = (slope - size * step[0], intercept - size * step[1], next);
        }
        Some(Self::Platt { slope, intercept })
    }

    /// Fits a rising line by pooling neighbours that fall. `None` without data.
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

fn finite(data: &[(f64, bool)]) -> Vec<(f64, bool)> {
    data.iter().copied().filter(|(score, _)| score.is_finite()).collect()
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// `ln(1 + exp(z))` without overflow.
fn softplus(z: f64) -> f64 {
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
