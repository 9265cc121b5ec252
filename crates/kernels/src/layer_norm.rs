//! Layer normalization over the last axis (Ba, Kiros and Hinton 2016).

use crate::level::for_each_level;
use crate::parallel::parallel_ranges;
use crate::shared::SharedMut;

const LANES: usize = 16;

/// Sum of `f(i)` over `0..n`, in [`LANES`] partial sums so that it vectorizes.
#[inline(always)]
pub(crate) fn lane_sum(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    let whole = n / LANES * LANES;
    for i in (0..whole).step_by(LANES) {
        for (l, sum) in sums.iter_mut().enumerate() {
            *sum += f(i + l);
        }
    }
    for i in whole..n {
        sums[i - whole] += f(i);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            sums[l] += sums[l + width];
        }
        width /= 2;
    }
    sums[0]
}

for_each_level! {
    fn forward_rows(x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32, y: &mut [f32], statistics: &mut [[f32; 2]]) {
        let d = gamma.len();
        for ((x, y), statistics) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)).zip(statistics) {
            let mean = lane_sum(d, |i| x[i]) / d as f32;
            let variance = lane_sum(d, |i| (x[i] - mean) * (x[i] - mean)) / d as f32;
            let inverse = 1.0 / (variance + epsilon).sqrt();
            for i in 0..d {
                y[i] = (x[i] - mean) * inverse * gamma[i] + beta[i];
            }
            *statistics = [mean, inverse];
        }
    }
}

for_each_level! {
    fn backward_rows(x: &[f32], gamma: &[f32], statistics: &[[f32; 2]], dy: &[f32], dx: &mut [f32], dgamma: &mut [f32], dbeta: &mut [f32]) {
        let d = gamma.len();
        let (gamma, dgamma, dbeta) = (&gamma[..d], &mut dgamma[..d], &mut dbeta[..d]);
        for (((x, dy), dx), [mean, inverse]) in
            x.chunks_exact(d).zip(dy.chunks_exact(d)).zip(dx.chunks_exact_mut(d)).zip(statistics)
        {
            let (mean, inverse) = (*mean, *inverse);
            let a = lane_sum(d, |i| dy[i] * gamma[i]) / d as f32;
            let b = lane_sum(d, |i| dy[i] * gamma[i] * (x[i] - mean)) * inverse / d as f32;
            for i in 0..d {
                let normal = (x[i] - mean) * inverse;
                dx[i] = (dy[i] * gamma[i] - a - normal * b) * inverse;
                dgamma[i] += dy[i] * normal;
                dbeta[i] += dy[i];
            }
        }
    }
}

/// y = (x - mean) / sqrt(variance + epsilon) · gamma + beta for each row; `statistics` receives the mean and the
/// inverse deviation of each row, which [`backward`] needs.
///
/// # Shapes
/// x, y `[rows, d]`; gamma, beta `[d]`; statistics `[rows]`.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    epsilon: f32,
    y: &mut [f32],
    statistics: &mut [[f32; 2]],
) {
    let (d, rows) = (gamma.len(), statistics.len());
    assert!(beta.len() == d && x.len() == rows * d && y.len() == rows * d);
    let (y, statistics) = (SharedMut::new(y), SharedMut::new(statistics));
    parallel_ranges(rows, 32, |r| {
        // SAFETY: the row ranges do not overlap.
        let (y, s) = unsafe { (y.part(r.start * d, r.len() * d), statistics.part(r.start, r.len())) };
        forward_rows(&x[r.start * d..r.end * d], gamma, beta, epsilon, y, s);
    });
}

/// The gradients of [`forward`]: `dx` is overwritten, `dgamma` and `dbeta` are added to.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(
    x: &[f32],
    gamma: &[f32],
    statistics: &[[f32; 2]],
    dy: &[f32],
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let (d, rows) = (gamma.len(), statistics.len());
    assert!(dgamma.len() == d && dbeta.len() == d);
    assert!(x.len() == rows * d && dy.len() == rows * d && dx.len() == rows * d);
    backward_rows(x, gamma, statistics, dy, dx, dgamma, dbeta);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin() * 2.0 + 0.3).collect()
    }

    #[test]
    fn rows_have_mean_beta_and_deviation_gamma() {
        let (rows, d) = (70, 50);
        let x = values(rows * d, 1.0);
        let (mut y, mut statistics) = (vec![0.0; rows * d], vec![[0.0; 2]; rows]);
        forward(&x, &vec![2.0; d], &vec![0.5; d], 1e-5, &mut y, &mut statistics);
        for row in y.chunks(d) {
            let mean = row.iter().sum::<f32>() / d as f32;
            let deviation = (row.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / d as f32).sqrt();
            assert!((mean - 0.5).abs() < 1e-5 && (deviation - 2.0).abs() < 1e-4, "{mean} {deviation}");
        }
    }

    #[test]
    fn gradients_equal_differences() {
        let (rows, d) = (3, 21);
        let (x, gamma, beta) = (values(rows * d, 1.0), values(d, 2.0), values(d, 3.0));
        let dy = values(rows * d, 4.0);
        let loss = |x: &[f32], gamma: &[f32], beta: &[f32]| {
            let (mut y, mut s) = (vec![0.0; rows * d], vec![[0.0; 2]; rows]);
            forward(x, gamma, beta, 1e-5, &mut y, &mut s);
            y.iter().zip(&dy).map(|(y, dy)| f64::from(y * dy)).sum::<f64>()
        };
        let (mut y, mut s) = (vec![0.0; rows * d], vec![[0.0; 2]; rows]);
        forward(&x, &gamma, &beta, 1e-5, &mut y, &mut s);
        let (mut dx, mut dgamma, mut dbeta) = (vec![0.0; rows * d], vec![0.0; d], vec![0.0; d]);
        backward(&x, &gamma, &s, &dy, &mut dx, &mut dgamma, &mut dbeta);
        let h = 1e-2;
        let check = |which: usize, at: usize, found: f32| {
            let shifted = |h: f32| {
                let mut all = [x.clone(), gamma.clone(), beta.clone()];
                all[which][at] += h;
                loss(&all[0], &all[1], &all[2])
            };
            let expected = (shifted(h) - shifted(-h)) / f64::from(2.0 * h);
            assert!((f64::from(found) - expected).abs() < 5e-3, "{which} {at}: {found} {expected}");
        };
        (0..rows * d).for_each(|i| check(0, i, dx[i]));
        (0..d).for_each(|i| check(1, i, dgamma[i]));
        (0..d).for_each(|i| check(2, i, dbeta[i]));
    }
}
