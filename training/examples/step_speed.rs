//! Tokens a second of a training step with random data:
//! `step_speed LAYERS D HEADS VOCABULARY SEQUENCE ROWS WORKERS f32|bf16 [whole] [muon] [encoder]`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement at the terminal")]
use bert::model::random_network;
use bert::{BertConfig, Family, Head};
use biogpt::network::{Network, Training};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use checkpoints::{Activation, Config};
use operations::Precision;
use std::time::Instant;
use training::encoders::{self, Targets};
use training::step::{self, Batch, Pass, Trained};
use training::update::{Moments, update};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Leaves;

impl ModuleMapper for Leaves {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(Tensor::require_grad)
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n = |i: usize| args[i].parse::<usize>().unwrap();
    let (layers, d, heads, vocabulary, sequence, rows, workers) = (n(1), n(2), n(3), n(4), n(5), n(6), n(7));
    let precision = if args[8] == "bf16" { Precision::Bf16 } else { Precision::F32 };
    let [whole, muon, encoder] =
        ["whole", "muon", "encoder"].map(|word| args[9..].iter().any(|arg| arg == word));
    let config = Config {
        layers,
        hidden_size: d,
        heads,
        feed_forward_size: 4 * d,
        vocab_size: vocabulary,
        ..Config::starter()
    };
    let device = Device::flex().autodiff();
    if encoder {
        let config = BertConfig {
            family: Family::Bert,
            head: Head::TokenClassification,
            labels: ["O", "B-Disease", "I-Disease"].map(str::to_owned).to_vec(),
            multi_label: false,
            vocab_size: vocabulary,
            hidden_size: d,
            layers,
            heads,
            feed_forward_size: 4 * d,
            position_rows: 512,
            segments: 2,
            activation: Activation::Gelu,
            layer_norm_epsilon: 1e-12,
            pad_id: 0,
            tied_head: true,
        };
        let text = |s: usize| encoders::Example {
            ids: (0..sequence).map(|i| ((i * 7919 + s * 104_729) % vocabulary) as u32).collect(),
            segments: vec![0; sequence],
            targets: Targets::Tokens((0..sequence).map(|i| Some(i % 3)).collect()),
        };
        let batch = |s: usize| encoders::Batch { texts: (0..rows).map(|row| text(s * rows + row)).collect() };
        let batches: Vec<_> = (0..workers.max(1)).map(batch).collect();
        let network = random_network(&config, 1, &device).unwrap().map(&mut Leaves);
        return measure(network, &batches, workers, precision, muon);
    }
    let network = Network::init(&config, 1, &device);
    let batch = |s: usize| {
        let ids: Vec<u32> =
            (0..rows * sequence).map(|i| ((i * 7919 + s * 104_729) % vocabulary) as u32).collect();
        let prefixes = vec![if whole { sequence } else { 0 }; rows];
        // As in masked windows, of which a fifth is predicted.
        let weights = (0..ids.len()).map(|i| if whole && i % 5 > 0 { 0.0 } else { 1.0 }).collect();
        Batch { rows, length: sequence, targets: ids.clone(), weights, ids, prefixes, readings: Vec::new() }
    };
    let batches: Vec<Batch> = (0..workers.max(1)).map(batch).collect();
    measure(network, &batches, workers, precision, muon);
}

fn measure<N: Trained>(
    mut network: N,
    batches: &[N::Batch],
    workers: usize,
    precision: Precision,
    muon: bool,
) {
    let device = network.place();
    let pools: Vec<_> =
        (0..workers).map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()).collect();
    let mut moments = Moments::default();
    let training = Training { precision, ..Training::default() };
    for i in 0..6 {
        let t = Instant::now();
        let (loss, gradients) = step::accumulate(&network, batches, &training, &device, &pools);
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
        network = update(network, gradients, &mut moments, adam, muon.then_some(precision));
        let tokens = batches.iter().map(|batch| batch.rows() * batch.length()).sum::<usize>() as f64;
        println!(
            "loss {:.3} norm {norm:.2}: passes {passes:.3} s, {:.0} tokens/s; with update {:.0} tokens/s",
            loss / tokens,
            tokens / passes,
            tokens / t.elapsed().as_secs_f64()
        );
    }
}
