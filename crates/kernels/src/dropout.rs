//! Dropout (Srivastava et al. 2014) whose mask is a function of a seed and the element's place, so that the backward
//! pass and a resumed run draw the same mask without storing it.

use crate::level::for_each_level;

/// A well-mixed 32-bit word for element `index` of the stream `seed` (the "lowbias32" finalizer of C. Wellons).
#[inline(always)]
pub(crate) fn noise(seed: u64, index: u32) -> u32 {
    let mut x = index.wrapping_mul(0x9E37_79B9) ^ (seed as u32);
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d) ^ ((seed >> 32) as u32);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ x >> 16
}

/// The largest [`noise`] that is dropped with this probability.
#[inline(always)]
pub(crate) fn threshold(probability: f32) -> u32 {
    (f64::from(probability) * f64::from(u32::MAX)) as u32
}

for_each_level! {
    /// y = x / (1 - probability) where element `i` of stream `seed` is kept, else 0. Its own gradient: apply it to dy.
    pub fn apply(x: &[f32], y: &mut [f32], probability: f32, seed: u64) {
        let (limit, scale) = (threshold(probability), 1.0 / (1.0 - probability));
        for (i, (y, x)) in y.iter_mut().zip(x).enumerate() {
            *y = if noise(seed, i as u32) > limit { x * scale } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_expected_share_and_the_mean() {
        let x = vec![1.0; 100_000];
        for (seed, p) in [(1, 0.1), (2, 0.1), (u64::MAX / 3, 0.5)] {
            let mut y = vec![9.0; x.len()];
            apply(&x, &mut y, p, seed);
            let kept = y.iter().filter(|v| **v != 0.0).count() as f32 / x.len() as f32;
            assert!((kept - (1.0 - p)).abs() < 0.005, "{kept}");
            assert!((y.iter().sum::<f32>() / x.len() as f32 - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn the_mask_depends_on_the_seed_alone() {
        let x = vec![1.0; 1000];
        let draw = |seed| {
            let mut y = vec![0.0; x.len()];
            apply(&x, &mut y, 0.5, seed);
            y
        };
        assert_eq!(draw(7), draw(7));
        let same = draw(7).iter().zip(draw(8)).filter(|(a, b)| **a == *b).count();
        assert!((400..600).contains(&same), "{same} of 1000 equal: streams are not independent");
    }
}
