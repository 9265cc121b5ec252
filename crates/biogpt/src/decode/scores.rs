//! From logits to tokens: log-softmax, masks, choice, ranks.
//!
//! On a CPU the logits are worked on where they lie; on any other device in one kernel, so that only a few numbers a row
//! are read back. Both ways give the same tokens.

mod device;
mod host;

use burn::tensor::{Tensor, TensorData};

use super::rules::Legal;
use super::{Choice, DecodeError, Rules, Token};

pub use host::distribution;

/// What is asked of one row of logits.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) legal: Legal,
    /// Tokens read or written before, each once, for the repetition penalty.
    pub(super) read: Vec<u32>,
    /// Where in the distribution to draw, in [0, 1).
    pub(super) uniform: f64,
}

/// A way for a beam to go on.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) beam: usize,
    pub(super) token: Token,
    /// Of the beam's log-probabilities with this token's, after penalties.
    pub(super) sum: f32,
}

/// Chooses a token in each row.
pub(super) fn choose(
    logits: Tensor<2>,
    requests: &[Request],
    rules: &Rules,
    choice: &Choice,
) -> Result<Vec<Token>, DecodeError> {
    if !operations::is_cpu(&logits.device()) {
        return device::choose(logits, requests, rules, choice);
    }
    let vocabulary = logits.dims()[1];
    let logits = read(logits)?;
    let rows = logits.chunks_exact(vocabulary).zip(requests);
    rows.map(|(logits, request)| host::choose(logits, request, rules, choice)).collect()
}

/// The best `count` ways to go on, best first, equal ones in the order of beams and token ids.
pub(super) fn expand(
    logits: Tensor<2>,
    requests: &[Request],
    sums: &[f32],
    rules: &Rules,
    count: usize,
) -> Result<Vec<Candidate>, DecodeError> {
    if !operations::is_cpu(&logits.device()) {
        return device::expand(logits, requests, sums, rules, count);
    }
    let vocabulary = logits.dims()[1];
    host::expand(&read(logits)?, vocabulary, requests, sums, rules, count)
}

/// Log-probabilities of given tokens: (row, token) each.
pub(super) fn log_probabilities(
    logits: Tensor<2>,
    targets: &[(usize, u32)],
) -> Result<Vec<f32>, DecodeError> {
    if !operations::is_cpu(&logits.device()) {
        return device::log_probabilities(logits, targets);
    }
    let vocabulary = logits.dims()[1];
    host::log_probabilities(&read(logits)?, vocabulary, targets)
}

/// Each token once.
pub(super) fn distinct(tokens: &[u32]) -> Vec<u32> {
    let mut tokens = tokens.to_vec();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, DecodeError> {
    let data: TensorData = tensor.try_into_data().map_err(|error| DecodeError::Device(error.to_string()))?;
    data.convert::<f32>().try_into_vec().map_err(|error| DecodeError::Device(format!("{error:?}")))
}
