//! One transformer layer, with layer norms behind each block.

mod training;

use burn::module::Module;
use burn::tensor::Tensor;
use checkpoints::{Activation, BertConfig};
use operations::{Dropout, Precision, Visibility};
use parameters::{LayerNorm, Linear};

/// One transformer layer.
#[derive(Module, Debug)]
pub struct Layer {
    /// To queries, keys and values side by side: `[3·d, d]`.
    pub query_key_value: Linear,
    /// From the heads back to the residual stream.
    pub output: Linear,
    /// Behind the attention and what it is added to.
    pub attention_norm: LayerNorm,
    /// `[ffn, d]`
    pub up: Linear,
    /// `[d, ffn]`
    pub down: Linear,
    /// Behind the feed-forward block and what it is added to.
    pub feed_forward_norm: LayerNorm,
    heads: usize,
    relu: bool,
}

/// How the texts of a batch lie in a tensor `[lines, width, d]`.
#[derive(Debug, Clone)]
pub(crate) enum Layout {
    /// One after the other in one line, without padding.
    Joined,
    /// One a line, with padding to the right that no token looks at.
    Padded,
}

impl Layer {
    pub(crate) fn assemble(
        config: &BertConfig,
        query_key_value: Linear,
        output: Linear,
        attention_norm: LayerNorm,
        up: Linear,
        down: Linear,
        feed_forward_norm: LayerNorm,
    ) -> Self {
        let (heads, relu) = (config.heads, config.activation == Activation::Relu);
        Self { query_key_value, output, attention_norm, up, down, feed_forward_norm, heads, relu }
    }

    /// # Shapes
    /// x `[lines, width, d]`; gives the same. `lengths` are those of the texts.
    pub(crate) fn forward(&self, x: Tensor<3>, layout: &Layout, lengths: &[usize]) -> Tensor<3> {
        let qkv = self.query_key_value.forward(x.clone(), Precision::F32);
        let mixed = match layout {
            Layout::Padded => self.attend(qkv, lengths.to_vec()),
            Layout::Joined => self.attend_each(qkv, lengths),
        };
        let x = self.attention_norm.forward(x + self.output.forward(mixed, Precision::F32));
        let inner = operations::activate(self.up.forward(x.clone(), Precision::F32), self.activation());
        self.feed_forward_norm.forward(x + self.down.forward(inner, Precision::F32))
    }

    /// Each text sees itself whole.
    fn attend(&self, qkv: Tensor<3>, lengths: Vec<usize>) -> Tensor<3> {
        let whole = Visibility::Prefix(lengths);
        operations::attention(qkv, self.heads, &whole, Dropout::default(), Precision::F32)
    }

    fn attend_each(&self, qkv: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        let [_, _, width] = qkv.dims();
        if let [length] = lengths {
            return self.attend(qkv, vec![*length]);
        }
        let mut from = 0;
        let parts = lengths.iter().map(|length| {
            let own = from..from + length;
            from = own.end;
            self.attend(qkv.clone().slice([0..1, own, 0..width]), vec![*length])
        });
        Tensor::cat(parts.collect(), 1)
    }

    pub(crate) fn linears(&mut self) -> [&mut Linear; 4] {
        [&mut self.query_key_value, &mut self.output, &mut self.up, &mut self.down]
    }

    pub(crate) const fn activation(&self) -> operations::Activation {
        if self.relu { operations::Activation::Relu } else { operations::Activation::Gelu }
    }
}
