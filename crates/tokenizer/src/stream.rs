//! Decoding while ids are still being made.

use crate::Tokenizer;
use crate::moses::{Detokenizer, is_space};

/// Text so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded<'s> {
    /// Never changes again; only grows.
    pub committed: &'s str,
    /// What would follow if the text ended here.
    pub tentative: &'s str,
}

/// Decodes ids one by one. `committed` followed by `tentative` is always what [`Tokenizer::decode`] gives for the ids
/// so far.
#[derive(Debug, Clone)]
pub struct DecodeStream<'t> {
    tokenizer: &'t Tokenizer,
    committed: String,
    tentative: String,
    detokenizer: Detokenizer,
    /// A word whose end has not come yet.
    word: String,
}

impl<'t> DecodeStream<'t> {
    pub(crate) fn new(tokenizer: &'t Tokenizer) -> Self {
        Self {
            tokenizer,
            committed: String::new(),
            tentative: String::new(),
            detokenizer: Detokenizer::default(),
            word: String::new(),
        }
    }

    /// Takes the next id.
    pub fn push(&mut self, id: u32) -> Decoded<'_> {
        self.take(id);
        self.tentative.clear();
        let mut ahead = self.detokenizer.clone();
        // The detokenizer knows from its own state whether a space comes first.
        if !self.word.is_empty() {
            ahead.word(&self.word, &mut self.tentative);
        }
        ahead.finish(&mut self.tentative);
        Decoded { committed: &self.committed, tentative: &self.tentative }
    }

    /// The whole text, when no more ids come.
    pub fn finish(mut self) -> String {
        self.end_word();
        self.detokenizer.finish(&mut self.committed);
        self.committed
    }

    pub(crate) fn take(&mut self, id: u32) {
        for character in self.tokenizer.fragment(id).chars() {
            if is_space(character) {
                self.end_word();
            } else {
                self.word.push(character);
            }
        }
    }

    fn end_word(&mut self) {
        if !self.word.is_empty() {
            self.detokenizer.word(&self.word, &mut self.committed);
            self.word.clear();
        }
    }
}
