//! Writing all relations of a document, as BioGPT is tuned to.

use documents::Document;
use tasks::{RelationTask, Stated};
use tokenizer::Tokenizer;

use super::tokens;
use crate::examples::{Example, Task};
use crate::windows::SplitMix;

/// Documents with the relations that are to be written.
pub struct Relations<'a> {
    task: RelationTask,
    tokenizer: &'a Tokenizer,
    prompt: Vec<u32>,
    documents: Vec<(Document, Vec<Stated>)>,
}

impl<'a> Relations<'a> {
    /// Gold relations in words, document by document; those without any are kept, with "there is none" as target.
    #[must_use]
    pub const fn new(
        task: RelationTask,
        tokenizer: &'a Tokenizer,
        prompt: Vec<u32>,
        documents: Vec<(Document, Vec<Stated>)>,
    ) -> Self {
        Self { task, tokenizer, prompt, documents }
    }
}

impl Task for Relations<'_> {
    fn name(&self) -> &str {
        self.task.name()
    }

    fn count(&self) -> usize {
        self.documents.len()
    }

    fn example(&self, number: usize, _: &mut SplitMix) -> Example {
        let (document, relations) = &self.documents[number];
        let source = self.task.prompt(document, tasks::source::whole(document));
        let target = self.task.target(relations, &source);
        Example::new(tokens(self.tokenizer, &source), self.prompt.clone(), tokens(self.tokenizer, &target))
    }
}
