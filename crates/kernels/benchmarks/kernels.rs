//! How fast each kernel is, in the shapes of the published model (24 layers, 1024 wide, vocabulary 42,384).
//!
//! In this folder: `cargo run --release -- --bench`, or a part of it: `... --bench token`. `OSLER_CPU_LEVEL=avx2` looks at
//! the kernels of a lesser machine. On a machine that does other work its figures are noise.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kernels::activation::Activation;
use kernels::attention::Visibility;
use kernels::cached_attention::{Own, Prefix};
use kernels::matmul::{Into, MatrixMut, MatrixRef, Precision, matmul};
use kernels::quantized::{Bits, Packed};
use kernels::{attention, cached_attention, cross_entropy, few_rows, layer_norm, quantized};

const D: usize = 1024;
const HEADS: usize = 16;
const VOCABULARY: usize = 42_384;
const EPSILON: f32 = 1e-5;

fn values(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..n).map(|_| next()).collect()
}

/// Outputs and inputs of the matrices that one token meets: all layers, and the vocabulary.
fn matrices() -> impl Iterator<Item = (usize, usize)> {
    let layer = [(3 * D, D), (D, D), (4 * D, D), (D, 4 * D)];
    std::iter::repeat_n(layer, 24).flatten().chain([(VOCABULARY, D)])
}

/// All products of a token, or of several at once: the weights come from memory, as when a text is written.
fn token(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("token");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    let longest = 8 * VOCABULARY;
    let x = values(8 * 4 * D, 1);
    let mut y = vec![0.0; longest];
    for bits in [Bits::Eight, Bits::Four] {
        let packed: Vec<(Vec<i32>, usize, usize)> = matrices()
            .map(|(outputs, inputs)| {
                (quantized::pack(&values(outputs * inputs, 2), inputs, bits), outputs, inputs)
            })
            .collect();
        let bytes: usize = packed.iter().map(|(words, ..)| size_of_val(&words[..])).sum();
        for rows in [1, 5, 8] {
            group.throughput(Throughput::Bytes(bytes as u64));
            group.bench_function(BenchmarkId::new(format!("{bits:?} bits"), rows), |bencher| {
                bencher.iter(|| {
                    for (words, outputs, inputs) in &packed {
                        let weights = Packed::new(words, bits, *outputs, *inputs);
                        quantized::linear(&x[..rows * inputs], weights, None, &mut y[..rows * outputs]);
                    }
                    black_box(&y);
                });
            });
        }
    }
    let floats: Vec<(Vec<f32>, usize)> =
        matrices().map(|(outputs, inputs)| (values(outputs * inputs, 2), inputs)).collect();
    let bytes: usize = floats.iter().map(|(weights, _)| size_of_val(&weights[..])).sum();
    for rows in [1, 5] {
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::new("float32", rows), |bencher| {
            bencher.iter(|| {
                for (weights, inputs) in &floats {
                    let outputs = weights.len() / inputs;
                    few_rows::linear(&x[..rows * inputs], weights, None, *inputs, &mut y[..rows * outputs]);
                }
                black_box(&y);
            });
        });
    }
    // What memory gives: a sum of everything, by two threads.
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("read", |bencher| {
        bencher.iter(|| {
            let sum = |part: &[(Vec<f32>, usize)]| -> u32 {
                part.iter().flat_map(|(weights, _)| weights).fold(0, |a, b| a.wrapping_add(b.to_bits()))
            };
            let (one, other) = floats.split_at(floats.len() / 2);
            black_box(rayon::join(|| sum(one), || sum(other)))
        });
    });
    group.finish();
}

/// A prompt of 256 tokens goes through the matrices of one layer.
fn prompt(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("prompt of 256, one layer");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    let rows = 256;
    let x = values(rows * 4 * D, 1);
    let mut y = vec![0.0; rows * 4 * D];
    let layer: Vec<(usize, usize)> = matrices().take(4).collect();
    let products: usize = layer.iter().map(|(outputs, inputs)| rows * outputs * inputs).sum();
    group.throughput(Throughput::Elements(products as u64));
    for bits in [Bits::Eight, Bits::Four] {
        let packed: Vec<Vec<i32>> =
            layer.iter().map(|(o, i)| quantized::pack(&values(o * i, 2), *i, bits)).collect();
        group.bench_function(format!("{bits:?} bits"), |bencher| {
            bencher.iter(|| {
                for ((outputs, inputs), words) in layer.iter().zip(&packed) {
                    let weights = Packed::new(words, bits, *outputs, *inputs);
                    quantized::linear(&x[..rows * inputs], weights, None, &mut y[..rows * outputs]);
                }
            });
        });
    }
    let floats: Vec<Vec<f32>> = layer.iter().map(|(o, i)| values(o * i, 2)).collect();
    for precision in [Precision::F32, Precision::Bf16] {
        group.bench_function(format!("{precision:?}"), |bencher| {
            bencher.iter(|| {
                for ((outputs, inputs), weights) in layer.iter().zip(&floats) {
                    let x = MatrixRef::new(&x[..rows * inputs], rows, *inputs);
                    let weights = MatrixRef::new(weights, *outputs, *inputs);
                    let to = MatrixMut::new(&mut y[..rows * outputs], rows, *outputs);
                    matmul(x, weights.t(), to, Into::Overwrite, precision);
                }
            });
        });
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("others");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    for (rows, past) in [(1, 192), (5, 192), (8, 320)] {
        let capacity = past + 1;
        let qkv = values(rows * 3 * D, 3);
        let mut keys = values(rows * capacity * D, 4);
        let mut own_values = keys.clone();
        let mut out = vec![0.0; rows * D];
        group.bench_function(BenchmarkId::new("cached attention", format!("{rows}x{past}")), |bencher| {
            bencher.iter(|| {
                let prefix = Prefix { keys: &[], values: &[], length: 0 };
                let (places, lengths): (Vec<usize>, _) = ((0..rows).collect(), vec![past; rows]);
                let (keys, values) = (&mut keys, &mut own_values);
                let own = Own { keys, values, capacity, places: &places, lengths: &lengths };
                cached_attention::forward(&qkv, &mut out, prefix, own, HEADS, &vec![1; rows], &Visibility::Causal);
            });
        });
    }
    for rows in [1, 256] {
        let x = values(rows * 4 * D, 5);
        let mut y = x.clone();
        group.bench_function(BenchmarkId::new("GELU", rows), |bencher| {
            bencher.iter(|| Activation::Gelu.forward(&x, &mut y));
        });
        let (gamma, beta) = (values(D, 6), values(D, 7));
        let mut statistics = vec![[0.0; 2]; rows];
        group.bench_function(BenchmarkId::new("layer norm", rows), |bencher| {
            let (x, y) = (&x[..rows * D], &mut y[..rows * D]);
            bencher.iter(|| layer_norm::forward(x, &gamma, &beta, EPSILON, y, &mut statistics));
        });
    }
    let shape = attention::Shape { batch: 1, length: 256, heads: HEADS, head_width: D / HEADS };
    let qkv = values(256 * 3 * D, 8);
    let (mut out, mut sums) = (vec![0.0; 256 * D], vec![0.0; HEADS * 256]);
    group.bench_function("attention of 256", |bencher| {
        bencher.iter(|| {
            attention::forward(
                &qkv,
                &mut out,
                &mut sums,
                shape,
                &Visibility::Causal,
                Default::default(),
                Precision::F32,
            );
        });
    });
    let (hidden, head) = (values(256 * 192, 9), values(8_192 * 192, 10));
    let targets: Vec<u32> = (0..256).map(|i| i * 31 % 8_192).collect();
    group.bench_function("cross entropy of 256 with gradients", |bencher| {
        let (mut of_hidden, mut of_head) = (vec![0.0; hidden.len()], vec![0.0; head.len()]);
        bencher.iter(|| {
            let gradients = cross_entropy::Gradients { hidden: &mut of_hidden, head: &mut of_head };
            let weights = [1.0; 256];
            let precision = Precision::Bf16;
            cross_entropy::forward_backward(
                &hidden,
                &head,
                &targets,
                &weights,
                Some(gradients),
                None,
                precision,
            )
        });
    });
    group.finish();
}

criterion_group!(all, token, prompt, others);
criterion_main!(all);
