use burn::tensor::Tensor;
use operations::{Training, Visibility};

use super::Layer;

impl Layer {
    /// As in use, with dropout where the reference has it: of attention probabilities, behind both blocks and, if it is asked
    /// for, inside the feed-forward block.
    ///
    /// # Shapes
    /// x `[texts, width, d]`, padded to the right; gives the same. `number` counts the layers from 1.
    pub(crate) fn forward_in_training(
        &self,
        x: Tensor<3>,
        number: usize,
        lengths: &[usize],
        training: &Training,
    ) -> Tensor<3> {
        let precision = training.precision;
        let dropped = |x, site, probability| operations::dropout(x, training.at(number, site, probability));
        let qkv = self.query_key_value.forward(x.clone(), precision);
        let whole = Visibility::Prefix(lengths.to_vec());
        let attention = training.at(number, 1, training.attention_dropout);
        let mixed = operations::attention(qkv, self.heads, &whole, attention, precision);
        let output = dropped(self.output.forward(mixed, precision), 2, training.hidden_dropout);
        let x = self.attention_norm.forward(x + output);
        let inner = operations::activate(self.up.forward(x.clone(), precision), self.activation());
        let inner = dropped(inner, 3, training.activation_dropout);
        let down = dropped(self.down.forward(inner, precision), 4, training.hidden_dropout);
        self.feed_forward_norm.forward(x + down)
    }
}
