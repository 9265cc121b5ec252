//! The configuration of a BERT or RoBERTa encoder (Devlin et al. 2019, doi 10.18653/v1/N19-1423; Liu et al. 2019,
//! arXiv 1907.11692): BioBERT, PubMedBERT and what was tuned from them.

mod hugging_face;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::fields::{check_sizes, read_json_object};
use crate::config::{Activation, ConfigError};
use crate::error::CheckpointError;
use crate::tensor::Dtype;

pub(crate) use hugging_face::supported;

/// The shape of an encoder, its head, and what else cannot be read from its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BertConfig {
    /// Which of the two forms.
    pub family: Family,
    /// What is computed from the hidden states.
    pub head: Head,
    /// The names of a classification's classes, by number. Empty for other heads.
    pub labels: Vec<String>,
    /// Whether the classes of a text are independent of each other: each has a probability of its own.
    pub multi_label: bool,
    /// Rows of the token embedding.
    pub vocab_size: usize,
    /// Width of the residual stream, d.
    pub hidden_size: usize,
    /// Transformer layers.
    pub layers: usize,
    /// Attention heads of a layer; divides `hidden_size`.
    pub heads: usize,
    /// Width of the feed-forward layer's inside.
    pub feed_forward_size: usize,
    /// Rows of the position embedding.
    pub position_rows: usize,
    /// Rows of the segment embedding.
    pub segments: usize,
    /// Non-linearity of the feed-forward layer.
    pub activation: Activation,
    /// Added to the variance in every layer norm.
    pub layer_norm_epsilon: f64,
    /// Id of the padding token.
    pub pad_id: u32,
    /// Whether the masked language model's projection is the token embedding itself.
    pub tied_head: bool,
}

/// The two forms of encoder: they differ in positions, segments, tokenization and the names of tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Positions from 0, two segments, WordPiece.
    Bert,
    /// Positions from the padding id + 1, one segment, byte-level BPE.
    Roberta,
}

/// What an encoder computes from its hidden states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// Nothing more.
    None,
    /// The vocabulary's logits of each token.
    MaskedLanguageModel,
    /// The classes' logits of each token.
    TokenClassification,
    /// The classes' logits of the whole text, or pair of texts.
    SequenceClassification,
}

impl Head {
    /// Whether it gives logits of named classes.
    pub fn classifies(self) -> bool {
        matches!(self, Self::TokenClassification | Self::SequenceClassification)
    }
}

/// What our own `config.json` says of its form.
const FORMAT: &str = "osler-bert";

impl BertConfig {
    /// Reads a `config.json`, Hugging Face's or our own, and validates it.
    ///
    /// # Errors
    /// [`CheckpointError::Read`] or [`CheckpointError::Config`], naming the file and the value.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let object = read_json_object(path)?;
        let config = match object.get("format") {
            Some(_) => own(object),
            None => hugging_face::config(&object),
        };
        config.map_err(CheckpointError::config(path))
    }

    /// Whether a folder's `config.json` names an encoder and not another kind of model, supported or not.
    pub fn is_named_in(folder: &Path) -> bool {
        let Ok(object) = read_json_object(&folder.join("config.json")) else { return false };
        let named = |field: &str, names: &[&str]| {
            object.get(field).and_then(Value::as_str).is_some_and(|value| names.contains(&value))
        };
        named("format", &[FORMAT])
            || named("model_type", &["bert", "roberta"])
            || hugging_face::architecture(&object)
                .is_some_and(|name| name.starts_with("Bert") || name.starts_with("Roberta"))
    }

    /// Our own `config.json`; [`BertConfig::read`] gives the same configuration back.
    pub fn to_json(&self) -> String {
        let mut object = Map::from_iter([("format".to_owned(), Value::from(FORMAT))]);
        // A struct of numbers, flags and names always becomes an object.
        if let Ok(Value::Object(fields)) = serde_json::to_value(self) {
            object.extend(fields);
        }
        format!("{:#}\n", Value::Object(object))
    }

    /// The `config.json` of Hugging Face's form, for weights of this type; [`BertConfig::read`] gives the same configuration back.
    pub(crate) fn to_hugging_face(&self, dtype: Dtype) -> String {
        hugging_face::json(self, dtype)
    }

    /// The same encoder without its head.
    #[must_use]
    pub fn without_head(self) -> Self {
        Self { head: Head::None, labels: Vec::new(), multi_label: false, tied_head: true, ..self }
    }

    /// Longest sequence in tokens, special ones included.
    pub fn max_positions(&self) -> usize {
        self.position_rows - self.first_position()
    }

    /// The row of the first token's position.
    pub fn first_position(&self) -> usize {
        match self.family {
            Family::Bert => 0,
            Family::Roberta => self.pad_id as usize + 1,
        }
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.heads
    }

    /// Number of weights, a tied head counted once.
    pub fn parameters(&self) -> usize {
        let tensors = crate::names::bert::canonical_tensors(self);
        tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    }

    /// Makes sure that the values fit together and that no size can overflow.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`], saying which values and why.
    pub fn validate(&self) -> Result<(), ConfigError> {
        check_sizes(&[
            ("vocabulary", self.vocab_size, 4, 1 << 20),
            ("hidden size", self.hidden_size, 1, 1 << 14),
            ("number of layers", self.layers, 1, 1 << 8),
            ("number of heads", self.heads, 1, 1 << 10),
            ("feed-forward size", self.feed_forward_size, 1, 1 << 16),
            ("number of positions", self.position_rows, 1, 1 << 12),
            ("number of segments", self.segments, 1, 1 << 8),
            ("number of labels", self.labels.len(), usize::from(self.head.classifies()), 1 << 12),
        ])?;
        let invalid = |problem: String| Err(ConfigError::Invalid(problem));
        if !self.hidden_size.is_multiple_of(self.heads) {
            return invalid(format!(
                "the hidden size {} cannot be divided among {} attention heads",
                self.hidden_size, self.heads
            ));
        }
        if self.pad_id as usize >= self.vocab_size {
            return invalid(format!("the id {} of padding is outside of the vocabulary", self.pad_id));
        }
        if self.first_position() >= self.position_rows {
            return invalid(format!(
                "{} position rows leave no room for a text: the first {} belong to padding",
                self.position_rows,
                self.first_position()
            ));
        }
        if !(0.0..1.0).contains(&self.layer_norm_epsilon) {
            return invalid(format!(
                "the layer norm epsilon {} is not between 0 and 1",
                self.layer_norm_epsilon
            ));
        }
        for (number, label) in self.labels.iter().enumerate() {
            if label.trim().is_empty() || label.len() > 200 || label.contains(char::is_control) {
                return invalid(format!("label {number} is no name of a class: {label:.40?}"));
            }
            if self.labels[..number].contains(label) {
                return invalid(format!(
                    "two classes are named {label:?}, the second one has the number {number}"
                ));
            }
        }
        Ok(())
    }
}

fn own(mut object: Map<String, Value>) -> Result<BertConfig, ConfigError> {
    if object.remove("format").as_ref().and_then(Value::as_str) != Some(FORMAT) {
        return Err(ConfigError::Invalid(format!(
            "`format` is not {FORMAT:?}: this is not a BERT model of Osler's"
        )));
    }
    let config: BertConfig = serde_json::from_value(Value::Object(object))
        .map_err(|error| ConfigError::NotOurs(error.to_string()))?;
    config.validate()?;
    Ok(config)
}

#[cfg(test)]
mod tests;
