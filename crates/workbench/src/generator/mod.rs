//! What writes and scores text: BioGPT, or a scripted stand-in with which everything works without weights.
//!
//! Generators take and give text; tokens are their own affair, but each written token is told with its probability and
//! what else could have stood there.

mod biogpt;
mod form;
mod pieces;
mod scripted;
mod sums;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Weak};

use tasks::grammar::{Grammar, Item};
use tasks::guidance::Guidance;

pub use biogpt::{BioGpt, need};
#[cfg(test)]
pub(crate) use scripted::FAILS;
pub use scripted::{ID as SCRIPTED, Scripted};
pub use sums::Sums;

/// What is known of a model before it is asked anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// Its id, as in lists of models.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// SHA-256 of its weights.
    pub sha256: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_sha256: String,
    /// SHA-256 of its guidance.
    pub guidance_sha256: String,
    /// Where it computes.
    pub device: String,
    /// Tokens that it reads and writes at most, together.
    pub positions: usize,
    /// Bytes of its weights in memory.
    pub memory: u64,
    /// By task that it was tuned for, the number of learned tokens behind the prompt.
    pub tuned: BTreeMap<String, usize>,
    /// Whether it was tuned for some task without saying which: then every task may be tried.
    pub tuned_for_unknown: bool,
    /// What its training taught beside the weights.
    pub guidance: Guidance,
}

/// What a model is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// The text.
    pub text: String,
    /// The task whose learned tokens follow it, if any do.
    pub task: Option<String>,
}

impl Prompt {
    /// A text without learned tokens.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), task: None }
    }

    /// A text with the learned tokens of a task.
    #[must_use]
    pub fn tuned(text: impl Into<String>, task: impl Into<String>) -> Self {
        Self { text: text.into(), task: Some(task.into()) }
    }
}

/// How free text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    /// The likeliest token at each place.
    Greedy,
    /// Beam search; gives at most so many candidates.
    Beams {
        /// Hypotheses followed side by side.
        beams: usize,
    },
    /// By chance.
    Sampled {
        /// Below 1 the likely becomes likelier.
        temperature: f64,
        /// The same seed gives the same text.
        seed: u64,
    },
}

/// A request for free text.
#[derive(Debug, Clone, PartialEq)]
pub struct Writing {
    /// What is to be continued, as it stands: a blank at its end begins a new word.
    pub before: String,
    /// How.
    pub choice: Choice,
    /// Tokens to be written at most.
    pub most_tokens: usize,
    /// No run of so many tokens comes twice, what is continued included; 0 for no such rule.
    pub no_repeat: usize,
    /// Other tokens to be told at each place.
    pub alternatives: usize,
}

/// A written token.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its text, with the blank before it.
    pub text: String,
    /// Natural logarithm of its probability.
    pub log_probability: f64,
    /// Others that stood at this place, the likeliest first, without the chosen one.
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

/// A text as it grows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Growth {
    /// What is certain, since the last time.
    pub tokens: Vec<Token>,
    /// What would follow if the text ended here; replaces the one before.
    pub tentative: String,
}

/// A finished text.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Everything that was written, from the first token on.
    pub tokens: Vec<Token>,
    /// Mean natural logarithm of the probabilities of its tokens, the end included.
    pub mean_log_probability: f64,
    /// Why it ended.
    pub ended: Ended,
}

impl Written {
    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
    }
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The model ended it.
    Complete,
    /// It came to its greatest length.
    Length,
    /// It went round in circles.
    Repetition,
    /// Someone stopped it.
    Stopped,
}

/// An answer that was written under a grammar.
#[derive(Debug, Clone, PartialEq)]
pub struct Formal {
    /// The text, word for word.
    pub text: String,
    /// What it says, in order.
    pub items: Vec<FormalItem>,
    /// Tokens written.
    pub tokens: usize,
    /// Whether it came to its end; else someone stopped it, and `items` are those that were whole.
    pub complete: bool,
}

/// A statement of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct FormalItem {
    /// The values of its slots.
    pub item: Item,
    /// Of the tokens that state it, natural logarithms of their probabilities before the grammar.
    pub log_probabilities: Vec<f64>,
    /// Of the same tokens, the probability of everything that the grammar excluded there.
    pub masked: Vec<f64>,
}

/// An answer that was begun. Dropping it gives the answer up.
#[derive(Debug, Clone, Default)]
pub struct Ticket(Arc<()>);

impl Ticket {
    fn stub(&self) -> Stub {
        Stub(Arc::downgrade(&self.0))
    }
}

/// What the generator keeps of a ticket.
#[derive(Debug, Clone)]
struct Stub(Weak<()>);

impl Stub {
    fn is_of(&self, ticket: &Ticket) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&ticket.0))
    }

    /// Whether someone still wants the answer.
    fn is_wanted(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// How an answer stands that was begun.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// It is being written.
    UnderWay,
    /// It is there. It is given once.
    Done(Formal),
    /// This generator knows nothing of it: begin it again.
    Lost,
}

/// Words to be scored behind a prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Continuation {
    /// Given: not scored.
    pub given: String,
    /// Scored, as it follows `given`.
    pub scored: String,
}

impl Continuation {
    /// Everything is scored.
    #[must_use]
    pub fn whole(scored: impl Into<String>) -> Self {
        Self { given: String::new(), scored: scored.into() }
    }
}

/// Why a model could not do what it was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeneratorError {
    /// The text leaves no room.
    #[error(
        "the text takes {length} tokens, and the model reads at most {longest} when it is to write an answer. Shorten it"
    )]
    TooLong {
        /// Tokens of the text.
        length: usize,
        /// Tokens it may have.
        longest: usize,
    },
    /// There is nothing to go on from.
    #[error("there is no text to go on from. Write something first")]
    Empty,
    /// The device failed, or ran out of memory.
    #[error("{0}")]
    Device(String),
    /// Anything else that the decoder says.
    #[error("{0}")]
    Decoding(String),
}

/// Writes and scores text.
pub trait Generator {
    /// What is known of it.
    fn profile(&self) -> &Profile;

    /// Tokens of a prompt, with the `</s>` before and the learned tokens behind it.
    fn length(&self, prompt: &Prompt) -> usize;

    /// Continues a text freely; candidates are best first. `on_growth` hears how the one under way grows and may stop it
    /// after each token.
    ///
    /// # Errors
    /// If the text leaves no room, or the device fails.
    fn write(
        &mut self,
        writing: &Writing,
        on_growth: &mut dyn FnMut(Growth) -> ControlFlow<()>,
    ) -> Result<Vec<Written>, GeneratorError>;

    /// Writes an answer under a grammar. `on_token` is called after each token and may stop it.
    ///
    /// # Errors
    /// If the prompt leaves no room for an answer, or the device fails.
    fn state(
        &mut self,
        prompt: &Prompt,
        grammar: &Grammar,
        on_token: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Formal, GeneratorError>;

    /// Whether another answer may be begun while others are under way.
    fn has_room(&self) -> bool;

    /// Begins an answer that is written beside others, to be the same as [`Generator::state`] would give.
    ///
    /// # Errors
    /// As [`Generator::state`].
    fn begin(&mut self, prompt: &Prompt, grammar: &Grammar) -> Result<Ticket, GeneratorError>;

    /// Writes all that was begun on, and gives the number of tokens that were written: none when nothing is under way.
    ///
    /// # Errors
    /// If the device fails: then all are given up.
    fn advance(&mut self) -> Result<usize, GeneratorError>;

    /// How an answer stands. When it is there the generator has read its prompt, and what is scored next need not read it
    /// again.
    fn take(&mut self, ticket: &Ticket) -> Progress;

    /// Natural logarithms of the probabilities of the scored tokens of each continuation.
    ///
    /// # Errors
    /// If a continuation does not fit behind the prompt, or the device fails.
    fn score(
        &mut self,
        prompt: &Prompt,
        continuations: &[Continuation],
    ) -> Result<Vec<Vec<f64>>, GeneratorError>;

    /// Tokens of a text as it is.
    fn tokens(&self, text: &str) -> usize;

    /// Forgets what was read: what follows is then the same whatever came before.
    fn forget(&mut self);

    /// Called when a piece of work is done: what makes the next ones faster is done now, beside them.
    fn settle(&mut self) {}
}
