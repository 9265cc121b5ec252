//! Decoding: greedy, sampled, by beam search, under constraints; and scoring of given continuations.
//!
//! A [`Reader`] reads a prompt once and keeps what it has read; [`Decoder::generate`], [`Decoder::beam_search`] and
//! [`Decoder::score`] continue it, as often as wished. Every token that comes out is a [`Token`]: its id with its
//! log-probability, rank and alternatives as the model sees them, before any constraint, temperature or penalty, and
//! the share of probability that the constraint took away. Nothing here knows text.

mod beam;
mod constraint;
mod error;
mod generate;
mod random;
mod reader;
mod rules;
mod score;
pub mod scores;
mod sequences;

use crate::{Config, Network};

pub use beam::{BeamSearch, Hypothesis, Progress};
pub use constraint::{Allowed, Constraint, Free};
pub use error::DecodeError;
pub use generate::{Choice, DecodingBatch, Finish, FinishedSequence, Generated, Sampling};
pub use reader::{Prompts, Reader};
pub use rules::Rules;
pub use score::Continuation;
pub use sequences::{Readings, Sequences};

/// A token that was written and how sure the model was of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// Natural logarithm of its probability.
    pub log_probability: f32,
    /// How many tokens were likelier.
    pub rank: u32,
    /// Probability of all that the constraint and the other rules excluded here.
    pub masked_mass: f32,
    /// The likeliest tokens, best first, whether they were allowed or not; as many as [`Rules::alternatives`] asks for.
    pub alternatives: Vec<Alternative>,
}

/// A token that could have been written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alternative {
    /// Its id.
    pub id: u32,
    /// Natural logarithm of its probability.
    pub log_probability: f32,
}

/// Decodes with one network.
#[derive(Debug, Clone)]
pub struct Decoder<'m> {
    network: &'m Network,
    config: &'m Config,
    forbidden: Vec<u32>,
}

impl<'m> Decoder<'m> {
    /// A decoder that never writes tokens without text: `<s>`, `<pad>` and the learned prompt.
    #[must_use]
    pub fn new(network: &'m Network, config: &'m Config) -> Self {
        let learned = config.vocab_size.saturating_sub(config.learned_prompt)..config.vocab_size;
        let mut forbidden: Vec<u32> = learned.map(|id| id as u32).collect();
        forbidden.extend([config.bos_id, config.pad_id]);
        forbidden.sort_unstable();
        Self { network, config, forbidden }
    }

    /// The same, but every token may be written, as in the reference implementation: to compare with it.
    #[must_use]
    pub fn with_every_token(mut self) -> Self {
        self.forbidden.clear();
        self
    }

    /// Rows of logits that are held at once, so that memory stays bounded: 8 MiB of them.
    fn rows_at_once(&self) -> usize {
        ((2 << 20) / self.config.vocab_size.max(1)).max(1)
    }

    /// Tokens of a prompt that are read at once: on a CPU more are no faster, and what lies between two matrices takes
    /// memory. A graphics device compiles its kernels for each number of them.
    fn tokens_at_once(&self) -> usize {
        if operations::is_cpu(&self.network.device()) { 128 } else { usize::MAX }
    }

    /// Refuses ids that the model does not know, and texts that leave no room.
    fn check_prompt(&self, tokens: &[u32]) -> Result<(), DecodeError> {
        let vocabulary = self.config.vocab_size;
        if tokens.is_empty() {
            return Err(DecodeError::EmptyPrompt);
        }
        self.check_ids(tokens)?;
        if tokens.len() > self.config.max_positions {
            return Err(DecodeError::TooLong { length: tokens.len(), longest: self.config.max_positions });
        }
        debug_assert_eq!(vocabulary, self.network.embed_tokens.dims()[0]);
        Ok(())
    }

    fn check_ids(&self, tokens: &[u32]) -> Result<(), DecodeError> {
        let vocabulary = self.config.vocab_size;
        match tokens.iter().find(|id| **id as usize >= vocabulary) {
            Some(id) => Err(DecodeError::UnknownToken { id: *id, vocabulary }),
            None => Ok(()),
        }
    }
}
