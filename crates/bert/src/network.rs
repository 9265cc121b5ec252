//! The encoder: embeddings of tokens, positions and segments, layers with norms behind each block, and a head.

mod training;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use checkpoints::BertConfig;
use checkpoints::bert::Family;
use parameters::{LayerNorm, Linear, Matrix, rows_of};

use crate::heads::{Classification, MaskedLanguageModel};
use crate::layer::{Layer, Layout};
use crate::read::Tokens;

/// Weights of the whole model.
#[derive(Module, Debug)]
pub struct Network {
    /// `[vocabulary, d]`
    pub embed_tokens: Matrix,
    /// `[positions, d]`
    pub embed_positions: Param<Tensor<2>>,
    /// `[segments, d]`
    pub embed_segments: Param<Tensor<2>>,
    /// Over the sum of the embeddings.
    pub embedding_norm: LayerNorm,
    /// First to last.
    pub layers: Vec<Layer>,
    /// The head of a classification.
    pub classification: Option<Classification>,
    /// The head of a masked language model.
    pub masked: Option<MaskedLanguageModel>,
    padding: usize,
    /// Whether positions count from the padding id on and leave padding out.
    roberta: bool,
}

/// The embeddings of a network.
pub(crate) struct Embeddings {
    pub tokens: Matrix,
    pub positions: Param<Tensor<2>>,
    pub segments: Param<Tensor<2>>,
    pub norm: LayerNorm,
}

impl Network {
    pub(crate) fn assemble(
        config: &BertConfig,
        embeddings: Embeddings,
        layers: Vec<Layer>,
        classification: Option<Classification>,
        masked: Option<MaskedLanguageModel>,
    ) -> Self {
        Self {
            embed_tokens: embeddings.tokens,
            embed_positions: embeddings.positions,
            embed_segments: embeddings.segments,
            embedding_norm: embeddings.norm,
            layers,
            classification,
            masked,
            padding: config.pad_id as usize,
            roberta: config.family == Family::Roberta,
        }
    }

    /// Where the weights are.
    #[must_use]
    pub fn device(&self) -> Device {
        self.embed_positions.device()
    }

    /// Hidden states after the last layer. On a CPU nothing is computed for padding: each text gives the same to the bit
    /// beside any others.
    ///
    /// # Shapes
    /// Gives `[tokens, d]`: those of the texts one after the other.
    ///
    /// # Panics
    /// If there is no text, a text has no token or more than there are positions, or an id or a segment is not one of the
    /// model's: [`crate::Model`] holds texts against the configuration first.
    #[must_use]
    pub fn hidden(&self, texts: &[Tokens]) -> Tensor<2> {
        let device = self.device();
        let lengths: Vec<usize> = texts.iter().map(|text| text.ids.len()).collect();
        let longest = lengths.iter().max().copied().unwrap_or(0);
        let total = lengths.iter().sum();
        let joined = operations::is_cpu(&device);
        let shape = if joined { [1, total] } else { [texts.len(), longest] };
        let mut places: Vec<[i32; 3]> = Vec::with_capacity(shape[0] * shape[1]);
        for text in texts {
            places.extend(self.places(text));
            if !joined {
                let padding = [self.padding as i32, if self.roberta { self.padding as i32 } else { 0 }, 0];
                places.resize(places.len() + longest - text.ids.len(), padding);
            }
        }
        let numbers = |i: usize| {
            let values: Vec<i32> = places.iter().map(|place| place[i]).collect();
            Tensor::<2, Int>::from_data(TensorData::new(values, shape), &device)
        };
        let x = self.embed_tokens.embed(numbers(0))
            + operations::embed(self.embed_positions.val(), numbers(1))
            + operations::embed(self.embed_segments.val(), numbers(2));
        let layout = if joined { Layout::Joined } else { Layout::Padded };
        let mut x = self.embedding_norm.forward(x);
        for layer in &self.layers {
            x = layer.forward(x, &layout, &lengths);
        }
        let d = x.dims()[2];
        let hidden = x.reshape([places.len(), d]);
        if joined {
            return hidden;
        }
        let own = lengths.iter().enumerate().flat_map(|(row, length)| row * longest..row * longest + length);
        rows_of(hidden, &own.collect::<Vec<_>>())
    }

    /// Token, position and segment of each token.
    fn places(&self, text: &Tokens) -> impl Iterator<Item = [i32; 3]> {
        let (padding, roberta) = (self.padding, self.roberta);
        let mut read = 0;
        let numbered = text.ids.iter().zip(text.segments).enumerate();
        numbered.map(move |(place, (id, segment))| {
            let position = if !roberta {
                place
            } else if *id as usize == padding {
                padding
            } else {
                read += 1;
                padding + read
            };
            [*id as i32, position as i32, *segment as i32]
        })
    }

    /// The head's logits for the hidden states of some texts. `None` for a model without a head.
    ///
    /// # Shapes
    /// hidden `[tokens, d]`, `lengths` those of the texts; gives `[tokens, classes or vocabulary]`, or, where texts are
    /// classified, `[texts, classes]`.
    #[must_use]
    pub fn logits(&self, hidden: Tensor<2>, lengths: &[usize]) -> Option<Tensor<2>> {
        if let Some(masked) = &self.masked {
            return Some(masked.logits(hidden, &self.embed_tokens));
        }
        let starts = lengths.iter().scan(0, |next, length| {
            let start = *next;
            *next += length;
            Some(start)
        });
        Some(self.classification.as_ref()?.logits(hidden, &starts.collect::<Vec<_>>()))
    }

    /// The same network with 8-bit or 4-bit matrices; positions, segments, norms and biases stay floats.
    #[must_use]
    pub fn quantize(mut self, bits: operations::Bits) -> Self {
        self.embed_tokens = self.embed_tokens.quantize(bits);
        for linear in self.linears() {
            linear.weight = linear.weight.clone().quantize(bits);
        }
        if let Some(masked) = &mut self.masked {
            masked.decoder = masked.decoder.take().map(|decoder| decoder.quantize(bits));
        }
        self
    }

    fn linears(&mut self) -> Vec<&mut Linear> {
        let mut all: Vec<&mut Linear> = self.layers.iter_mut().flat_map(Layer::linears).collect();
        if let Some(head) = &mut self.classification {
            all.extend(&mut head.pooler);
            all.push(&mut head.classifier);
        }
        all.extend(self.masked.as_mut().map(|masked| &mut masked.transform));
        all
    }

    /// Whether all large matrices are computed with as they lie in a file.
    pub(crate) fn is_mapped(&mut self) -> bool {
        let quantized = matches!(self.embed_tokens, Matrix::Quantized(_));
        operations::is_cpu(&self.device())
            && quantized
            && self.linears().iter().all(|l| l.quantized().is_some())
    }
}
