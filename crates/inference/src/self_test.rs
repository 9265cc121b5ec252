//! Does a model compute what it should, here?

use crate::{Continuation, DecodingStrategy, GenerationRequest, InferenceError, Prompt, TaskContext};

/// What a self-test found.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfTest {
    /// Whether all agreed.
    pub passed: bool,
    /// Tokens a second while it wrote.
    pub tokens_per_second: f64,
    /// For people.
    pub message: String,
}

const PREFIX: &str = "Hypertension is";
const TOKENS: usize = 24;
/// How far two ways of computing the same mean log-probability may differ, on any device.
const TOLERANCE: f64 = 0.02;

/// What a model that does not write is tested by.
const TEXT: &str = "Hypertension is a disease in which the pressure of the blood is too high.";

/// Reads a text alone and in a batch with another one: the output must be the same.
fn reading_test(context: &mut TaskContext<'_>) -> Result<Option<SelfTest>, InferenceError> {
    let started = std::time::Instant::now();
    let Some([alone, beside]) = context.model.read_alone_and_beside(TEXT)? else { return Ok(None) };
    let seconds = started.elapsed().as_secs_f64().max(1e-6);
    let apart = alone.iter().zip(&beside).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    let passed = alone.len() == beside.len() && !alone.is_empty() && apart <= TOLERANCE;
    let message = if passed {
        "It read a text alone and beside another, and found the same.".to_owned()
    } else {
        format!(
            "A text read alone and beside another differs by {apart:.3}: this device does not compute as it should."
        )
    };
    let tokens_per_second = 4.0 * context.model.count_tokens(TEXT) as f64 / seconds;
    Ok(Some(SelfTest { passed, tokens_per_second, message }))
}

/// Writes a few words one token at a time, and reads them again in one go: both ways must give them the same probability.
/// It finds damaged weights (what is not a number) and devices that compute wrongly; it cannot know whether the text is good.
///
/// # Errors
/// If the model cannot write or score at all.
pub fn self_test(context: &mut TaskContext<'_>) -> Result<SelfTest, InferenceError> {
    context.model.reset();
    if let Some(tested) = reading_test(context)? {
        return Ok(tested);
    }
    let request = GenerationRequest {
        prefix: PREFIX.to_owned(),
        strategy: DecodingStrategy::Greedy,
        max_tokens: TOKENS,
        no_repeat_ngram: 0,
        alternatives: 0,
    };
    let started = std::time::Instant::now();
    let written = context.model.generate(&request, &mut |_| std::ops::ControlFlow::Continue(()))?;
    let seconds = started.elapsed().as_secs_f64().max(1e-6);
    let Some(written) = written.into_iter().next() else {
        return Ok(SelfTest {
            passed: false,
            tokens_per_second: 0.0,
            message: "It wrote nothing.".to_owned(),
        });
    };
    context.model.reset();
    let again = Continuation { given: String::new(), scored: written.text() };
    let scores = context.model.score(&Prompt::plain(PREFIX), &[again])?;
    let scores = scores.into_iter().next().unwrap_or_default();
    let tokens_per_second = written.tokens.len() as f64 / seconds;
    let first: f64 = written.tokens.iter().map(|token| token.log_probability).sum();
    let second: f64 = scores.iter().sum();
    let result = |passed, message: String| Ok(SelfTest { passed, tokens_per_second, message });
    if !first.is_finite() || !second.is_finite() {
        return result(false, "Its probabilities are not numbers: the weights are damaged.".to_owned());
    }
    // A text may be cut into other tokens when it is read than when it was written; then there is nothing to compare.
    if scores.len() != written.tokens.len() {
        return result(true, format!("It wrote {} tokens.", written.tokens.len()));
    }
    let difference = (first - second).abs() / written.tokens.len().max(1) as f64;
    if difference > TOLERANCE {
        let message = format!(
            "Writing and reading the same words differ by {difference:.3}: this device does not compute as it should."
        );
        return result(false, message);
    }
    result(true, format!("It wrote {} tokens, and reading them again gave the same.", written.tokens.len()))
}
