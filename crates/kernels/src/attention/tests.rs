use super::*;

fn values(n: usize, seed: f32) -> Vec<f32> {
    (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin() * 0.8).collect()
}

/// Attention by its definition in f64, without dropout: position t of sequence b sees itself, what is before it, and the
/// first `prefixes[b]` positions.
fn reference(qkv: &[f32], shape: Shape, prefixes: &[usize]) -> Vec<f64> {
    let Shape { batch, length, heads, head_width } = shape;
    let d = shape.width();
    let at = |b: usize, t: usize, part: usize, h: usize, i: usize| {
        f64::from(qkv[(b * length + t) * 3 * d + part * d + h * head_width + i])
    };
    let mut out = vec![0.0; batch * length * d];
    for (b, h, t) in
        (0..batch).flat_map(|b| (0..heads).flat_map(move |h| (0..length).map(move |t| (b, h, t))))
    {
        let seen: Vec<usize> = (0..length).filter(|s| *s <= t || *s < prefixes[b]).collect();
        let scores: Vec<f64> = seen
            .iter()
            .map(|s| (0..head_width).map(|i| at(b, t, 0, h, i) * at(b, *s, 1, h, i)).sum::<f64>())
            .map(|score| (score / (head_width as f64).sqrt()).exp())
            .collect();
        let sum: f64 = scores.iter().sum();
        for i in 0..head_width {
            out[(b * length + t) * d + h * head_width + i] =
                seen.iter().zip(&scores).map(|(s, score)| score / sum * at(b, *s, 2, h, i)).sum();
        }
    }
    out
}

const SHAPES: [Shape; 3] = [
    Shape { batch: 1, length: 1, heads: 1, head_width: 4 },
    Shape { batch: 2, length: 67, heads: 2, head_width: 8 },
    Shape { batch: 1, length: 130, heads: 3, head_width: 16 },
];

/// Causal, whole, prefixes within the first block and over several, and one longer than its sequence.
fn visibilities(shape: Shape) -> Vec<(Visibility, Vec<usize>)> {
    let length = shape.length;
    let prefixes = [vec![length; shape.batch], (0..shape.batch).map(|b| (5 + 60 * b).min(length)).collect()];
    let over = (0..shape.batch).map(|b| if b == 0 { length + 7 } else { 0 }).collect();
    std::iter::once((Visibility::Causal, vec![0; shape.batch]))
        .chain(
            prefixes
                .into_iter()
                .chain([over, vec![length / 2 + 3; shape.batch]])
                .map(|p| (Visibility::Prefix(p.clone()), p)),
        )
        .collect()
}

#[test]
fn equals_the_definition() {
    for (shape, (visibility, prefixes)) in
        SHAPES.into_iter().flat_map(|s| visibilities(s).into_iter().map(move |v| (s, v)))
    {
        let qkv = values(shape.batch * shape.length * 3 * shape.width(), 1.0);
        let mut out = vec![9.0; shape.batch * shape.length * shape.width()];
        let mut log_sums = vec![0.0; shape.batch * shape.heads * shape.length];
        forward(&qkv, &mut out, &mut log_sums, shape, &visibility, Dropout::default(), Precision::F32);
        for (i, (found, expected)) in out.iter().zip(reference(&qkv, shape, &prefixes)).enumerate() {
            let found = f64::from(*found);
            assert!((found - expected).abs() < 1e-5, "{shape:?} {visibility:?} {i}: {found} {expected}");
        }
    }
}

#[test]
fn gradients_equal_differences_with_and_without_dropout() {
    for (shape, (visibility, _)) in
        SHAPES.into_iter().flat_map(|s| visibilities(s).into_iter().map(move |v| (s, v)))
    {
        for dropout in [Dropout::default(), Dropout { probability: 0.3, seed: 5 }] {
            let qkv = values(shape.batch * shape.length * 3 * shape.width(), 1.0);
            let dout = values(shape.batch * shape.length * shape.width(), 2.0);
            let run = |qkv: &[f32]| {
                let mut out = vec![0.0; dout.len()];
                let mut log_sums = vec![0.0; shape.batch * shape.heads * shape.length];
                forward(qkv, &mut out, &mut log_sums, shape, &visibility, dropout, Precision::F32);
                (out, log_sums)
            };
            let loss = |qkv: &[f32]| -> f64 {
                run(qkv).0.iter().zip(&dout).map(|(o, d)| f64::from(*o) * f64::from(*d)).sum()
            };
            let (out, log_sums) = run(&qkv);
            let mut dqkv = vec![9.0; qkv.len()];
            backward(&qkv, &out, &log_sums, &dout, &mut dqkv, shape, &visibility, dropout, Precision::F32);
            for i in (0..qkv.len()).step_by(qkv.len() / 97 + 1) {
                let shifted = |h: f32| {
                    let mut qkv = qkv.clone();
                    qkv[i] += h;
                    loss(&qkv)
                };
                let expected = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
                let found = f64::from(dqkv[i]);
                assert!(
                    (found - expected).abs() < 2e-3,
                    "{shape:?} {visibility:?} {dropout:?} {i}: {found} {expected}"
                );
            }
        }
    }
}
