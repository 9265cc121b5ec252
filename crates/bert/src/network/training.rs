use burn::tensor::{Int, Tensor, TensorData};
use operations::{Precision, Training};
use parameters::rows_of;

use super::Network;
use crate::heads::Classification;
use crate::read::Tokens;

impl Network {
    /// The logits of a classification in training: with dropout, padded on every device, and followed by gradients where the
    /// weights are on a device that follows them. `None` for a network without such a head.
    ///
    /// # Shapes
    /// Gives `[tokens, classes]`, those of the texts one after the other, or, where texts are classified, `[texts, classes]`.
    ///
    /// # Panics
    /// As [`Network::hidden`].
    #[must_use]
    pub fn logits_in_training(&self, texts: &[Tokens], training: &Training) -> Option<Tensor<2>> {
        let head = self.classification.as_ref()?;
        let lengths: Vec<usize> = texts.iter().map(|text| text.ids.len()).collect();
        let longest = lengths.iter().max().copied().unwrap_or(0);
        let x = self.embedded(texts, longest);
        let mut x =
            operations::dropout(self.embedding_norm.forward(x), training.at(0, 0, training.hidden_dropout));
        for (number, layer) in (1..).zip(&self.layers) {
            x = layer.forward_in_training(x, number, &lengths, training);
        }
        let d = x.dims()[2];
        let hidden = x.reshape([texts.len() * longest, d]);
        let rows: Vec<usize> = match head.pooler {
            Some(_) => (0..texts.len()).map(|row| row * longest).collect(),
            None => {
                let own = |(row, length): (usize, &usize)| row * longest..row * longest + length;
                lengths.iter().enumerate().flat_map(own).collect()
            }
        };
        let dropped = |x, site| {
            operations::dropout(x, training.at(self.layers.len() + 1, site, training.hidden_dropout))
        };
        Some(head.logits_in_training(rows_of(hidden, &rows), self.roberta, dropped))
    }

    /// The sum of the embeddings, `[texts, width, d]`.
    fn embedded(&self, texts: &[Tokens], width: usize) -> Tensor<3> {
        let padding = [self.padding as i32, if self.roberta { self.padding as i32 } else { 0 }, 0];
        let mut places: Vec<[i32; 3]> = Vec::with_capacity(texts.len() * width);
        for (row, text) in texts.iter().enumerate() {
            places.extend(self.places(text));
            places.resize((row + 1) * width, padding);
        }
        let numbers = |i: usize| {
            let values: Vec<i32> = places.iter().map(|place| place[i]).collect();
            Tensor::<2, Int>::from_data(TensorData::new(values, [texts.len(), width]), &self.device())
        };
        self.embed_tokens.embed(numbers(0))
            + operations::embed(self.embed_positions.val(), numbers(1))
            + operations::embed(self.embed_segments.val(), numbers(2))
    }

    /// The same network with the weights of quantized matrices as floats: for training.
    #[must_use]
    pub fn unpacked(mut self) -> Self {
        self.embed_tokens = self.embed_tokens.unpacked();
        for linear in self.linears() {
            linear.weight = linear.weight.clone().unpacked();
        }
        self
    }
}

impl Classification {
    /// Dropout lies before the classifier, and in RoBERTa's head before the pooler, too.
    ///
    /// # Shapes
    /// states `[tokens or texts, d]`; gives `[tokens or texts, classes]`.
    fn logits_in_training(
        &self,
        states: Tensor<2>,
        roberta: bool,
        dropped: impl Fn(Tensor<2>, u64) -> Tensor<2>,
    ) -> Tensor<2> {
        // A few rows: rounding their factors would save nothing.
        let states = match &self.pooler {
            Some(pooler) => {
                let states = if roberta { dropped(states, 0) } else { states };
                pooler.forward(states, Precision::F32).tanh()
            }
            None => states,
        };
        self.classifier.forward(dropped(states, 1), Precision::F32)
    }
}
