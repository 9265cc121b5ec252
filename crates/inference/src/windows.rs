//! The windows in which a document is read.

use documents::{Document, Span};
use tasks::windows::{Windows, cover};

use crate::{LanguageModel, Prompt};

/// Sentences that two windows of a long text have in common.
const OVERLAP: usize = 2;

/// Tokens that a prompt may have. BioGPT cut its sources at 640 of 1,024 tokens; the rest is for the answer.
pub(crate) fn longest_prompt(model: &dyn LanguageModel) -> usize {
    model.profile().positions * 5 / 8
}

/// The windows in which a document is read, when each gives this prompt.
pub(crate) fn windows(
    model: &dyn LanguageModel,
    document: &Document,
    prompt: impl Fn(Span) -> Prompt,
) -> Windows {
    cover(document, longest_prompt(model), OVERLAP, |span| model.prompt_length(&prompt(span)))
}
