//! The vocabulary projection and the loss in one pass, without ever holding all logits.
//!
//! For rows of hidden states H, the tied or untied head W and target tokens: logits = H·Wᵀ, loss = Σ weight ·
//! −log softmax(logits)[target]. The gradients of a scalar loss need only the same logits, so they are made in the same
//! pass, a block of rows at a time that stays in the cache.

use std::cell::RefCell;

use crate::activation::exp;
use crate::layer_norm::lane_sum;
use crate::level::for_each_level;
use crate::matmul::{self, Into, MatrixMut, MatrixRef, Precision};
use crate::scratch::{self, Scratch};

thread_local! {
    static LOGITS: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

/// Rows of logits held at once.
const ROWS: usize = 128;

for_each_level! {
    /// Replaces a row of logits by softmax − one-hot(target), times `weight`; gives log softmax[target].
    fn row_gradient(logits: &mut [f32], target: usize, weight: f32) -> f32 {
        let mut lanes = [f32::NEG_INFINITY; 16];
        for chunk in logits.chunks_exact(16) {
            for (lane, logit) in lanes.iter_mut().zip(chunk) {
                *lane = if *logit > *lane { *logit } else { *lane };
            }
        }
        let rest = logits.chunks_exact(16).remainder();
        let max = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        let at_target = logits[target];
        for logit in logits.iter_mut() {
            *logit = exp(*logit - max);
        }
        let sum = lane_sum(logits.len(), |i| logits[i]);
        let scale = weight / sum;
        for p in logits.iter_mut() {
            *p *= scale;
        }
        logits[target] -= weight;
        at_target - max - sum.ln()
    }
}

/// Where [`forward_backward`] puts gradients; both are added to.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// `[rows, d]`
    pub hidden: &'a mut [f32],
    /// `[vocabulary, d]`
    pub head: &'a mut [f32],
}

/// Sum over rows of `weights[i]` times the cross entropy of row `i`, and its gradients. Rows of weight 0 cost nothing.
///
/// # Shapes
/// hidden `[rows, d]`, head `[vocabulary, d]`, targets and weights `[rows]`; `log_probabilities`, if given, receives
/// log softmax[target] of each row (0 where the weight is 0).
///
/// # Panics
/// If the shapes do not fit or a target is outside the vocabulary.
pub fn forward_backward(
    hidden: &[f32],
    head: &[f32],
    targets: &[u32],
    weights: &[f32],
    gradients: Option<Gradients>,
    mut log_probabilities: Option<&mut [f32]>,
    precision: Precision,
) -> f64 {
    let rows = targets.len();
    assert!(rows == weights.len() && rows > 0 && hidden.len().is_multiple_of(rows));
    let d = hidden.len() / rows;
    let vocabulary = head.len() / d;
    assert_eq!(head.len(), vocabulary * d);
    let mut gradients = gradients;
    // Rows that count, so that padding and prompt tokens are not multiplied.
    let counted: Vec<usize> = (0..rows).filter(|i| weights[*i] != 0.0).collect();
    let mut loss = 0.0;
    let (mut block, mut block_gradient) = (vec![0.0; ROWS * d], vec![0.0; ROWS * d]);
    for part in counted.chunks(ROWS) {
        for (to, i) in block.chunks_exact_mut(d).zip(part) {
            to.copy_from_slice(&hidden[i * d..(i + 1) * d]);
        }
        let n = part.len();
        let h = MatrixRef::new(&block, n, d);
        let w = MatrixRef::new(head, vocabulary, d);
        scratch::with(&LOGITS, |logits| {
            let logits = logits.floats(n * vocabulary);
            matmul::matmul(h, w.t(), MatrixMut::new(logits, n, vocabulary), Into::Overwrite, precision);
            for (row, i) in logits.chunks_exact_mut(vocabulary).zip(part) {
                let target = targets[*i] as usize;
                assert!(target < vocabulary, "target {target} of a vocabulary of {vocabulary}");
                let log_probability = row_gradient(row, target, weights[*i]);
                loss -= f64::from(weights[*i]) * f64::from(log_probability);
                if let Some(all) = log_probabilities.as_deref_mut() {
                    all[*i] = log_probability;
                }
            }
            if let Some(gradients) = gradients.as_mut() {
                let p = MatrixRef::new(logits, n, vocabulary);
                let dh = MatrixMut::new(&mut block_gradient, n, d);
                matmul::matmul(p, w, dh, Into::Overwrite, precision);
                matmul::matmul(p.t(), h, MatrixMut::new(gradients.head, vocabulary, d), Into::Add, precision);
                for (from, i) in block_gradient.chunks_exact(d).zip(part) {
                    let to = &mut gradients.hidden[i * d..(i + 1) * d];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            }
        });
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_gradients_equal_the_definition() {
        let (rows, d, vocabulary) = (5, 8, 37);
        let values = |n: usize, s: f32| (0..n).map(|i| ((i as f32 + s) * 78.233).sin()).collect::<Vec<f32>>();
        let (hidden, head) = (values(rows * d, 1.0), values(vocabulary * d, 2.0));
        let (targets, weights) = ([3u32, 36, 0, 9, 9], [1.0f32, 0.5, 0.0, 1.0, 2.0]);
        let loss = |hidden: &[f32], head: &[f32]| {
            let mut total = 0.0f64;
            for i in 0..rows {
                let logits: Vec<f64> = (0..vocabulary)
                    .map(|v| (0..d).map(|j| f64::from(hidden[i * d + j]) * f64::from(head[v * d + j])).sum())
                    .collect();
                let sum: f64 = logits.iter().map(|l| l.exp()).sum();
                total -= f64::from(weights[i]) * (logits[targets[i] as usize] - sum.ln());
            }
            total
        };
        let (mut dh, mut dw, mut lp) = (vec![0.0; rows * d], vec![0.0; vocabulary * d], vec![0.0; rows]);
        let gradients = Gradients { hidden: &mut dh, head: &mut dw };
        let found = forward_backward(
            &hidden,
            &head,
            &targets,
            &weights,
            Some(gradients),
            Some(&mut lp),
            Precision::F32,
        );
        assert!((found - loss(&hidden, &head)).abs() < 1e-5);
        let by_row: f64 = lp.iter().zip(weights).map(|(l, w)| -f64::from(*l) * f64::from(w)).sum();
        assert!((by_row - found).abs() < 1e-6 && lp[2] == 0.0);
        let h = 1e-3;
        for i in 0..rows * d {
            let (mut up, mut down) = (hidden.clone(), hidden.clone());
            up[i] += h;
            down[i] -= h;
            let expected = (loss(&up, &head) - loss(&down, &head)) / f64::from(2.0 * h);
            assert!((f64::from(dh[i]) - expected).abs() < 1e-4, "hidden {i}: {} {expected}", dh[i]);
        }
        for i in 0..vocabulary * d {
            let (mut up, mut down) = (head.clone(), head.clone());
            up[i] += h;
            down[i] -= h;
            let expected = (loss(&hidden, &up) - loss(&hidden, &down)) / f64::from(2.0 * h);
            assert!((f64::from(dw[i]) - expected).abs() < 1e-4, "head {i}: {} {expected}", dw[i]);
        }
    }
}
