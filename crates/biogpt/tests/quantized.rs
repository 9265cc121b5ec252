//! Quantized weights: close to the floats, the same whether made at import or at load, the same however they are read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

use biogpt::model::WeightType;
use biogpt::{Config, Network, Training, Visibility};
use burn::tensor::{Device, Int, Tensor, TensorData};

fn config() -> Config {
    Config {
        vocab_size: 515,
        hidden_size: 128,
        layers: 4,
        heads: 4,
        feed_forward_size: 512,
        max_positions: 64,
        ..Config::base()
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().unwrap()
}

fn ids(length: usize, config: &Config) -> Vec<u32> {
    (0..length as u32).map(|i| (i * 7919 + 2) % config.vocab_size as u32).collect()
}

/// Logits of every position of a text, `[length, vocabulary]`.
fn logits(network: &Network, ids: &[u32], device: &Device) -> Vec<f32> {
    let input: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
    let input = Tensor::<2, Int>::from_data(TensorData::new(input, [1, ids.len()]), device);
    let hidden = network.forward(input, &Visibility::Causal, &Training::default());
    let [_, length, d] = hidden.dims();
    values(network.logits(hidden.reshape([length, d])))
}

/// Root of the mean squared difference over the standard deviation of what is expected.
fn relative_error(found: &[f32], expected: &[f32]) -> f64 {
    let n = expected.len() as f64;
    let mean = expected.iter().map(|e| f64::from(*e)).sum::<f64>() / n;
    let variance = expected.iter().map(|e| (f64::from(*e) - mean).powi(2)).sum::<f64>() / n;
    let squared = found.iter().zip(expected).map(|(f, e)| f64::from(f - e).powi(2)).sum::<f64>() / n;
    (squared / variance).sqrt()
}

#[test]
fn logits_stay_as_close_as_rounding_allows() {
    let (device, config) = (Device::flex(), config());
    let network = Network::init(&config, 7, &device);
    let ids = ids(48, &config);
    let expected = logits(&network, &ids, &device);
    // Rounding to steps of s adds noise of s/√12 a weight. In a block of 32 normal weights of deviation 1 the largest is
    // about 2.1, so s is 2.1/127 at 8 bits and 2.1/8 at 4: relative noise of 0.5 % and 7.6 % a product, and 0.5 % more
    // from activations, which are rounded to 8 bits: 0.7 % and 7.6 % together. Independent noise of the products along
    // the depth (embedding, head, and 4 layers of up to 4 in a row, which the residual stream dilutes) adds up to at
    // most √(2 + 16) = 4.2 times that; half of this bound is typical.
    for (weights, limit) in [(WeightType::Q8, 0.03), (WeightType::Q4, 0.32)] {
        let quantized = network.clone().quantize(weights.bits().unwrap());
        let error = relative_error(&logits(&quantized, &ids, &device), &expected);
        eprintln!("{weights:?}: relative error of the logits {error:.4}");
        assert!(error < limit && error > limit / 100.0, "{weights:?}: {error}");
    }
}

#[test]
fn batches_and_steps_give_the_same_as_whole_texts() {
    let (device, config) = (Device::flex(), config());
    for weights in [WeightType::Q8, WeightType::Q4] {
        let network = Network::init(&config, 3, &device).quantize(weights.bits().unwrap());
        let ids = ids(24, &config);
        let whole = logits(&network, &ids, &device);
        let mut alone: Option<Vec<f32>> = None;
        for rows in [1, 3] {
            let mut cache = network.cache(&config, rows);
            let mut found = Vec::new();
            // A prompt, then single tokens.
            for part in [&ids[..10], &ids[10..11], &ids[11..12], &ids[12..24]] {
                let hidden = network.extend(&vec![part; rows], &mut cache);
                let from = (rows - 1) * part.len();
                let hidden = hidden.slice([from..rows * part.len(), 0..config.hidden_size]);
                found.extend(values(network.logits(hidden)));
            }
            // The cache rounds keys and values to 11 bits, and what they move takes activations over the middle between
            // two of their 8-bit codes. Were every code drawn anew, that would be √2 of the noise of rounding activations:
            // 0.7 % a product, 3 % of the logits by the bound above.
            let error = relative_error(&found, &whole);
            assert!(error < 0.01, "{weights:?}, {rows} rows: {error}");
            // Beside others a text is what it is alone, to the bit.
            assert!(
                alone.as_ref().is_none_or(|alone| *alone == found),
                "{weights:?}, {rows} rows against one"
            );
            alone.get_or_insert(found);
        }
    }
}

#[test]
fn what_cannot_be_quantized_stays() {
    let device = Device::flex();
    // 48 is no whole number of blocks of 32.
    let config = Config { hidden_size: 48, feed_forward_size: 96, ..config() };
    let network = Network::init(&config, 1, &device);
    let ids = ids(8, &config);
    let expected = logits(&network, &ids, &device);
    let found = logits(&network.quantize(WeightType::Q8.bits().unwrap()), &ids, &device);
    // The map back from 96 inner values is quantized, the rest is not.
    assert!(found != expected && relative_error(&found, &expected) < 0.02);
}
