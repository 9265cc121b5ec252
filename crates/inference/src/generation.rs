//! Free text: what is asked for, and what comes.

/// How free text is decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DecodingStrategy {
    /// The likeliest token at each place.
    Greedy,
    /// Beam search; gives at most so many candidates.
    BeamSearch {
        /// Hypotheses that are kept.
        beams: usize,
    },
    /// By chance.
    Sampling {
        /// Below 1 the likely becomes likelier.
        temperature: f64,
        /// The same seed gives the same text.
        seed: u64,
    },
}

/// A request for free text.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerationRequest {
    /// What is to be continued, exactly: a blank at its end begins a new word.
    pub prefix: String,
    /// How.
    pub strategy: DecodingStrategy,
    /// Tokens to be written at most.
    pub max_tokens: usize,
    /// No run of so many tokens comes twice, the prefix included; 0 for no such rule.
    pub no_repeat_ngram: usize,
    /// Other tokens to be reported at each place.
    pub alternatives: usize,
}

/// A written token.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its text, with the blank before it.
    pub text: String,
    /// Natural logarithm of its probability.
    pub log_probability: f64,
    /// Other tokens for this place, the likeliest first, without the chosen one.
    pub alternatives: Vec<Alternative>,
}

/// A token that could have been written.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// Its text, with the blank before it.
    pub text: String,
    /// Natural logarithm of its probability.
    pub log_probability: f64,
}

/// What is new of a text that is being written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenDelta {
    /// Tokens whose text is final, since the last delta.
    pub tokens: Vec<Token>,
    /// What would follow if the text ended here; replaces that of the last delta.
    pub tentative: String,
}

/// A finished text.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// Everything that was written, from the first token on.
    pub tokens: Vec<Token>,
    /// Mean natural logarithm of the probabilities of its tokens, the end included.
    pub mean_log_probability: f64,
    /// Why it ended.
    pub finish_reason: FinishReason,
}

impl Generation {
    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
    }
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// The model ended it.
    EndOfText,
    /// It came to its greatest length.
    Length,
    /// It repeated itself again and again.
    Repetition,
    /// Someone stopped it.
    Stopped,
}
