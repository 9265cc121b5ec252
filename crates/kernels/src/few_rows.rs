//! y = x·Wᵀ + b for a handful of rows, as each decoding step has them: every weight is read once, straight from where
//! it lies, which is all that counts when the weights do not fit the cache.

use crate::layer_norm::lane_sum;
use crate::level::for_each_level;
use crate::parallel::parallel_chunks;
use crate::shared::SharedMut;

const LANES: usize = 16;

/// More rows than this go through the packed product.
pub const MOST_ROWS: usize = 8;

/// The dot products of one weight row with `R` rows of x.
#[inline(always)]
fn dots<const R: usize>(w: &[f32], x: &[f32], stride: usize) -> [f32; R] {
    let n = w.len();
    let mut sums = [[0.0f32; LANES]; R];
    let whole = n / LANES * LANES;
    for i in (0..whole).step_by(LANES) {
        let w: &[f32; LANES] = w[i..i + LANES].first_chunk().unwrap_or(&[0.0; LANES]);
        for (r, sums) in sums.iter_mut().enumerate() {
            let x: &[f32; LANES] = x[r * stride + i..][..LANES].first_chunk().unwrap_or(&[0.0; LANES]);
            for l in 0..LANES {
                sums[l] += w[l] * x[l];
            }
        }
    }
    std::array::from_fn(|r| {
        let rest = lane_sum(n - whole, |i| w[whole + i] * x[r * stride + whole + i]);
        lane_sum(LANES, |l| sums[r][l]) + rest
    })
}

/// `R` rows of y, of which this call writes columns `from..from + weights.len() / inputs`.
#[inline(always)]
fn block<const R: usize>(
    x: &[f32],
    weights: &[f32],
    inputs: usize,
    mut write: impl FnMut(usize, usize, f32),
) {
    for (o, w) in weights.chunks_exact(inputs).enumerate() {
        for (r, dot) in dots::<R>(w, x, inputs).into_iter().enumerate() {
            write(r, o, dot);
        }
    }
}

for_each_level! {
    fn columns(x: &[f32], weights: &[f32], bias: Option<&[f32]>, inputs: usize, outputs: usize, from: usize, y: SharedMut<'_, f32>) {
        let rows = x.len() / inputs;
        let write = |r: usize, o: usize, value: f32| {
            let bias = bias.map_or(0.0, |b| b[from + o]);
            // SAFETY: this call alone writes these columns.
            unsafe { y.part(r * outputs + from + o, 1)[0] = value + bias };
        };
        match rows {
            1 => block::<1>(x, weights, inputs, write),
            2 => block::<2>(x, weights, inputs, write),
            3 => block::<3>(x, weights, inputs, write),
            4 => block::<4>(x, weights, inputs, write),
            5 => block::<5>(x, weights, inputs, write),
            6 => block::<6>(x, weights, inputs, write),
            7 => block::<7>(x, weights, inputs, write),
            _ => {
                for (group, x) in x.chunks(8 * inputs).enumerate() {
                    if x.len() == 8 * inputs {
                        block::<8>(x, weights, inputs, |r, o, value| write(group * 8 + r, o, value));
                    } else {
                        for (i, x) in x.chunks_exact(inputs).enumerate() {
                            block::<1>(x, weights, inputs, |_, o, value| write(group * 8 + i, o, value));
                        }
                    }
                }
            }
        }
    }
}

/// y = x·Wᵀ + b.
///
/// # Shapes
/// x `[rows, inputs]`, weights `[outputs, inputs]`, bias `[outputs]`, y `[rows, outputs]`. Any number of rows is right;
/// up to [`MOST_ROWS`] are fast.
///
/// # Panics
/// If the shapes do not fit.
pub fn linear(x: &[f32], weights: &[f32], bias: Option<&[f32]>, inputs: usize, y: &mut [f32]) {
    let outputs = weights.len() / inputs;
    assert!(weights.len() == outputs * inputs && bias.is_none_or(|b| b.len() == outputs));
    assert!(x.len().is_multiple_of(inputs) && y.len() == x.len() / inputs * outputs);
    let y = SharedMut::new(y);
    // Below 64 kB of weights the hand-over to another thread costs more than it saves.
    let least = (16 * 1024 / inputs).max(1);
    parallel_chunks(outputs, (outputs / 16).clamp(least, 8 * least), |r| {
        columns(x, &weights[r.start * inputs..r.end * inputs], bias, inputs, outputs, r.start, y);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_definition_for_every_number_of_rows() {
        let value = |i: usize| ((i as f32 + 1.0) * 12.9898).sin();
        for inputs in [1, 15, 64, 100] {
            let outputs = 1200;
            let weights: Vec<f32> = (0..outputs * inputs).map(value).collect();
            let bias: Vec<f32> = (0..outputs).map(value).collect();
            for rows in [1, 2, 5, 8, 11, 16] {
                let x: Vec<f32> = (0..rows * inputs).map(|i| value(i + 77)).collect();
                let mut y = vec![9.0; rows * outputs];
                linear(&x, &weights, Some(&bias), inputs, &mut y);
                for r in 0..rows {
                    for o in 0..outputs {
                        let dot: f64 = (0..inputs)
                            .map(|i| f64::from(x[r * inputs + i]) * f64::from(weights[o * inputs + i]))
                            .sum();
                        let expected = dot + f64::from(bias[o]);
                        assert!(
                            (f64::from(y[r * outputs + o]) - expected).abs() < 1e-5,
                            "{inputs} {rows} {r} {o}"
                        );
                    }
                }
            }
        }
    }
}
