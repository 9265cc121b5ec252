//! What a run shows while it goes on: a screen where a terminal is attached, plain lines otherwise, and speeds held
//! against what the machine can do.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use burn::tensor::{Device, Distribution, Tensor};
use checkpoints::{BertConfig, Config};
use operations::Precision;

use crate::screen::{Measured, Screen};
use crate::terminal::{INTERRUPTED, Terminal};

/// Whether a signal has asked the process to stop.
static SIGNALLED: AtomicBool = AtomicBool::new(false);

/// A line of progress, for people and for log files alike.
#[expect(clippy::print_stderr, reason = "this is a program's progress; results go to files")]
pub fn log(line: &str) {
    eprintln!("{line}");
}

/// From now on SIGINT, SIGTERM and SIGHUP stop a run after its current update, with a snapshot; a second one ends the process
/// at once.
pub fn stop_on_signals() {
    // Without the handler a signal ends the process, as it does by default.
    let _ = ctrlc::try_set_handler(|| {
        if SIGNALLED.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED);
        }
    });
}

/// Whether a signal has asked the process to stop.
#[must_use]
pub fn is_signalled() -> bool {
    SIGNALLED.load(Ordering::SeqCst)
}

/// Whether there is someone before a terminal that a screen can be drawn on.
#[must_use]
pub fn is_watched() -> bool {
    std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal()
        && std::io::stderr().is_terminal()
        && std::env::var_os("TERM").is_none_or(|kind| kind != "dumb")
}

/// The progress of one run.
pub struct Progress {
    terminal: Option<Terminal>,
}

impl Progress {
    /// On this screen if there is one and the terminal can show it; in lines otherwise.
    #[must_use]
    pub fn new(screen: Option<Screen>) -> Self {
        let terminal = screen.and_then(|screen| {
            Terminal::open(screen).inspect_err(|e| log(&format!("plain lines, for no screen: {e}"))).ok()
        });
        Self { terminal }
    }

    /// An update was made, and `share` of the run is done.
    pub fn update(&self, update: u64, share: f64, measured: Measured) {
        self.show(|screen, now| screen.update(update, share, measured, now));
    }

    /// The line of the updates since the last such line.
    pub fn measured(&self, line: &str) {
        self.show(|screen, _| screen.measured());
        self.line(line);
    }

    /// The line of a validation.
    pub fn validated(&self, loss: f64, line: &str) {
        self.show(|screen, _| screen.validated(loss));
        self.line(line);
    }

    /// A snapshot was written.
    pub fn saved(&self) {
        self.show(|screen, now| screen.saved(now));
    }

    /// A line that stays.
    pub fn line(&self, line: &str) {
        match &self.terminal {
            Some(_) => self.show(|screen, _| screen.line(line)),
            None => log(line),
        }
    }

    /// Whether a key or a signal asked the run to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        is_signalled() || self.terminal.as_ref().is_some_and(|terminal| terminal.screen().0.is_stopping())
    }

    fn show(&self, change: impl FnOnce(&mut Screen, Duration)) {
        if let Some(terminal) = &self.terminal {
            let (mut screen, now) = terminal.screen();
            change(&mut screen, now);
        }
    }
}

/// Floating point operations of one forward and backward pass for each token of a sequence: six for each weight of a
/// matrix product (Kaplan et al. 2020, with the head and without the embedding's look-up), and attention's.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    weights: f64,
    /// For each position of the sequence: half of the products where a token sees only those before it.
    position: f64,
}

impl Cost {
    /// Of BioGPT's network, that reads causally.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let (d, inner, layers) =
            (config.hidden_size as f64, config.feed_forward_size as f64, config.layers as f64);
        let weights = layers * (4.0 * d * d + 2.0 * d * inner) + config.vocab_size as f64 * d;
        Self { weights, position: 6.0 * layers * d }
    }

    /// Of an encoder, that reads whole; its classes cost nothing to speak of.
    #[must_use]
    pub fn of_encoder(config: &BertConfig) -> Self {
        let (d, inner, layers) =
            (config.hidden_size as f64, config.feed_forward_size as f64, config.layers as f64);
        Self { weights: layers * (4.0 * d * d + 2.0 * d * inner), position: 12.0 * layers * d }
    }

    /// Of each token of a sequence of this length.
    #[must_use]
    pub fn of_token(&self, sequence: usize) -> f64 {
        6.0 * self.weights + self.position * sequence as f64
    }
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
        let cost = Cost::of(&config);
        let without_attention = cost.of_token(0);
        let products = config.parameters() as f64 - 1026.0 * 1024.0;
        assert!((without_attention / (6.0 * products) - 1.0).abs() < 0.01, "{without_attention}");
        assert!(cost.of_token(1024) > 1.05 * without_attention);
    }

    #[test]
    fn a_product_takes_time() {
        let peak = matmul_peak(&Device::flex(), 256, Precision::F32);
        assert!(peak.is_finite() && peak > 1e6, "{peak}");
    }
}
