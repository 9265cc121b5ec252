//! Texts as tokens, held against the model before anything is computed.

use checkpoints::BertConfig;
use tokenizer::bert::BertEncoding;

/// A text, or a pair of texts, as tokens.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    /// Special tokens included.
    pub ids: &'a [u32],
    /// The segment of each token.
    pub segments: &'a [u32],
}

impl<'a> From<&'a BertEncoding> for Tokens<'a> {
    fn from(encoding: &'a BertEncoding) -> Self {
        Self { ids: &encoding.ids, segments: &encoding.segments }
    }
}

/// Why tokens cannot be read by a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, remedies::Remedy)]
pub enum ReadError {
    /// A text without a token.
    #[error("text {text} has no tokens. Give it at least the special tokens around a text")]
    Empty {
        /// Its number, from 0.
        text: usize,
    },
    /// More tokens than positions.
    #[error("text {text} has {length} tokens, but this model reads at most {most}. Read it in parts")]
    TooLong {
        /// Its number, from 0.
        text: usize,
        /// Its tokens.
        length: usize,
        /// The most.
        most: usize,
    },
    /// A number that the model has no row for.
    #[error("text {text} has the {what} {found} at token {place}, but this model has only 0 to {last}")]
    Unknown {
        /// Its number, from 0.
        text: usize,
        /// `token id` or `segment`.
        what: &'static str,
        /// The number.
        found: u32,
        /// The token's number, from 0.
        place: usize,
        /// The last one that there is.
        last: usize,
    },
    /// Not one segment a token.
    #[error("text {text} has {ids} tokens but {segments} segments. Give one segment for each token")]
    Segments {
        /// Its number, from 0.
        text: usize,
        /// Its tokens.
        ids: usize,
        /// Its segments.
        segments: usize,
    },
    /// There is nothing to compute.
    #[error(
        "this model has no head: it gives hidden states, and no logits. Take one that was tuned for a task, or a masked \
         language model"
    )]
    NoHead,
    /// Numbers without a meaning.
    #[error(
        "the model gives infinite numbers for text {text}, or none. Its weights or the device are damaged: verify the model, or \
         compute on the processor"
    )]
    NotFinite {
        /// Its number, from 0.
        text: usize,
    },
    /// The device lost its values.
    #[error("the device gave no numbers back: {0}. Compute on the processor")]
    Device(String),
}

/// Holds texts against the shape of a model.
pub(crate) fn check(texts: &[Tokens], config: &BertConfig) -> Result<(), ReadError> {
    let most = config.max_positions();
    for (text, tokens) in texts.iter().enumerate() {
        let (length, segments) = (tokens.ids.len(), tokens.segments.len());
        if length == 0 {
            return Err(ReadError::Empty { text });
        }
        if length > most {
            return Err(ReadError::TooLong { text, length, most });
        }
        if length != segments {
            return Err(ReadError::Segments { text, ids: length, segments });
        }
        let held =
            [("token id", tokens.ids, config.vocab_size), ("segment", tokens.segments, config.segments)];
        for (what, numbers, rows) in held {
            if let Some(place) = numbers.iter().position(|number| *number as usize >= rows) {
                return Err(ReadError::Unknown { text, what, found: numbers[place], place, last: rows - 1 });
            }
        }
    }
    Ok(())
}
