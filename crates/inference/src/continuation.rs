//! Continuing a text that someone writes.

use crate::describe::{ALTERNATIVES, generate_and_count};
use crate::{DecodingStrategy, Generation, GenerationRequest, InferenceError, TaskContext, TokenDelta};

/// Continues a text with what is likeliest; `on_delta` receives it as it grows. What the model has read of the text is kept
/// for the next time, since the author continues from there.
///
/// # Errors
/// If there is no text, or the model cannot go on.
pub fn continue_text(
    context: &mut TaskContext<'_>,
    prefix: &str,
    max_tokens: usize,
    on_delta: &mut dyn FnMut(TokenDelta),
) -> Result<Option<Generation>, InferenceError> {
    let request = GenerationRequest {
        prefix: prefix.to_owned(),
        strategy: DecodingStrategy::Greedy,
        max_tokens,
        // A draft may well say something twice.
        no_repeat_ngram: 0,
        alternatives: ALTERNATIVES,
    };
    let mut sent = 0;
    let found = generate_and_count(context, &request, &mut |delta| {
        sent += delta.tokens.len();
        on_delta(delta);
    })?;
    let generation = found.into_iter().next();
    if let Some(generation) = &generation {
        let rest = generation.tokens[sent.min(generation.tokens.len())..].to_vec();
        on_delta(TokenDelta { tokens: rest, tentative: String::new() });
    }
    Ok(generation)
}
