//! Why nothing could be decoded.

/// Why a request to the decoder failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error, remedies::Remedy)]
pub enum DecodeError {
    /// Nothing to continue. Every BioGPT text starts with `</s>`, so even an empty one has a token.
    #[error("there is no text to continue. Write something first")]
    EmptyPrompt,
    /// No room is left for even one token.
    #[error(
        "the text has {length} tokens, but at most {longest} fit when something is to be written after them. Shorten \
         it or split it"
    )]
    TooLong {
        /// Tokens of the text.
        length: usize,
        /// Tokens it may have.
        longest: usize,
    },
    /// A token id that the model does not know: the ids were made with another model's vocabulary.
    #[error("token {id} is outside this model's vocabulary of {vocabulary}. Use the model's own tokenizer")]
    UnknownToken {
        /// The id.
        id: u32,
        /// Rows of the embedding.
        vocabulary: usize,
    },
    /// A setting that makes no sense.
    #[error("{name} is {value}, but it has to be {expected}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it was.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// The number of constraints fits neither one text nor all.
    #[error("{found} constraints were given for {rows} texts. Give one for all or one for each")]
    Constraints {
        /// Texts to continue.
        rows: usize,
        /// Constraints given.
        found: usize,
    },
    /// The constraint and the other rules together rule out every token.
    #[error(
        "nothing may be written at token {position}: the grammar, the least length and the ban on repetition \
         exclude every token. Loosen one of them"
    )]
    NoLegalToken {
        /// Tokens written so far, prompt included.
        position: usize,
    },
    /// The network's output is not a number.
    #[error("the model's output is not a number. Its weights are damaged: verify or reload the model")]
    NotANumber,
    /// The device could not compute or hand back a result.
    #[error("the device failed while the model was writing ({0}). Choose another device or reload the model")]
    Device(String),
}
