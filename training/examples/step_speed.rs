//! Tokens a second of a training step with random data: `step_speed LAYERS D HEADS VOCABULARY SEQUENCE ROWS WORKERS f32|bf16 [whole] [muon]`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement at the terminal")]
use biogpt::network::{Network, Training};
use burn::tensor::Device;
use checkpoints::Config;
use operations::Precision;
use std::time::Instant;
use training::step::{self, Batch};
use training::update::{Moments, update};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n = |i: usize| args[i].parse::<usize>().unwrap();
    let (layers, d, heads, vocabulary, sequence, rows, workers) = (n(1), n(2), n(3), n(4), n(5), n(6), n(7));
    let precision = if args[8] == "bf16" { Precision::Bf16 } else { Precision::F32 };
    let [whole, muon] = ["whole", "muon"].map(|word| args[9..].iter().any(|arg| arg == word));
    let config = Config {
        layers,
        hidden_size: d,
        heads,
        feed_forward_size: 4 * d,
        vocab_size: vocabulary,
        ..Config::starter()
    };
    let device = Device::flex().autodiff();
    let mut network = Network::init(&config, 1, &device);
    let pools: Vec<_> =
        (0..workers).map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()).collect();
    let batch = |s: usize| {
        let ids: Vec<u32> =
            (0..rows * sequence).map(|i| ((i * 7919 + s * 104_729) % vocabulary) as u32).collect();
        let prefixes = vec![if whole { sequence } else { 0 }; rows];
        // As in masked windows, of which a fifth is predicted.
        let weights = (0..ids.len()).map(|i| if whole && i % 5 > 0 { 0.0 } else { 1.0 }).collect();
        Batch { rows, length: sequence, targets: ids.clone(), weights, ids, prefixes, readings: Vec::new() }
    };
    let batches: Vec<Batch> = (0..workers.max(1)).map(batch).collect();
    let mut moments = Moments::default();
    let training = Training { precision, ..Training::default() };
    for i in 0..6 {
        let t = Instant::now();
        let (loss, gradients) = step::accumulate(&network, &batches, &training, &device, &pools);
        let passes = t.elapsed().as_secs_f64();
        let norm = step::norm(&network, &gradients);
        let adam = operations::AdamStep {
            learning_rate: 1e-3,
            beta_1: 0.9,
            beta_2: 0.98,
            epsilon: 1e-8,
            weight_decay: 0.01,
            gradient_scale: 1e-4,
            step: i + 1,
        };
        network = update(network, gradients, &mut moments, adam, muon);
        let tokens = (rows * sequence * batches.len()) as f64;
        println!(
            "loss {:.3} norm {norm:.2}: passes {passes:.3} s, {:.0} tokens/s; with update {:.0} tokens/s",
            loss / tokens,
            tokens / passes,
            tokens / t.elapsed().as_secs_f64()
        );
    }
}
