//! HoC: the hallmarks of cancer that a sentence speaks of.

use tasks::classify;
use tokenizer::Tokenizer;

use super::tokens;
use crate::examples::{Example, Task};
use crate::windows::SplitMix;

/// Sentences with their hallmarks.
pub struct Hallmarks<'a> {
    tokenizer: &'a Tokenizer,
    prompt: Vec<u32>,
    sentences: Vec<(String, Vec<String>)>,
}

impl<'a> Hallmarks<'a> {
    /// Sentence and labels.
    #[must_use]
    pub const fn new(
        tokenizer: &'a Tokenizer,
        prompt: Vec<u32>,
        sentences: Vec<(String, Vec<String>)>,
    ) -> Self {
        Self { tokenizer, prompt, sentences }
    }
}

impl Task for Hallmarks<'_> {
    fn name(&self) -> &str {
        "hoc"
    }

    fn count(&self) -> usize {
        self.sentences.len()
    }

    fn example(&self, number: usize, _: &mut SplitMix) -> Example {
        let (sentence, labels) = &self.sentences[number];
        let (source, target) = (classify::prompt(sentence), classify::target(labels));
        Example::new(tokens(self.tokenizer, &source), self.prompt.clone(), tokens(self.tokenizer, &target))
    }
}
