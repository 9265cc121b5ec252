//! Answers under a grammar, decoded together.

use std::sync::{Arc, Weak};

use tasks::grammar::Item;

/// An answer that was written under a grammar.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstrainedOutput {
    /// The text, word for word.
    pub text: String,
    /// What it states, in order.
    pub items: Vec<ConstrainedItem>,
    /// Tokens written.
    pub tokens: usize,
    /// Whether it came to its end; else someone stopped it, and `items` are those that were whole.
    pub complete: bool,
}

/// A statement of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstrainedItem {
    /// The values of its slots.
    pub item: Item,
    /// Of the tokens that state it, natural logarithms of their probabilities before the grammar.
    pub log_probabilities: Vec<f64>,
    /// Of the same tokens, the probability of everything that the grammar excluded there.
    pub masked: Vec<f64>,
}

/// Requests that a model decodes together (continuous batching): each gets what it would get alone. The model keeps what
/// it needs for them; dropping the batch gives all of them up.
#[derive(Debug)]
pub struct RequestBatch {
    token: Arc<()>,
    capacity: usize,
}

impl RequestBatch {
    /// An empty batch for so many requests at once.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { token: Arc::new(()), capacity: capacity.max(1) }
    }

    /// Requests that may be under way at once.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn key(&self) -> BatchKey {
        BatchKey(Arc::downgrade(&self.token))
    }
}

/// What a model keeps of a batch.
#[derive(Debug, Clone)]
pub(crate) struct BatchKey(Weak<()>);

impl BatchKey {
    pub(crate) fn is_of(&self, batch: &RequestBatch) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&batch.token))
    }

    /// Whether someone still waits for the batch.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// A request of a batch, by its number in the order of submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub(crate) usize);

/// How far a request is.
#[derive(Debug, Clone, PartialEq)]
pub enum RequestState {
    /// It is being written.
    InProgress,
    /// It is done. The output is given once.
    Done(ConstrainedOutput),
    /// This model does not know it (it was loaded again since): submit it again.
    Unknown,
}
