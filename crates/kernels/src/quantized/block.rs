//! The scale and the codes of one block.

use half::f16;

use super::{BLOCK, Bits};

/// The scale and the signed codes of a block of weights. A weight that is not a number spoils its block: the
/// scale becomes one, too.
pub(super) fn quantize(weights: &[f32; BLOCK], bits: Bits) -> (f16, [i32; BLOCK]) {
    let largest = weights.iter().fold(0.0f32, |a, b| if b.abs() > a.abs() { *b } else { a });
    if weights.iter().any(|w| !w.is_finite()) {
        return (f16::NAN, [0; BLOCK]);
    }
    match bits {
        Bits::Eight => {
            let scale = f16::from_f32((largest.abs() / 127.0).min(f16::MAX.to_f32()));
            (scale, codes(weights, scale, -127, 127))
        }
        // The range reaches one further down than up, so the largest weight takes that end. A somewhat smaller scale
        // often serves the other 31 better: the one with the least squared error is taken.
        Bits::Four => {
            let mut best = (f32::INFINITY, f16::ZERO);
            for step in 0..CANDIDATES {
                let divisor = -8.0 + 0.125 * step as f32;
                let scale = f16::from_f32((largest / divisor).clamp(-f16::MAX.to_f32(), f16::MAX.to_f32()));
                let error = error(weights, scale);
                if error < best.0 {
                    best = (error, scale);
                }
            }
            (best.1, codes(weights, best.1, -8, 7))
        }
    }
}

/// Scales tried for a 4-bit block: the largest weight gets a code from -8 down to (in effect) -9.
const CANDIDATES: usize = 17;

fn codes(weights: &[f32; BLOCK], scale: f16, least: i32, most: i32) -> [i32; BLOCK] {
    let scale = scale.to_f32();
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    weights.map(|w| ((w * inverse).round_ties_even() as i32).clamp(least, most))
}

fn error(weights: &[f32; BLOCK], scale: f16) -> f32 {
    let codes = codes(weights, scale, -8, 7);
    let scale = scale.to_f32();
    weights.iter().zip(codes).map(|(w, code)| (w - scale * code as f32).powi(2)).sum()
}
