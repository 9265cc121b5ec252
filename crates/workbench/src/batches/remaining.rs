//! How long a batch still takes, and how sure that is.

use crate::wire::Remaining;

/// Fewer documents than this say nothing about the rest.
const LEAST: usize = 3;

/// Seconds for `left` more documents, from what those before took: the mean, with two standard deviations of the sum and of
/// the mean itself on either side. `None` while too little is known.
pub(super) fn remaining(seconds: &[f64], left: u64) -> Option<Remaining> {
    if seconds.len() < LEAST || left == 0 {
        return None;
    }
    let count = seconds.len() as f64;
    let mean = seconds.iter().sum::<f64>() / count;
    let variance = seconds.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let left = left as f64;
    let spread = 2.0 * (variance * left * (1.0 + left / count)).sqrt();
    Some(Remaining { low: (left * mean - spread).max(0.0), high: left * mean + spread })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_narrows_with_what_is_known() {
        assert_eq!(remaining(&[1.0, 2.0], 10), None);
        let even = remaining(&[2.0; 5], 10).unwrap();
        assert_eq!((even.low, even.high), (20.0, 20.0));
        let few = remaining(&[1.0, 3.0, 2.0], 100).unwrap();
        let many = remaining(&[1.0, 3.0, 2.0].repeat(20), 100).unwrap();
        assert!(few.low < 200.0 && few.high > 200.0);
        assert!(many.high - many.low < few.high - few.low);
    }
}
