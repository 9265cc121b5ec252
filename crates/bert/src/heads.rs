//! What is computed from the hidden states.

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor, TensorData};
use operations::{Activation, Precision};
use parameters::{LayerNorm, Linear, Matrix};

/// The classes of tokens or texts.
#[derive(Module, Debug)]
pub struct Classification {
    /// `[d, d]`, with tanh behind it, over the first token of a text. Absent where tokens are classified.
    pub pooler: Option<Linear>,
    /// `[classes, d]`
    pub classifier: Linear,
}

/// Words that are hidden in a text.
#[derive(Module, Debug)]
pub struct MaskedLanguageModel {
    /// `[d, d]`
    pub transform: Linear,
    /// Behind the transformation's non-linearity.
    pub transform_norm: LayerNorm,
    /// `[vocabulary, d]`, where it is not the token embedding.
    pub decoder: Option<Matrix>,
    /// `[vocabulary]`
    pub bias: Param<Tensor<1>>,
    relu: bool,
}

impl Classification {
    /// # Shapes
    /// hidden `[tokens, d]`, firsts the places of the texts' first tokens; gives `[tokens or texts, classes]`.
    pub(crate) fn logits(&self, hidden: Tensor<2>, firsts: &[usize]) -> Tensor<2> {
        let Some(pooler) = &self.pooler else {
            return self.classifier.forward(hidden, Precision::F32);
        };
        let pooled = pooler.forward(rows_of(hidden, firsts), Precision::F32).tanh();
        self.classifier.forward(pooled, Precision::F32)
    }
}

impl MaskedLanguageModel {
    pub(crate) const fn new(
        transform: Linear,
        transform_norm: LayerNorm,
        decoder: Option<Matrix>,
        bias: Param<Tensor<1>>,
        relu: bool,
    ) -> Self {
        Self { transform, transform_norm, decoder, bias, relu }
    }

    /// # Shapes
    /// hidden `[tokens, d]`, embedding `[vocabulary, d]`; gives `[tokens, vocabulary]`.
    pub(crate) fn logits(&self, hidden: Tensor<2>, embedding: &Matrix) -> Tensor<2> {
        let activation = if self.relu { Activation::Relu } else { Activation::Gelu };
        let inner = operations::activate(self.transform.forward(hidden, Precision::F32), activation);
        let inner = self.transform_norm.forward(inner);
        self.decoder.as_ref().unwrap_or(embedding).project(inner) + self.bias.val().unsqueeze()
    }
}

/// Rows of a matrix, `[places, d]`; ascending places.
pub(crate) fn rows_of(hidden: Tensor<2>, places: &[usize]) -> Tensor<2> {
    if places.len() == hidden.dims()[0] {
        return hidden;
    }
    let indices: Vec<i32> = places.iter().map(|place| *place as i32).collect();
    let device = hidden.device();
    hidden.select(0, Tensor::<1, Int>::from_data(TensorData::new(indices, [places.len()]), &device))
}
