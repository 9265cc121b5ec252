use super::*;

fn values(n: usize, seed: f32) -> Vec<f32> {
    (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin() * 0.8).collect()
}

/// Attention by its definition in f64, without dropout.
fn reference(qkv: &[f32], shape: Shape) -> Vec<f64> {
    let Shape { batch, length, heads, head_width } = shape;
    let d = shape.width();
    let at = |b: usize, t: usize, part: usize, h: usize, i: usize| {
        f64::from(qkv[(b * length + t) * 3 * d + part * d + h * head_width + i])
    };
    let mut out = vec![0.0; batch * length * d];
    for (b, h, t) in
        (0..batch).flat_map(|b| (0..heads).flat_map(move |h| (0..length).map(move |t| (b, h, t))))
    {
        let scores: Vec<f64> = (0..=t)
            .map(|s| (0..head_width).map(|i| at(b, t, 0, h, i) * at(b, s, 1, h, i)).sum::<f64>())
            .map(|score| (score / (head_width as f64).sqrt()).exp())
            .collect();
        let sum: f64 = scores.iter().sum();
        for i in 0..head_width {
            out[(b * length + t) * d + h * head_width + i] =
                (0..=t).map(|s| scores[s] / sum * at(b, s, 2, h, i)).sum();
        }
    }
    out
}

const SHAPES: [Shape; 3] = [
    Shape { batch: 1, length: 1, heads: 1, head_width: 4 },
    Shape { batch: 2, length: 67, heads: 2, head_width: 8 },
    Shape { batch: 1, length: 130, heads: 3, head_width: 16 },
];

#[test]
fn equals_the_definition() {
    for shape in SHAPES {
        let qkv = values(shape.batch * shape.length * 3 * shape.width(), 1.0);
        let mut out = vec![9.0; shape.batch * shape.length * shape.width()];
        let mut log_sums = vec![0.0; shape.batch * shape.heads * shape.length];
        forward(&qkv, &mut out, &mut log_sums, shape, Dropout::default(), Precision::F32);
        for (i, (found, expected)) in out.iter().zip(reference(&qkv, shape)).enumerate() {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{shape:?} {i}: {found} {expected}");
        }
    }
}

#[test]
fn gradients_equal_differences_with_and_without_dropout() {
    for shape in SHAPES {
        for dropout in [Dropout::default(), Dropout { probability: 0.3, seed: 5 }] {
            let qkv = values(shape.batch * shape.length * 3 * shape.width(), 1.0);
            let dout = values(shape.batch * shape.length * shape.width(), 2.0);
            let run = |qkv: &[f32]| {
                let mut out = vec![0.0; dout.len()];
                let mut log_sums = vec![0.0; shape.batch * shape.heads * shape.length];
                forward(qkv, &mut out, &mut log_sums, shape, dropout, Precision::F32);
                (out, log_sums)
            };
            let loss = |qkv: &[f32]| -> f64 {
                run(qkv).0.iter().zip(&dout).map(|(o, d)| f64::from(*o) * f64::from(*d)).sum()
            };
            let (out, log_sums) = run(&qkv);
            let mut dqkv = vec![9.0; qkv.len()];
            backward(&qkv, &out, &log_sums, &dout, &mut dqkv, shape, dropout, Precision::F32);
            for i in (0..qkv.len()).step_by(qkv.len() / 97 + 1) {
                let shifted = |h: f32| {
                    let mut qkv = qkv.clone();
                    qkv[i] += h;
                    loss(&qkv)
                };
                let expected = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
                let found = f64::from(dqkv[i]);
                assert!((found - expected).abs() < 2e-3, "{shape:?} {dropout:?} {i}: {found} {expected}");
            }
        }
    }
}
