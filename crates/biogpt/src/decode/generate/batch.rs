//! Continuous batching: texts that are generated together, which others may join at any step.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::Cache;
use crate::decode::{Constraint, Token};

/// A row at work.
pub(super) struct Row<C: Constraint> {
    pub(super) number: usize,
    pub(super) constraint: C,
    pub(super) state: C::State,
    pub(super) sample: u64,
    pub(super) prompt: usize,
    /// Tokens of the prompt that are still to be read.
    pub(super) unread: usize,
    /// The hidden states of the last pass that predict its next tokens: none while the prompt is read.
    pub(super) states: Range<usize>,
    /// The state behind the prompt, where it was read here, `[1, d]`.
    pub(super) begins: Option<Tensor<2>>,
    pub(super) longest: usize,
    /// Prompt and all that was written.
    pub(super) tokens: Vec<u32>,
    /// Forced tokens after the last choice: already read, not yet returned.
    pub(super) forced: usize,
    /// Tokens that prompt lookup drafted behind these, read in the same pass to be verified.
    pub(super) drafted: Vec<u32>,
    pub(super) written: Vec<Token>,
}

/// Sequences that are decoded together (continuous batching): others may join at any step, and each is what it would be alone.
pub struct DecodingBatch<C: Constraint> {
    /// Texts that there is to be room for.
    pub(super) most: usize,
    pub(super) cache: Option<Cache>,
    /// Hidden states of the last pass, `[states, d]`.
    pub(super) hidden: Option<Tensor<2>>,
    pub(super) rows: Vec<Row<C>>,
    /// The number of the next one that joins.
    pub(super) next: usize,
}

impl<C: Constraint> DecodingBatch<C> {
    /// None yet, with room for so many.
    #[must_use]
    pub const fn of(most: usize) -> Self {
        Self { most, cache: None, hidden: None, rows: Vec::new(), next: 0 }
    }

    pub(super) fn add(&mut self, row: Row<C>) -> usize {
        let number = self.next;
        self.next += 1;
        self.rows.push(Row { number, ..row });
        number
    }

    /// Gives all up.
    pub fn clear(&mut self) {
        *self = Self { next: self.next, ..Self::of(self.most) };
    }

    /// Whether another text can join.
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.rows.len() < self.most
    }
}
