use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::CheckpointError;

pub(crate) mod fairseq;
pub(crate) mod fields;
pub(crate) mod hugging_face;
mod osler;

/// The shape of a BioGPT model and what else cannot be read from its weights.
///
/// Luo et al., 2022, doi 10.1093/bib/bbac409: a GPT-2 shaped decoder with pre-layer-norm, learned positions and a
/// head tied to the token embedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Rows of the token embedding, learned prompt rows included.
    pub vocab_size: usize,
    /// Width of the residual stream, d.
    pub hidden_size: usize,
    /// Transformer layers.
    pub layers: usize,
    /// Attention heads of a layer; divides `hidden_size`.
    pub heads: usize,
    /// Width of the feed-forward layer's inside.
    pub feed_forward_size: usize,
    /// Longest sequence in tokens. The position embedding has [`Config::POSITION_OFFSET`] rows more.
    pub max_positions: usize,
    /// Non-linearity of the feed-forward layer.
    pub activation: Activation,
    /// Whether token embeddings are multiplied by sqrt(`hidden_size`).
    pub scale_embedding: bool,
    /// Whether the head is the token embedding itself.
    pub tied_head: bool,
    /// The last so many rows of the embedding are learned ("soft") prompt tokens, which stand for no text.
    pub learned_prompt: usize,
    /// Id of `<s>`.
    pub bos_id: u32,
    /// Id of `<pad>`.
    pub pad_id: u32,
    /// Id of `</s>`, which also starts every sequence.
    pub eos_id: u32,
    /// Id of `<unk>`.
    pub unk_id: u32,
    /// Dropout of training; inference has none.
    pub dropout: Dropout,
}

/// Non-linearity of the feed-forward layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// The exact one, x·Φ(x) with the error function; not the tanh approximation.
    Gelu,
    /// max(0, x).
    Relu,
}

/// Dropout probabilities of training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// On the embedding and on what each block adds.
    pub hidden: f64,
    /// On attention weights.
    pub attention: f64,
    /// After the feed-forward non-linearity.
    pub activation: f64,
    /// Of whole layers.
    pub layer: f64,
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error, remedies::Remedy)]
pub enum ConfigError {
    /// Not JSON, or not an object.
    #[error("not a configuration in JSON ({0}). Download or copy the file again")]
    NotJson(String),
    /// Neither a BioGPT configuration of Hugging Face nor our own.
    #[error("{}. Supported are BioGPT (BioGptForCausalLM) and the encoders {}", .0, crate::bert::supported())]
    NotBioGpt(String),
    /// A value that has no sensible default is absent.
    #[error("the configuration has no `{field}`. Use the file that was published with the weights")]
    Missing {
        /// Its name in the file.
        field: &'static str,
    },
    /// A value of another kind.
    #[error(
        "`{field}` should be {expected} but is {found}. Use the file that was published with the weights"
    )]
    WrongType {
        /// Its name in the file.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A variant of the architecture that BioGPT, or BERT, does not use.
    #[error(
        "`{field}` is {value}, but only {supported} is supported: this is not a {model} model. Use the file that was published with the weights"
    )]
    Unsupported {
        /// Its name in the file.
        field: &'static str,
        /// What it is.
        value: String,
        /// What would do.
        supported: &'static str,
        /// What the model is not.
        model: &'static str,
    },
    /// A model of another kind than those that are computed here.
    #[error("{found}. Supported are {supported}")]
    Architecture {
        /// What the configuration says.
        found: String,
        /// All that would do.
        supported: String,
    },
    /// Values that contradict each other or cannot be meant.
    #[error("{0}. Use the file that was published with the weights")]
    Invalid(String),
    /// Our own configuration, damaged.
    #[error("{0}. Convert the model again")]
    NotOurs(String),
}

impl Config {
    /// Epsilon of every layer norm. The reference uses PyTorch's default whatever `layer_norm_eps` says.
    pub const LAYER_NORM_EPSILON: f64 = 1e-5;
    /// Position rows start here, as in fairseq, where rows 0 and 1 belong to padding.
    pub const POSITION_OFFSET: usize = 2;

    /// BioGPT: 347 million parameters.
    pub fn base() -> Self {
        Self::preset(42_384, 1024, 24, 16, 1024)
    }

    /// BioGPT-Large: 1.6 thousand million parameters.
    pub fn large() -> Self {
        Self::preset(57_717, 1600, 48, 25, 2048)
    }

    /// The model that comes with the app: made for a processor without a graphics card.
    pub fn starter() -> Self {
        Self::preset(12_288, 384, 8, 6, 1024)
    }

    /// For tests: milliseconds on any machine.
    pub fn tiny() -> Self {
        Self::preset(512, 64, 2, 4, 128)
    }

    fn preset(
        vocab_size: usize,
        hidden_size: usize,
        layers: usize,
        heads: usize,
        max_positions: usize,
    ) -> Self {
        Self {
            vocab_size,
            hidden_size,
            layers,
            heads,
            feed_forward_size: 4 * hidden_size,
            max_positions,
            activation: Activation::Gelu,
            scale_embedding: true,
            tied_head: true,
            learned_prompt: 0,
            bos_id: 0,
            pad_id: 1,
            eos_id: 2,
            unk_id: 3,
            dropout: Dropout { hidden: 0.1, attention: 0.1, activation: 0.0, layer: 0.0 },
        }
    }

    /// Reads a `config.json`, Hugging Face's or our own, and validates it.
    ///
    /// Hugging Face's does not say how many rows are learned prompt unless Osler wrote it: [`crate::Checkpoint`] finds
    /// that out from the vocabulary in the same folder.
    ///
    /// # Errors
    /// [`CheckpointError::Read`] or [`CheckpointError::Config`], naming the file and the value.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let object = fields::read_json_object(path)?;
        let config = match object.get("format") {
            Some(_) => osler::config(object),
            None => hugging_face::config(&object),
        };
        config.map_err(CheckpointError::config(path))
    }

    /// Our own `config.json`; [`Config::read`] gives the same configuration back.
    pub fn to_json(&self) -> String {
        osler::json(self)
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.heads
    }

    /// Rows of the position embedding.
    pub fn position_rows(&self) -> usize {
        self.max_positions + Self::POSITION_OFFSET
    }

    /// Numbers in the largest matrix.
    pub fn largest_tensor(&self) -> usize {
        let rows =
            self.vocab_size.max(self.position_rows()).max(self.feed_forward_size).max(3 * self.hidden_size);
        rows * self.hidden_size
    }

    /// Number of weights, a tied head counted once.
    pub fn parameters(&self) -> usize {
        crate::names::canonical_tensors(self)
            .iter()
            .map(|tensor| tensor.shape.iter().product::<usize>())
            .sum()
    }

    /// Makes sure that the values fit together and that no size can overflow.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`], saying which values and why.
    pub fn validate(&self) -> Result<(), ConfigError> {
        fields::check_sizes(&[
            ("vocabulary", self.vocab_size, 4, 1 << 20),
            ("hidden size", self.hidden_size, 1, 1 << 14),
            ("number of layers", self.layers, 1, 1 << 8),
            ("number of heads", self.heads, 1, 1 << 10),
            ("feed-forward size", self.feed_forward_size, 1, 1 << 16),
            ("number of positions", self.max_positions, 1, 1 << 16),
        ])?;
        if !self.hidden_size.is_multiple_of(self.heads) {
            return Err(ConfigError::Invalid(format!(
                "the hidden size {} cannot be divided among {} attention heads",
                self.hidden_size, self.heads
            )));
        }
        if self.learned_prompt + 4 > self.vocab_size {
            return Err(ConfigError::Invalid(format!(
                "{} learned prompt rows do not fit in a vocabulary of {}",
                self.learned_prompt, self.vocab_size
            )));
        }
        for (what, id) in
            [("<s>", self.bos_id), ("<pad>", self.pad_id), ("</s>", self.eos_id), ("<unk>", self.unk_id)]
        {
            if id as usize >= self.vocab_size - self.learned_prompt {
                return Err(ConfigError::Invalid(format!(
                    "the id {id} of {what} is outside of the vocabulary"
                )));
            }
        }
        let Dropout { hidden, attention, activation, layer } = self.dropout;
        for (what, value) in
            [("hidden", hidden), ("attention", attention), ("activation", activation), ("layer", layer)]
        {
            if !(0.0..1.0).contains(&value) {
                return Err(ConfigError::Invalid(format!(
                    "the {what} dropout {value} is not between 0 and 1"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid_and_have_the_published_sizes() {
        for config in [Config::base(), Config::large(), Config::starter(), Config::tiny()] {
            config.validate().unwrap();
        }
        assert_eq!(Config::base().parameters(), 346_763_264);
        assert_eq!(Config::large().parameters(), 1_571_188_800);
    }

    #[test]
    fn contradictions_are_told_in_words() {
        let refused = |change: fn(&mut Config)| {
            let mut config = Config::tiny();
            change(&mut config);
            config.validate().unwrap_err().problem()
        };
        assert_eq!(
            refused(|config| config.heads = 3),
            "the hidden size 64 cannot be divided among 3 attention heads"
        );
        assert_eq!(refused(|config| config.layers = 0), "the number of layers is 0, outside of 1 to 256");
        assert_eq!(refused(|config| config.eos_id = 512), "the id 512 of </s> is outside of the vocabulary");
        assert_eq!(
            refused(|config| config.dropout.hidden = f64::NAN),
            "the hidden dropout NaN is not between 0 and 1"
        );
        assert!(refused(|config| config.vocab_size = usize::MAX).contains("vocabulary"));
        assert!(refused(|config| config.learned_prompt = 510).contains("510 learned prompt rows"));
    }
}
