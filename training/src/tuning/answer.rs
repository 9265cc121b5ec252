//! PubMedQA: yes, no or maybe.

use documents::corpora::pubmedqa::Question;
use tasks::answer;
use tokenizer::Tokenizer;

use super::tokens;
use crate::examples::{Example, Task};
use crate::windows::SplitMix;

/// Questions with abstracts and answers.
pub struct Answers<'a> {
    tokenizer: &'a Tokenizer,
    prompt: Vec<u32>,
    questions: Vec<(Question, answer::Answer)>,
}

impl<'a> Answers<'a> {
    /// Questions without an answer are left out.
    #[must_use]
    pub fn new(tokenizer: &'a Tokenizer, prompt: Vec<u32>, questions: Vec<Question>) -> Self {
        let known = questions.into_iter().filter_map(|q| {
            let answer = answer::Answer::from_word(q.answer.as_deref()?)?;
            Some((q, answer))
        });
        Self { tokenizer, prompt, questions: known.collect() }
    }
}

impl Task for Answers<'_> {
    fn name(&self) -> &str {
        "pubmedqa"
    }

    fn count(&self) -> usize {
        self.questions.len()
    }

    fn example(&self, number: usize, _: &mut SplitMix) -> Example {
        let (question, answer) = &self.questions[number];
        let document = question.document();
        let source = answer::prompt(&question.question, &document, tasks::source::whole(&document));
        let target = answer::target(*answer);
        Example::new(tokens(self.tokenizer, &source), self.prompt.clone(), tokens(self.tokenizer, &target))
    }
}
