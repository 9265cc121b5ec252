//! How weights move: Adam's numbers and the learning rate's way.

use serde::{Deserialize, Serialize};

/// Adam with decoupled weight decay, or Muon beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimizer {
    /// Whether Muon moves the matrices of the layers (Jordan et al. 2024), with steps as large as Adam's; Adam moves the rest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muon: bool,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Updates until it is reached, linearly.
    #[serde(default, skip_serializing_if = "is_none")]
    pub warmup: u64,
    /// The share of the run until it is reached, where the schedule is [`Schedule::Linear`].
    #[serde(default, skip_serializing_if = "is_no_share")]
    pub warmup_share: f64,
    /// The learning rate that the warm-up begins from.
    #[serde(default)]
    pub warmup_from: f64,
    /// What it does afterwards.
    pub schedule: Schedule,
    /// Updates in all; 0 where `epochs` says when to end.
    #[serde(default)]
    pub updates: u64,
    /// Epochs in all; 0 where `updates` says when to end.
    #[serde(default)]
    pub epochs: u64,
    /// Moments' decays.
    #[serde(default = "default_betas")]
    pub betas: [f64; 2],
    /// Keeps the division finite.
    #[serde(default = "default_epsilon")]
    pub epsilon: f64,
    /// Decoupled weight decay.
    #[serde(default = "default_weight_decay")]
    pub weight_decay: f64,
    /// Largest norm of the gradient; 0 for no clipping.
    #[serde(default)]
    pub clip: f64,
}

const fn is_none(count: &u64) -> bool {
    *count == 0
}
fn is_no_share(share: &f64) -> bool {
    *share == 0.0
}
const fn default_betas() -> [f64; 2] {
    [0.9, 0.98]
}
const fn default_epsilon() -> f64 {
    1e-8
}
const fn default_weight_decay() -> f64 {
    0.01
}

/// Learning rate after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// peak · sqrt(warmup / update), as BioGPT's pre-training.
    InverseSquareRoot,
    /// Half a cosine down to a tenth of the peak at the last update.
    Cosine,
    /// At the peak until the last fifth of the updates, then linearly to a fiftieth of it: a run can be prolonged
    /// from any point before the fall (Hägele et al. 2024).
    Trapezoid,
    /// In a straight line to 0 at the end of the run, after a warm-up of a share of it (slanted triangular).
    Linear,
}

impl Optimizer {
    /// Whether a run is at its end after `update` updates that read `consumed` places, of which an epoch has `epoch`.
    #[must_use]
    pub const fn is_over(&self, update: u64, consumed: u64, epoch: u64) -> bool {
        if self.epochs > 0 { consumed >= self.epochs * epoch } else { update >= self.updates }
    }

    /// The learning rate of an update, counted from 1; `shares` are those of the run that are done before and after it.
    #[must_use]
    pub fn rate(&self, update: u64, shares: [f64; 2]) -> f64 {
        if self.schedule == Schedule::Linear {
            // The middle of the update: neither the first nor the last one is of no effect.
            let share = (0.5 * (shares[0] + shares[1])).clamp(0.0, 1.0);
            let (rise, fall) = (share / self.warmup_share, (1.0 - share) / (1.0 - self.warmup_share));
            return self.learning_rate * if share < self.warmup_share { rise } else { fall };
        }
        let (step, warmup, all) = (update as f64, self.warmup.max(1) as f64, self.updates as f64);
        if step < warmup {
            return self.warmup_from + (self.learning_rate - self.warmup_from) * step / warmup;
        }
        let share = ((step - warmup) / (all - warmup).max(1.0)).min(1.0);
        self.learning_rate
            * match self.schedule {
                Schedule::InverseSquareRoot => (warmup / step).sqrt(),
                Schedule::Cosine => 0.1 + 0.45 * (1.0 + (std::f64::consts::PI * share).cos()),
                Schedule::Trapezoid | Schedule::Linear => {
                    let fall = (0.2 * all).max(1.0);
                    (((all - step) / fall).clamp(0.0, 1.0)).max(0.02)
                }
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn optimizer(schedule: Schedule) -> Optimizer {
        Optimizer {
            muon: false,
            learning_rate: 1.0,
            warmup: 100,
            warmup_share: 0.0,
            warmup_from: 0.0,
            schedule,
            updates: 1000,
            epochs: 0,
            betas: default_betas(),
            epsilon: 1e-8,
            weight_decay: 0.01,
            clip: 0.0,
        }
    }

    #[test]
    fn schedules_warm_up_and_come_down() {
        for (schedule, middle, last) in [
            (Schedule::InverseSquareRoot, (0.1f64 / 0.55).sqrt(), 0.1f64.sqrt()),
            (Schedule::Cosine, 0.55, 0.1),
            (Schedule::Trapezoid, 1.0, 0.02),
        ] {
            let o = optimizer(schedule);
            assert!((o.rate(50, [0.0; 2]) - 0.5).abs() < 1e-9);
            assert!((o.rate(100, [0.0; 2]) - 1.0).abs() < 1e-9);
            assert!((o.rate(550, [0.0; 2]) - middle).abs() < 1e-2, "{schedule:?} {}", o.rate(550, [0.0; 2]));
            assert!((o.rate(1000, [0.0; 2]) - last).abs() < 1e-9, "{schedule:?} {}", o.rate(1000, [0.0; 2]));
        }
    }

    #[test]
    fn a_warm_up_may_begin_above_zero() {
        let o = Optimizer { warmup_from: 0.2, ..optimizer(Schedule::InverseSquareRoot) };
        assert!((o.rate(50, [0.0; 2]) - 0.6).abs() < 1e-9 && (o.rate(100, [0.0; 2]) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_linear_rate_rises_and_falls_with_the_share_of_the_run_that_is_done() {
        let o = Optimizer { warmup: 0, warmup_share: 0.1, ..optimizer(Schedule::Linear) };
        let rate = |share: f64| o.rate(1, [share, share]);
        assert!((rate(0.05) - 0.5).abs() < 1e-9 && (rate(0.1) - 1.0).abs() < 1e-9);
        assert!((rate(0.55) - 0.5).abs() < 1e-9 && rate(1.0) == 0.0);
        assert!(o.rate(1, [0.0, 0.01]) > 0.0 && o.rate(100, [0.99, 1.0]) > 0.0, "each update moves");
        let at_once = Optimizer { warmup_share: 0.0, ..o };
        assert!(at_once.rate(1, [0.0, 0.01]) > 0.99);
    }

    #[test]
    fn a_run_ends_after_its_updates_or_its_epochs() {
        let updates = optimizer(Schedule::Cosine);
        assert!(!updates.is_over(999, 1 << 40, 10) && updates.is_over(1000, 0, 10));
        let epochs = Optimizer { updates: 0, epochs: 3, ..updates };
        assert!(!epochs.is_over(5000, 29, 10) && epochs.is_over(5, 30, 10));
    }
}
