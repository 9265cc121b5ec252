//! Random weights.

/// Random values of a tensor, fixed by its name and a seed: norms and biases as a new model has them; the rest even around 0 with deviation 1/sqrt(inputs).
#[must_use]
pub fn random_values(name: &str, shape: &[usize], seed: u64) -> Vec<f32> {
    let count = shape.iter().product();
    if let [_] = shape {
        let one = name.contains("norm") && name.ends_with("weight");
        return vec![if one { 1.0 } else { 0.0 }; count];
    }
    let width = (12.0 / shape[1] as f32).sqrt();
    let mut state =
        name.bytes().fold(seed | 1, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * width
    };
    std::iter::repeat_with(number).take(count).collect()
}
