//! Random numbers by counter: the number for a token depends on seed, sample and place alone, not on what was drawn
//! before, so that a result can be made again on every machine.

/// A number in [0, 1).
pub(crate) fn uniform(seed: u64, sample: u64, place: u64) -> f64 {
    let bits = mix(seed.wrapping_add(mix(sample.wrapping_add(mix(place)))));
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// One step of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on every bit of `x`.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_even_over_each_of_their_arguments() {
        let draws: [&dyn Fn(u64) -> f64; 3] =
            [&|i| uniform(i, 0, 0), &|i| uniform(7, i, 3), &|i| uniform(7, 1, i)];
        for draw in draws {
            let mut counts = [0.0f64; 16];
            (0..16_000).for_each(|i| counts[(draw(i) * 16.0) as usize] += 1.0);
            let chi_square: f64 = counts.iter().map(|n| (n - 1000.0).powi(2) / 1000.0).sum();
            // 99.99 % quantile at 15 degrees of freedom.
            assert!(chi_square < 44.3, "{chi_square}: {counts:?}");
        }
    }

    #[test]
    fn numbers_never_change() {
        // A stored seed must give the same text in every later version.
        assert_eq!(uniform(0, 0, 0), 0.138_709_410_145_554_27);
    }
}
