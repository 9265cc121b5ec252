//! One step of Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019).

use crate::level::for_each_level;

/// What a step needs besides the tensors.
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// Learning rate of this step.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Keeps the division finite.
    pub epsilon: f32,
    /// Decoupled weight decay: each step takes `learning_rate * weight_decay` of the weight away.
    pub weight_decay: f32,
    /// What gradients are multiplied by first (clipping, mean over tokens).
    pub gradient_scale: f32,
    /// Steps made, this one included: 1 for the first.
    pub step: u32,
}

for_each_level! {
    /// Updates `weights` and the moments in place.
    pub fn adam(weights: &mut [f32], gradients: &[f32], first: &mut [f32], second: &mut [f32], how: &AdamStep) {
        let correct_1 = 1.0 / (1.0 - how.beta_1.powi(how.step as i32));
        let correct_2 = 1.0 / (1.0 - how.beta_2.powi(how.step as i32));
        let keep = 1.0 - how.learning_rate * how.weight_decay;
        for (((w, g), m), v) in weights.iter_mut().zip(gradients).zip(first).zip(second) {
            let g = g * how.gradient_scale;
            *m = how.beta_1 * *m + (1.0 - how.beta_1) * g;
            *v = how.beta_2 * *v + (1.0 - how.beta_2) * g * g;
            *w = *w * keep - how.learning_rate * (*m * correct_1) / ((*v * correct_2).sqrt() + how.epsilon);
        }
    }
}

for_each_level! {
    /// The sum of squares.
    pub fn square_sum(values: &[f32]) -> f64 {
        let mut total = 0.0;
        for part in values.chunks(4096) {
            total += f64::from(crate::layer_norm::lane_sum(part.len(), |i| part[i] * part[i]));
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_equal_the_published_algorithm() {
        let mut how = AdamStep {
            learning_rate: 0.1,
            beta_1: 0.9,
            beta_2: 0.98,
            epsilon: 1e-8,
            weight_decay: 0.01,
            gradient_scale: 0.5,
            step: 1,
        };
        let (mut w, mut m, mut v) = ([1.0f32], [0.0f32], [0.0f32]);
        let (mut ew, mut em, mut ev) = (1.0f64, 0.0f64, 0.0f64);
        for (step, gradient) in [(1, 0.4f32), (2, -0.2)] {
            how.step = step;
            adam(&mut w, &[gradient], &mut m, &mut v, &how);
            let g = f64::from(gradient) * 0.5;
            em = 0.9 * em + 0.1 * g;
            ev = 0.98 * ev + 0.02 * g * g;
            let (mh, vh) = (em / (1.0 - 0.9f64.powi(step as i32)), ev / (1.0 - 0.98f64.powi(step as i32)));
            ew = ew - 0.1 * 0.01 * ew - 0.1 * mh / (vh.sqrt() + 1e-8);
            assert!((f64::from(w[0]) - ew).abs() < 1e-5, "{} {ew}", w[0]);
        }
    }
}
