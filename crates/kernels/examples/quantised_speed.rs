//! Prints the speed of products with float32, 8-bit and 4-bit weights for the shapes of the full-size model: microseconds,
//! and the share of the weights' memory traffic or of arithmetic. The weights rotate through more than the cache holds.
//! `cargo run --release -p kernels --example quantised_speed`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]
use kernels::matmul::{Into, MatrixMut, MatrixRef, Precision, matmul};
use kernels::quantised::{Bits, Packed, linear, pack};
use std::time::Instant;

/// Seconds that this thread has run, so that other programs count less; wall time elsewhere than on Linux.
fn processor_seconds(since: Instant) -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = schedule.and_then(|s| s.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs_f64(), |n| n / 1e9)
}

fn best(repeats: usize, threads: usize, mut f: impl FnMut(usize)) -> f64 {
    let origin = Instant::now();
    let now = || if threads == 1 { processor_seconds(origin) } else { origin.elapsed().as_secs_f64() };
    (0..repeats)
        .map(|i| {
            let start = now();
            f(i);
            now() - start
        })
        .fold(f64::MAX, f64::min)
}

fn main() {
    let (inputs, outputs) = (1024, 4096);
    let weights: Vec<f32> = (0..inputs * outputs).map(|i| ((i as f32) * 12.9898).sin()).collect();
    let copies = 12;
    let most = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(2);
    for threads in 1..=most {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for bits in [None, Some(Bits::Eight), Some(Bits::Four)] {
            let floats = vec![weights.clone(); if bits.is_none() { copies } else { 0 }];
            let words = bits.map(|bits| vec![pack(&weights, inputs, bits); copies]);
            let bytes = words.as_ref().map_or(weights.len() * 4, |w| w[0].len() * 4);
            for rows in [1, 5, 8, 128] {
                let x = vec![0.37f32; rows * inputs];
                let mut y = vec![0.0f32; rows * outputs];
                // All matrices in a row, as a step of a model goes through its layers.
                let time = pool.install(|| {
                    best(3, threads, |_| {
                        for i in 0..copies {
                            match (bits, &words) {
                                (Some(bits), Some(words)) => {
                                    linear(&x, Packed::new(&words[i], bits, outputs, inputs), None, &mut y);
                                }
                                _ if rows <= 8 => {
                                    kernels::few_rows::linear(&x, &floats[i], None, inputs, &mut y)
                                }
                                _ => matmul(
                                    MatrixRef::new(&x, rows, inputs),
                                    MatrixRef::new(&floats[i], outputs, inputs).t(),
                                    MatrixMut::new(&mut y, rows, outputs),
                                    Into::Overwrite,
                                    Precision::F32,
                                ),
                            }
                        }
                    })
                }) / copies as f64;
                println!(
                    "{threads} threads {bits:?} {rows} rows: {:.0} us, {:.1} GB/s, {:.1} G multiplications/s",
                    time * 1e6,
                    bytes as f64 / time / 1e9,
                    (rows * inputs * outputs) as f64 / time / 1e9
                );
            }
        }
    }
}
