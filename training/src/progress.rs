//! What a run shows while it goes on: a bar where a terminal is attached, plain lines otherwise, and speeds held against
//! what the machine can do.

use std::io::IsTerminal;
use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};
use checkpoints::Config;
use indicatif::{ProgressBar, ProgressStyle};
use operations::Precision;

/// A line of progress, for people and for log files alike.
#[allow(clippy::print_stderr, reason = "this is a program's progress; results go to files")]
pub fn log(line: &str) {
    eprintln!("{line}");
}

/// The progress of one run.
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// From update `at` to `end` (0 where it is not known).
    #[must_use]
    pub fn new(at: u64, end: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: None };
        }
        let bar = if end > 0 { ProgressBar::new(end) } else { ProgressBar::new_spinner() };
        let form = "{spinner} {elapsed_precise} [{wide_bar}] {pos}/{len} to go {eta_precise} {msg}";
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.set_position(at);
        bar.reset_eta();
        Self { bar: Some(bar) }
    }

    /// An update was made.
    pub fn update(&self, at: u64, loss: f64, tokens_a_second: f64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("loss {loss:.3} {tokens_a_second:.0} tokens/s"));
            bar.set_position(at);
        }
    }

    /// A line that stays.
    pub fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| log(line)),
            None => log(line),
        }
    }

    /// The run is over.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Floating point operations of one forward and backward pass for each token of a sequence: six for each weight of a
/// matrix product (Kaplan et al. 2020, with the head and without the embedding's look-up), and causal attention's.
#[must_use]
pub fn operations_a_token(config: &Config, sequence: usize) -> f64 {
    let (d, inner) = (config.hidden_size as f64, config.feed_forward_size as f64);
    let weights = config.layers as f64 * (4.0 * d * d + 2.0 * d * inner) + config.vocab_size as f64 * d;
    6.0 * weights + 6.0 * config.layers as f64 * d * sequence as f64
}

/// The most floating point operations a second that a product of two square matrices does on this device, with all cores
/// of a processor: what a run's speed is held against.
#[must_use]
pub fn matmul_peak(device: &Device, side: usize, precision: Precision) -> f64 {
    let device = device.clone().without_autodiff();
    let matrix = || Tensor::<2>::random([side, side], Distribution::Uniform(-1.0, 1.0), &device);
    let (x, weight, bias) = (matrix(), matrix(), Tensor::<1>::zeros([side], &device));
    let mut best: f64 = 0.0;
    let first = Instant::now();
    // Long enough that other programs do not have the cores all the time.
    while best == 0.0 || first.elapsed().as_secs_f64() < 0.3 {
        let start = Instant::now();
        let y = operations::linear(x.clone(), weight.clone(), bias.clone(), precision);
        // Reading a number that needs all of it waits for the device.
        let _ = y.sum().into_data();
        best = best.max(2.0 * (side as f64).powi(3) / start.elapsed().as_secs_f64().max(1e-9));
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_the_published_base_model_costs_what_its_weights_say() {
        let config = Config::base();
        let without_attention = operations_a_token(&config, 0);
        let products = config.parameters() as f64 - 1026.0 * 1024.0;
        assert!((without_attention / (6.0 * products) - 1.0).abs() < 0.01, "{without_attention}");
        assert!(operations_a_token(&config, 1024) > 1.05 * without_attention);
    }

    #[test]
    fn a_product_takes_time() {
        let peak = matmul_peak(&Device::flex(), 256, Precision::F32);
        assert!(peak.is_finite() && peak > 1e6, "{peak}");
    }
}
