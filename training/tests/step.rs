//! The passes of training against the definition: numerical gradients, workers, snapshots.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

use biogpt::heads::{ClassifierShape, HeadsShape, PairsShape, TaggerShape};
use biogpt::network::{Network, Training};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use checkpoints::Config;
use operations::{AdamStep, Precision};
use training::export::{self, About};
use training::reading::{Classes, Pairs, Reading, Tags};
use training::snapshot::{self, Position};
use training::start::Start;
use training::step::{self, Batch, Pass};
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

/// Two files of heads: a tagger and a pair scorer, and a classifier of other terms.
fn heads() -> Vec<HeadsShape> {
    let labels = |count: usize| (0..count).map(|i| i.to_string()).collect::<Vec<_>>();
    let pairs = PairsShape { name: "pairs".to_owned(), labels: labels(3), inner: 8, heads: 2, block: 4 };
    let classes =
        ClassifierShape { name: "classes".to_owned(), labels: labels(2), exclusive: false, inner: 8 };
    vec![
        HeadsShape {
            mentions: Some(TaggerShape { kinds: labels(2), hints: 1, inner: 8 }),
            pairs: vec![pairs],
            classes: Vec::new(),
        },
        HeadsShape { classes: vec![classes], ..HeadsShape::default() },
    ]
}

fn with_heads(mut network: Network, device: &Device) -> Network {
    network.heads = biogpt::heads::init(&heads(), 16, 5, device);
    network
}

/// A text of 12 tokens that is read whole, and teaches the heads of one file.
fn read_whole(file: usize) -> Batch {
    let tags = Tags {
        file,
        classes: (0..24).map(|i| (i % 5) as u8 % 3).collect(),
        taught: vec![1.0, 0.5],
        hints: (0..12u8).map(|i| f32::from(i % 2)).collect(),
    };
    let pairs = Pairs {
        file,
        head: 0,
        entities: vec![vec![1..2, 5..7], vec![3..4], vec![8..11]],
        pairs: vec![(0, 1), (0, 2)],
        labels: vec![2, 0],
        weights: vec![1.0, 2.0],
    };
    let classes = Classes {
        file,
        head: 0,
        exclusive: false,
        parts: vec![0..12, 2..6],
        labels: vec![true, false, false, true],
        weight: 1.0,
    };
    let reading = match file {
        0 => Reading { tags: Some(tags), pairs: vec![pairs], classes: Vec::new() },
        _ => Reading { classes: vec![classes], ..Reading::default() },
    };
    let ids: Vec<u32> = (0..12u32).map(|i| (i * 7 + 5) % 50).collect();
    Batch {
        rows: 1,
        length: 12,
        targets: ids.clone(),
        ids,
        weights: vec![0.0; 12],
        prefixes: vec![12],
        readings: vec![reading],
    }
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
    // Mentions and pairs in a text that is read whole.
    falls_along_the_gradient(&read_whole(0));
}

#[test]
fn what_has_other_terms_does_not_reach_the_shared_weights() {
    let device = Device::flex().autodiff();
    let network = with_heads(Network::init(&tiny(), 3, &device), &device);
    let moved = |file: usize| {
        let (loss, gradients) = step::gradients(&network, &read_whole(file), &Training::default(), &device);
        assert!(loss > 0.0);
        let gradient = gradients.get::<2>(network.embed_positions.id);
        gradient.map_or(0.0, |gradient| gradient.abs().sum().into_scalar::<f32>())
    };
    assert!(moved(0) > 0.0);
    assert_eq!(moved(1), 0.0);
}

#[test]
fn heads_learn_their_texts_by_heart_and_say_the_same_from_a_model_folder() {
    let device = Device::flex().autodiff();
    let tokenizer = tokenizer::Tokenizer::from_dir(std::path::Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/smoke/tokenizer"
    )))
    .unwrap();
    let config = Config { vocab_size: tokenizer.vocab_size(), ..tiny() };
    let mut start = Start::new(config, tokenizer, 3, &device).with_heads(heads(), 5);
    let batches = [read_whole(0), read_whole(1)];
    let weight: f64 = batches.iter().map(Batch::weight).sum();
    let mut moments = Moments::default();
    let mut last = f64::INFINITY;
    for number in 1..=150 {
        let how = AdamStep {
            learning_rate: 1e-2,
            beta_1: 0.9,
            beta_2: 0.98,
            epsilon: 1e-8,
            weight_decay: 0.0,
            gradient_scale: (1.0 / weight) as f32,
            step: number,
        };
        let (loss, gradients) =
            step::accumulate(&start.network, &batches, &Training::default(), &device, &[]);
        start.network = update(start.network, gradients, &mut moments, how, None);
        last = loss / weight;
    }
    assert!(last < 0.05, "the loss is {last}");

    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("model");
    let about = About { licence: "open".to_owned(), ..About::default() };
    let manifest = export::own(&start, &to, &about, biogpt::model::WeightType::F32).unwrap();
    assert_eq!(
        manifest.heads.iter().map(|own| own.file.as_str()).collect::<Vec<_>>(),
        ["heads.bpk", "heads-research.bpk"]
    );
    assert_eq!(manifest.heads[0].licence, "open");
    assert!(manifest.heads[1].licence.contains("research only"));
    manifest.verify(&to).unwrap();

    let model = biogpt::Model::load(&to, &Device::flex()).unwrap();
    let text = &model.read_whole(&[&batches[0].ids])[0];
    let (index, labels) = model.pair_scorer("pairs").unwrap();
    assert_eq!(labels, ["0", "1", "2"]);
    let pairs = &batches[0].readings[0].pairs[0];
    let found = model.pairs(text, index, &pairs.entities, &pairs.pairs).unwrap();
    assert!(found[0][2] > -0.2 && found[1][0] > -0.2, "{found:?}");
    let tags = batches[0].readings[0].tags.as_ref().unwrap();
    let said = model.tags(text, tags.hints.clone()).unwrap();
    let right = |(i, class): (usize, &u8)| said[3 * i + usize::from(*class)] > -0.5;
    assert!(tags.classes.iter().enumerate().all(right));
    let (index, _) = model.classifier("classes").unwrap();
    let classes = &batches[1].readings[0].classes[0];
    let other = &model.read_whole(&[&batches[1].ids])[0];
    let found = model.classes(other, index, &classes.parts).unwrap().concat();
    assert!(found.iter().zip(&classes.labels).all(|(p, holds)| (*p > 0.5) == *holds), "{found:?}");

    // A run goes on from the folder with the same heads.
    let again = Start::open(&to, &device).unwrap();
    assert_eq!(again.heads, start.heads);
    assert_eq!(again.network.heads.len(), 2);
}

fn falls_along_the_gradient(batch: &Batch) {
    let device = Device::flex().autodiff();
    let network = with_heads(Network::init(&tiny(), 3, &device), &device);
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
    [None, Some(Precision::F32), Some(Precision::Bf16)].into_iter().for_each(continues_to_the_bit);
}

fn continues_to_the_bit(muon: Option<Precision>) {
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
