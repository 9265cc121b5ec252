//! The passes of training against the definition: numerical gradients, workers, snapshots.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

use biogpt::network::{Network, Training};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use checkpoints::Config;
use operations::AdamStep;
use training::snapshot::{self, Position};
use training::step::{self, Batch};
use training::update::{Moments, update};

fn tiny() -> Config {
    Config {
        vocab_size: 50,
        hidden_size: 16,
        feed_forward_size: 64,
        heads: 2,
        max_positions: 32,
        ..Config::tiny()
    }
}

fn batch(seed: u32) -> Batch {
    let ids: Vec<u32> = (0..24u32).map(|i| (i * 7 + seed * 13 + 3) % 50).collect();
    let targets = ids.iter().map(|i| (i * 3 + 1) % 50).collect();
    let weights = (0..24).map(|i| if i % 5 == 0 { 0.0 } else { 1.0 }).collect();
    Batch { rows: 2, length: 12, ids, targets, weights, prefixes: Vec::new(), readings: Vec::new() }
}

/// Squares and products of all weights: equal only for equal networks.
struct Fingerprint(Vec<u32>);

impl ModuleVisitor for Fingerprint {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = param.val().inner().into_data();
        self.0.extend(data.as_slice::<f32>().unwrap().iter().map(|v| v.to_bits()));
    }
}

fn fingerprint(network: &Network) -> Vec<u32> {
    let mut visitor = Fingerprint(Vec::new());
    network.visit(&mut visitor);
    visitor.0
}

#[test]
fn a_step_against_the_gradient_lowers_the_loss_as_much_as_the_gradient_says() {
    // Causal; one sequence read in both directions beside one of which the beginning is.
    for prefixes in [vec![], vec![12, 5]] {
        falls_along_the_gradient(&Batch { prefixes, ..batch(1) });
    }
}

fn falls_along_the_gradient(batch: &Batch) {
    let device = Device::flex().autodiff();
    let network = Network::init(&tiny(), 3, &device);
    let training = Training {
        hidden_dropout: 0.1,
        attention_dropout: 0.1,
        activation_dropout: 0.1,
        seed: 9,
        ..Training::default()
    };
    let (loss, gradients) = step::gradients(&network, batch, &training, &device);
    let norm = step::norm(&network, &gradients);
    // Along the gradient the loss changes by step · |gradient|², with the same dropout masks.
    struct Move<'a>(&'a burn::optim::GradientsParams, f64);
    impl burn::module::ModuleMapper for Move<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(gradient) = self.0.get::<D>(param.id) else { return param };
            let by = self.1;
            param.map(|w| Tensor::from_inner(w.inner() - gradient * by).require_grad())
        }
    }
    let h = 1e-3 / norm;
    let moved = network.clone().map(&mut Move(&gradients, h));
    let (after, _) = step::gradients(&moved, batch, &training, &device);
    let (expected, found) = (h * norm * norm, loss - after);
    assert!((found / expected - 1.0).abs() < 0.05, "loss fell by {found} instead of {expected}");
}

#[test]
fn workers_give_the_same_sums_as_one_after_another() {
    let device = Device::flex().autodiff();
    let network = Network::init(&tiny(), 3, &device);
    let batches = [batch(1), batch(2), batch(3)];
    let training = Training::default();
    let pool = || rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (alone, a) = step::accumulate(&network, &batches, &training, &device, &[]);
    let (together, b) = step::accumulate(&network, &batches, &training, &device, &[pool(), pool()]);
    assert_eq!(alone.to_bits(), together.to_bits());
    assert_eq!(step::norm(&network, &a).to_bits(), step::norm(&network, &b).to_bits());
}

#[test]
fn several_devices_give_the_gradients_of_one() {
    let device = Device::flex().autodiff();
    let network = Network::init(&tiny(), 3, &device);
    let batches = [batch(1), batch(2), batch(3)];
    let training = Training { hidden_dropout: 0.1, seed: 4, ..Training::default() };
    let (alone, a) = step::accumulate(&network, &batches, &training, &device, &[]);
    let two = [device.clone(), device.clone()];
    let (together, b) = step::accumulate_over(&network, &batches, &training, &two);
    assert!((alone / together - 1.0).abs() < 1e-6, "{alone} {together}");
    let (a, b) = (step::norm(&network, &a), step::norm(&network, &b));
    assert!((a / b - 1.0).abs() < 1e-5, "{a} {b}");
}

#[test]
fn a_run_continued_from_a_snapshot_is_the_run_that_never_stopped_to_the_bit() {
    [false, true].into_iter().for_each(continues_to_the_bit);
}

fn continues_to_the_bit(muon: bool) {
    let device = Device::flex().autodiff();
    let how = |update| AdamStep {
        learning_rate: 1e-2,
        beta_1: 0.9,
        beta_2: 0.98,
        epsilon: 1e-8,
        weight_decay: 0.01,
        gradient_scale: 0.1,
        step: update,
    };
    let run = |mut network: Network, moments: &mut Moments, updates: std::ops::RangeInclusive<u32>| {
        for number in updates {
            let training = Training { hidden_dropout: 0.1, seed: u64::from(number), ..Training::default() };
            let (_, gradients) = step::accumulate(&network, &[batch(number)], &training, &device, &[]);
            network = update(network, gradients, moments, how(number), muon);
        }
        network
    };
    let mut moments = Moments::default();
    let straight = run(Network::init(&tiny(), 5, &device), &mut moments, 1..=20);

    let folder = tempfile::tempdir().unwrap();
    let mut moments = Moments::default();
    let half = run(Network::init(&tiny(), 5, &device), &mut moments, 1..=10);
    let position =
        Position { update: 10, consumed: 7, tokens: 240, seconds: 1.5, recipe: "r".into(), data: "d".into() };
    snapshot::write(folder.path(), &half, &moments, &position).unwrap();
    let (resumed, state) =
        snapshot::read(folder.path(), Network::init(&tiny(), 99, &device), &device).unwrap();
    let (mut moments, read) = state.unwrap();
    assert_eq!(read, position);
    assert!(fingerprint(&resumed) == fingerprint(&half));
    let resumed = run(resumed, &mut moments, 11..=20);
    assert!(fingerprint(&resumed) == fingerprint(&straight), "the resumed run went elsewhere");
}

#[test]
fn a_snapshot_of_another_shape_is_refused_by_name() {
    let device = Device::flex().autodiff();
    let folder = tempfile::tempdir().unwrap();
    let network = Network::init(&tiny(), 5, &device);
    snapshot::write(folder.path(), &network, &Moments::default(), &Position::default()).unwrap();
    let other = Network::init(&Config { vocab_size: 51, ..tiny() }, 5, &device);
    let error = snapshot::read(folder.path(), other, &device).unwrap_err().to_string();
    assert!(error.contains("embed_tokens") && error.contains("[50, 16]"), "{error}");
}
