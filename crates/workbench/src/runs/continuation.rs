//! Going on with a text that someone writes.

use super::describe::{ALTERNATIVES, watched};
use crate::engine::{Desk, EngineError};
use crate::generator::{Choice, Growth, Writing, Written};

/// Continues a text with what is likeliest; `tell` hears it grow. What the model has read of the text is kept for the next
/// time, since the author goes on from there.
///
/// # Errors
/// If there is no text, or the model cannot go on.
pub fn continue_text(
    desk: &mut Desk<'_>,
    before: &str,
    most_tokens: usize,
    tell: &mut dyn FnMut(Growth),
) -> Result<Option<Written>, EngineError> {
    let writing = Writing {
        before: before.to_owned(),
        choice: Choice::Greedy,
        most_tokens,
        // A draft may well say something twice.
        no_repeat: 0,
        alternatives: ALTERNATIVES,
    };
    let mut told = 0;
    let found = watched(desk, &writing, &mut |growth| {
        told += growth.tokens.len();
        tell(growth);
    })?;
    let written = found.into_iter().next();
    if let Some(written) = &written {
        let rest = written.tokens[told.min(written.tokens.len())..].to_vec();
        tell(Growth { tokens: rest, tentative: String::new() });
    }
    Ok(written)
}
