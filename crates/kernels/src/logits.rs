//! What is asked of a row of logits: a vocabulary of numbers, of which few count.

use crate::activation::exp;
use crate::level::for_each_level;

const LANES: usize = 16;
/// Numbers that are looked at together before each on its own.
const BLOCK: usize = 64;

for_each_level! {
    /// The greatest; minus infinity of none. What is no number counts for nothing.
    #[must_use]
    pub fn max(x: &[f32]) -> f32 {
        let (whole, rest) = x.as_chunks::<LANES>();
        let mut most = [f32::NEG_INFINITY; LANES];
        for x in whole {
            for l in 0..LANES {
                most[l] = if x[l] > most[l] { x[l] } else { most[l] };
            }
        }
        most.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a })
    }
}

for_each_level! {
    fn sum_of_exponentials(x: &[f32], shift: f32) -> f64 {
        // Short sums of 32 bits, added up in 64: the error does not grow with the vocabulary.
        let mut total = 0.0;
        for x in x.chunks(BLOCK * LANES) {
            let (whole, rest) = x.as_chunks::<LANES>();
            let mut sums = [0.0f32; LANES];
            for x in whole {
                for l in 0..LANES {
                    sums[l] += exp(x[l] - shift);
                }
            }
            total += sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
            total += rest.iter().map(|x| f64::from(exp(x - shift))).sum::<f64>();
        }
        total
    }
}

/// log Σ e^x, to within a few units in the last place. Not finite if the greatest is not, or one is no number.
#[must_use]
pub fn log_sum(x: &[f32]) -> f32 {
    let max = max(x);
    max + sum_of_exponentials(x, max).ln() as f32
}

for_each_level! {
    /// How many are greater.
    #[must_use]
    pub fn count_above(x: &[f32], bound: f32) -> usize {
        let mut count = 0;
        for x in x.chunks(BLOCK * LANES) {
            count += x.iter().map(|x| u32::from(*x > bound)).sum::<u32>() as usize;
        }
        count
    }
}

for_each_level! {
    /// Each plus a number.
    #[must_use]
    pub fn plus(x: &[f32], number: f32) -> Vec<f32> {
        x.iter().map(|x| x + number).collect()
    }
}

/// The `count` greatest of `x[i] + offset` with their indices, greatest first; among equals the first come. Minus
/// infinity is never among them.
#[must_use]
pub fn best(x: &[f32], offset: f32, count: usize) -> Vec<(f32, usize)> {
    let mut best: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
    if count == 0 {
        return best;
    }
    for (block, x) in x.chunks(BLOCK).enumerate() {
        let worst = match best.last() {
            Some((worst, _)) if best.len() == count => *worst,
            _ => f32::NEG_INFINITY,
        };
        // Adding is monotonous, so no other of the block can pass where the greatest cannot.
        if max(x) + offset <= worst {
            continue;
        }
        for (i, x) in x.iter().enumerate() {
            let value = x + offset;
            let full = best.len() == count;
            if value == f32::NEG_INFINITY || full && best.last().is_some_and(|(worst, _)| value <= *worst) {
                continue;
            }
            let at = best.partition_point(|(better, _)| *better >= value);
            best.insert(at, (value, block * BLOCK + i));
            best.truncate(count);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + 1.0) * 12.9898).sin() * 8.0).collect()
    }

    #[test]
    fn sums_and_counts_equal_the_definition() {
        for n in [1, 15, 64, 1000, 5003] {
            let x = values(n);
            let expected = x.iter().map(|x| f64::from(*x).exp()).sum::<f64>().ln();
            assert!((f64::from(log_sum(&x)) - expected).abs() < 1e-6 * expected.abs().max(1.0), "{n}");
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            assert_eq!(count_above(&x, 1.5), x.iter().filter(|x| **x > 1.5).count());
            assert_eq!(plus(&x, 0.25), x.iter().map(|x| x + 0.25).collect::<Vec<f32>>());
        }
    }

    #[test]
    fn what_is_no_number_spoils_the_sum() {
        let mut x = values(100);
        for spoiled in [f32::NAN, f32::INFINITY] {
            x[37] = spoiled;
            assert!(!log_sum(&x).is_finite());
        }
        assert!(!log_sum(&[f32::NEG_INFINITY; 3]).is_finite());
        x[37] = f32::NEG_INFINITY;
        assert!(log_sum(&x).is_finite());
    }

    #[test]
    fn the_best_are_those_of_a_stable_sort() {
        let mut x: Vec<f32> = values(777).iter().map(|x| x.round()).collect();
        x[5] = f32::NEG_INFINITY;
        for (count, offset) in [(0, 0.0), (1, -3.0), (10, 0.5), (900, 0.0)] {
            let mut sorted: Vec<(f32, usize)> = x.iter().map(|x| x + offset).zip(0..).collect();
            sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
            sorted.retain(|(value, _)| *value > f32::NEG_INFINITY);
            sorted.truncate(count);
            assert_eq!(best(&x, offset, count), sorted, "{count}");
        }
    }
}
