//! Exponential, exact GELU and ReLU, with their derivatives.

use crate::level::for_each_level;
use crate::parallel::parallel_ranges;
use crate::shared::SharedMut;

/// e^x to within two units in the last place on [-87, 88]; smaller arguments give (almost) zero, larger e^88.
/// Plain arithmetic without branches, so that loops over it vectorize.
#[inline(always)]
#[must_use]
pub fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer in the low bits
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, so that the remainder keeps its digits.
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    // Minimax coefficients of Cephes' expf.
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 5e-1;
    let p = p * r * r + r + 1.0;
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    p * power
}

/// (Φ(x), φ(x)): the normal distribution and its density, within 2e-7.
/// Φ by formula 7.1.26 of Abramowitz and Stegun; both need the same exponential.
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let e = exp(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let p = ((((1.061_405_4 * t - 1.453_152_1) * t + 1.421_413_8) * t - 0.284_496_72) * t + 0.254_829_6) * t;
    let tail = 0.5 * p * e;
    let cdf = if x >= 0.0 { 1.0 - tail } else { tail };
    (cdf, e * 0.398_942_3)
}

for_each_level! {
    fn gelu_part(x: &[f32], y: &mut [f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x * normal(*x).0;
        }
    }
}

for_each_level! {
    fn gelu_backward_part(x: &[f32], dy: &[f32], dx: &mut [f32]) {
        for ((dx, x), dy) in dx.iter_mut().zip(x).zip(dy) {
            let (cdf, density) = normal(*x);
            *dx = dy * (cdf + x * density);
        }
    }
}

for_each_level! {
    fn relu_part(x: &[f32], y: &mut [f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x.max(0.0);
        }
    }
}

for_each_level! {
    fn relu_backward_part(x: &[f32], dy: &[f32], dx: &mut [f32]) {
        for ((dx, x), dy) in dx.iter_mut().zip(x).zip(dy) {
            *dx = if *x > 0.0 { *dy } else { 0.0 };
        }
    }
}

/// The function between the two layers of a feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x·Φ(x), the exact form (Hendrycks and Gimpel 2016), as BioGPT uses it.
    Gelu,
    /// max(x, 0).
    Relu,
}

impl Activation {
    /// y = f(x), element by element.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn forward(self, x: &[f32], y: &mut [f32]) {
        assert_eq!(x.len(), y.len());
        let shared = SharedMut::new(y);
        parallel_ranges(x.len(), 16 * 1024, |range| {
            // SAFETY: the ranges do not overlap.
            self.few(&x[range.clone()], unsafe { shared.part(range.start, range.len()) });
        });
    }

    /// [`Activation::forward`] on the calling thread.
    pub(crate) fn few(self, x: &[f32], y: &mut [f32]) {
        match self {
            Self::Gelu => gelu_part(x, y),
            Self::Relu => relu_part(x, y),
        }
    }

    /// dx = f'(x)·dy, element by element.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn backward(self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        assert!(x.len() == dy.len() && x.len() == dx.len());
        let shared = SharedMut::new(dx);
        parallel_ranges(x.len(), 16 * 1024, |range| {
            // SAFETY: the ranges do not overlap.
            let dx = unsafe { shared.part(range.start, range.len()) };
            match self {
                Self::Gelu => gelu_backward_part(&x[range.clone()], &dy[range], dx),
                Self::Relu => relu_backward_part(&x[range.clone()], &dy[range], dx),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_accurate_and_saturates() {
        for i in -8700..8800 {
            let x = i as f32 / 100.0;
            let expected = f64::from(x).exp();
            let relative = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(relative < 3e-7, "exp({x}): {relative}");
        }
        assert!(exp(-1e30) < 1e-37 && exp(1e30).is_finite());
    }

    #[test]
    fn gelu_equals_the_exact_form() {
        // Reference: 0.5 * (1 + erf(x / sqrt 2)) by Python's math.erf.
        let cases = [
            (-3.0, 0.001_349_898_031_630_094_6),
            (-1.0, 0.158_655_253_931_457_05),
            (-0.1, 0.460_172_162_722_971),
            (0.0, 0.5),
            (0.5, 0.691_462_461_274_013_1),
            (2.0, 0.977_249_868_051_820_8),
            (5.0, 0.999_999_713_348_428_1),
        ];
        for (x, cdf) in cases {
            let mut y = [0.0];
            Activation::Gelu.forward(&[x], &mut y);
            assert!((f64::from(y[0]) - f64::from(x) * cdf).abs() < 5e-7, "gelu({x}) = {}", y[0]);
        }
    }

    #[test]
    fn derivatives_equal_differences() {
        let x: Vec<f32> = (-40..40).map(|i| i as f32 / 10.0 + 0.03).collect();
        let dy = vec![1.5; x.len()];
        for f in [Activation::Gelu, Activation::Relu] {
            let mut dx = vec![0.0; x.len()];
            f.backward(&x, &dy, &mut dx);
            let shifted = |h: f32| {
                let x: Vec<f32> = x.iter().map(|x| x + h).collect();
                let mut y = vec![0.0; x.len()];
                f.forward(&x, &mut y);
                y
            };
            let (up, down) = (shifted(1e-2), shifted(-1e-2));
            for i in 0..x.len() {
                let expected = 1.5 * (up[i] - down[i]) / 2e-2;
                assert!((dx[i] - expected).abs() < 1e-3, "{f:?} at {}: {} {expected}", x[i], dx[i]);
            }
        }
    }
}
