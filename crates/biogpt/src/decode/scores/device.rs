//! Logits where they are, on a graphics device: one small tensor is read back.

use burn::tensor::Tensor;
use operations::choice::{self, Asked, Choosing, Listed, Pick};

use super::host::LEAST_TEMPERATURE;
use super::{Candidate, Request, read};
use crate::decode::rules::Legal;
use crate::decode::{Alternative, Choice, DecodeError, Rules, Token};

/// Scores below this are those of no token.
const NONE: f32 = -1e38;

pub(super) fn choose(
    logits: Tensor<2>,
    requests: &[Request],
    rules: &Rules,
    choice: &Choice,
) -> Result<Vec<Token>, DecodeError> {
    let pick = match choice {
        Choice::Greedy => Pick::Greatest,
        Choice::Sampled(sampling) => Pick::Drawn {
            temperature: sampling.temperature.max(LEAST_TEMPERATURE),
            top_k: sampling.top_k,
            top_p: sampling.top_p,
        },
    };
    let numbers = requests.iter().map(|request| request.uniform as f32);
    let rows = rows(logits, requests, numbers, rules, pick)?;
    rows.iter().map(|row| row.token(0)).collect()
}

pub(super) fn expand(
    logits: Tensor<2>,
    requests: &[Request],
    sums: &[f32],
    rules: &Rules,
    count: usize,
) -> Result<Vec<Candidate>, DecodeError> {
    let rows = rows(logits, requests, sums.iter().copied(), rules, Pick::Best(count))?;
    let mut candidates = Vec::with_capacity(rows.len() * count);
    for (beam, row) in rows.iter().enumerate() {
        for (n, [sum, ..]) in row.chosen().iter().enumerate() {
            if *sum > NONE {
                candidates.push(Candidate { beam, token: row.token(n)?, sum: *sum });
            }
        }
    }
    // Stable: among equals the first beam comes first.
    candidates.sort_by(|a, b| b.sum.total_cmp(&a.sum));
    candidates.truncate(count);
    Ok(candidates)
}

pub(super) fn log_probabilities(
    logits: Tensor<2>,
    targets: &[(usize, u32)],
) -> Result<Vec<f32>, DecodeError> {
    let found = read(choice::log_probabilities(logits, targets))?;
    if found.iter().all(|value| value.is_finite()) { Ok(found) } else { Err(DecodeError::NotANumber) }
}

/// The output of [`choice::choose`] for each row.
fn rows(
    logits: Tensor<2>,
    requests: &[Request],
    numbers: impl Iterator<Item = f32>,
    rules: &Rules,
    pick: Pick,
) -> Result<Vec<Row>, DecodeError> {
    let asked = requests.iter().zip(numbers).map(|(request, number)| Asked {
        legal: match &request.legal {
            Legal::Except(tokens) => Listed::Except(tokens),
            Legal::Only(tokens) => Listed::Only(tokens),
        },
        read: &request.read,
        number,
    });
    let alternatives = rules.alternatives.min(logits.dims()[1]);
    let how = Choosing { penalty: rules.repetition_penalty, alternatives, pick };
    let numbers = read(choice::choose(logits, &asked.collect::<Vec<_>>(), how))?;
    let row = |numbers: &[f32]| Row { numbers: numbers.to_vec(), alternatives };
    Ok(numbers.chunks_exact(how.width()).map(row).collect())
}

struct Row {
    numbers: Vec<f32>,
    alternatives: usize,
}

impl Row {
    /// Score, id, log-probability and rank of each token that was chosen.
    fn chosen(&self) -> &[[f32; 4]] {
        self.numbers[1 + 2 * self.alternatives..].as_chunks().0
    }

    fn token(&self, n: usize) -> Result<Token, DecodeError> {
        let (legal_mass, [score, id, log_probability, rank]) = (self.numbers[0], self.chosen()[n]);
        if !(log_probability.is_finite() && legal_mass.is_finite()) {
            return Err(DecodeError::NotANumber);
        }
        let alternatives = self.numbers[1..=2 * self.alternatives].as_chunks().0;
        let alternative = |[log_probability, id]: &[f32; 2]| Alternative {
            id: *id as u32,
            log_probability: *log_probability,
        };
        Ok(Token {
            // Where nothing is legal, the first.
            id: if score > NONE { id as u32 } else { 0 },
            log_probability,
            rank: rank as u32,
            masked_mass: (1.0 - legal_mass).max(0.0),
            alternatives: alternatives.iter().map(alternative).collect(),
        })
    }
}
