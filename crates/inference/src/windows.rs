//! The windows in which a document is read.

use documents::{Document, Span};
use tasks::windows::{Windows, cover};

use crate::{LanguageModel, Prompt};

/// Sentences that two windows of a long text have in common.
const OVERLAP: usize = 2;

/// The windows in which a document is read, when each gives this prompt.
pub(crate) fn windows(
    model: &dyn LanguageModel,
    document: &Document,
    prompt: impl Fn(Span) -> Prompt,
) -> Windows {
    cover(document, model.longest_prompt(), OVERLAP, |span| model.prompt_length(&prompt(span)))
}
