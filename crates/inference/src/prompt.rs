//! Exactly what a model is given.

use documents::{Document, Span};
use tasks::{RelationTask, describe, source};

use crate::{LanguageModel, Prompt, answer, classify};

/// A prompt, to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptView {
    /// Its text.
    pub text: String,
    /// Tokens in all.
    pub tokens: usize,
    /// Learned tokens among them.
    pub learned_tokens: usize,
    /// Tokens that the model takes.
    pub limit: usize,
}

/// What the prompt is for.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// Relations of a document.
    Relations(RelationTask, &'a Document),
    /// A question to a document.
    Answer(&'a str, &'a Document),
    /// A sentence of a document.
    Sentence(&'a Document, Span),
    /// A term.
    Term(&'a str),
}

/// The prompt for a subject.
#[must_use]
pub fn view(model: &dyn LanguageModel, subject: &Subject<'_>) -> PromptView {
    let prompt = match *subject {
        Subject::Relations(task, document) => {
            Prompt::tuned(task.prompt(document, source::whole(document)), task.name())
        }
        Subject::Answer(question, document) => answer::prompt(question, document, source::whole(document)),
        Subject::Sentence(document, span) => classify::prompt(span.slice(&document.text).unwrap_or_default()),
        Subject::Term(term) => Prompt::plain(describe::prompt(term)),
    };
    let tokens = model.prompt_length(&prompt);
    let bare = model.prompt_length(&Prompt::plain(prompt.text.clone()));
    let limit = model.profile().positions;
    PromptView { text: prompt.text, tokens, learned_tokens: tokens.saturating_sub(bare), limit }
}
