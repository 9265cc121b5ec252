//! Prints the speed of the matrix product for the shapes of a training step. `cargo run --release --example matmul_speed`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement at the terminal")]
use kernels::matmul::{Into, MatrixMut, MatrixRef, Precision, matmul};
use std::time::Instant;

fn main() {
    let shapes = [
        (2048, 384, 384),
        (2048, 384, 1536),
        (2048, 1536, 384),
        (384, 2048, 1536),
        (256, 384, 12288),
        (256, 1024, 4096),
        (256, 64, 256),
    ];
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for precision in [Precision::F32, Precision::Bf16] {
            for (m, k, n) in shapes {
                for b_t in [true, false] {
                    let (a, b) = (vec![0.5f32; m * k], vec![0.25f32; k * n]);
                    let mut c = vec![0.0f32; m * n];
                    let mut best = f64::MAX;
                    pool.install(|| {
                        for _ in 0..8 {
                            let t = Instant::now();
                            let b = if b_t { MatrixRef::new(&b, n, k).t() } else { MatrixRef::new(&b, k, n) };
                            matmul(
                                MatrixRef::new(&a, m, k),
                                b,
                                MatrixMut::new(&mut c, m, n),
                                Into::Overwrite,
                                precision,
                            );
                            best = best.min(t.elapsed().as_secs_f64());
                        }
                    });
                    println!(
                        "{threads} threads {precision:?} {m}x{k}x{n} b_t={b_t}: {:.1} GFLOP/s",
                        2.0 * (m * k * n) as f64 / best / 1e9
                    );
                }
            }
        }
    }
}
