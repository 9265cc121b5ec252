//! Does a model compute what it should, here?

use crate::engine::{Desk, EngineError};
use crate::generator::{Choice, Continuation, Prompt, Writing};

/// What a self-test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// Whether all agreed.
    pub passed: bool,
    /// Tokens a second while it wrote.
    pub tokens_per_second: f64,
    /// For people.
    pub message: String,
}

const BEFORE: &str = "Hypertension is";
const TOKENS: usize = 24;
/// How far two ways of computing the same mean log-probability may differ, on any device.
const TOLERANCE: f64 = 0.02;

/// Writes a few words one token at a time, and reads them again in one go: both ways must give them the same probability.
/// It finds damaged weights (what is not a number) and devices that compute wrongly; it cannot know whether the text is good.
///
/// # Errors
/// If the model cannot write or score at all.
pub fn self_test(desk: &mut Desk<'_>) -> Result<Tested, EngineError> {
    desk.generator.forget();
    let writing = Writing {
        before: BEFORE.to_owned(),
        choice: Choice::Greedy,
        most_tokens: TOKENS,
        no_repeat: 0,
        alternatives: 0,
    };
    let started = std::time::Instant::now();
    let written = desk.generator.write(&writing, &mut |_| std::ops::ControlFlow::Continue(()))?;
    let seconds = started.elapsed().as_secs_f64().max(1e-6);
    let Some(written) = written.into_iter().next() else {
        return Ok(Tested { passed: false, tokens_per_second: 0.0, message: "It wrote nothing.".to_owned() });
    };
    desk.generator.forget();
    let again = Continuation { given: String::new(), scored: written.text() };
    let scores = desk.generator.score(&Prompt::plain(BEFORE), &[again])?;
    let scores = scores.into_iter().next().unwrap_or_default();
    let tokens_per_second = written.tokens.len() as f64 / seconds;
    let first: f64 = written.tokens.iter().map(|token| token.log_probability).sum();
    let second: f64 = scores.iter().sum();
    let told = |passed, message: String| Ok(Tested { passed, tokens_per_second, message });
    if !first.is_finite() || !second.is_finite() {
        return told(false, "Its probabilities are not numbers: the weights are damaged.".to_owned());
    }
    // A text may be cut into other tokens when it is read than when it was written; then there is nothing to compare.
    if scores.len() != written.tokens.len() {
        return told(true, format!("It wrote {} tokens.", written.tokens.len()));
    }
    let difference = (first - second).abs() / written.tokens.len().max(1) as f64;
    if difference > TOLERANCE {
        let message = format!(
            "Writing and reading the same words differ by {difference:.3}: this device does not compute as it should."
        );
        return told(false, message);
    }
    told(true, format!("It wrote {} tokens, and reading them again gave the same.", written.tokens.len()))
}
