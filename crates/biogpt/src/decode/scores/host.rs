//! Logits as slices.

use std::borrow::Cow;

use operations::logits;

use super::{Candidate, Request};
use crate::decode::rules::Legal;
use crate::decode::{Alternative, Choice, DecodeError, Rules, Sampling, Token};

pub(super) fn choose(
    row: &[f32],
    request: &Request,
    rules: &Rules,
    choice: &Choice,
) -> Result<Token, DecodeError> {
    let row = Row::new(row)?;
    // Most forced tokens come from a run: no need to look at the others.
    let id = match (request.legal.forced(), choice) {
        (Some(id), _) => id,
        (None, Choice::Greedy) => {
            let best = logits::best(&processed(row.logits, request, rules), 0.0, 1);
            // Where nothing is legal, the first.
            best.first().map_or(0, |(_, id)| *id as u32)
        }
        (None, Choice::Sampled(sampling)) => {
            draw(processed(row.logits, request, rules).into_owned(), sampling, request.uniform)
        }
    };
    Ok(row.token(id, row.masked_mass(&request.legal), row.alternatives(rules.alternatives)))
}

pub(super) fn expand(
    all: &[f32],
    vocabulary: usize,
    requests: &[Request],
    sums: &[f32],
    rules: &Rules,
    count: usize,
) -> Result<Vec<Candidate>, DecodeError> {
    let rows = all.chunks_exact(vocabulary).map(Row::new).collect::<Result<Vec<_>, _>>()?;
    let mut best = Vec::new();
    for (beam, (row, request)) in rows.iter().zip(requests).enumerate() {
        // The reference applies its processors to log-probabilities here, to logits elsewhere.
        let log_probabilities = logits::plus(row.logits, -row.log_sum);
        let own = logits::best(&processed(&log_probabilities, request, rules), sums[beam], count);
        best.extend(own.into_iter().map(|(sum, id)| (sum, (beam, id as u32))));
    }
    // Stable: among equals the first beam comes first.
    best.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    best.truncate(count);
    let masses: Vec<f32> = rows.iter().zip(requests).map(|(row, r)| row.masked_mass(&r.legal)).collect();
    let alternatives: Vec<_> = rows.iter().map(|row| row.alternatives(rules.alternatives)).collect();
    let candidate = |(sum, (beam, id)): (f32, (usize, u32))| {
        let token = rows[beam].token(id, masses[beam], alternatives[beam].clone());
        Candidate { beam, token, sum }
    };
    Ok(best.into_iter().map(candidate).collect())
}

pub(super) fn log_probabilities(
    all: &[f32],
    vocabulary: usize,
    targets: &[(usize, u32)],
) -> Result<Vec<f32>, DecodeError> {
    let rows = all.chunks_exact(vocabulary).map(Row::new).collect::<Result<Vec<_>, _>>()?;
    Ok(targets.iter().map(|(row, id)| rows[*row].log_probability(*id)).collect())
}

/// What sampling draws from after a row of logits: tokens with a probability above 0, in the order of their ids.
///
/// `read` are the tokens read before, for the repetition penalty.
#[must_use]
pub fn distribution(
    logits: &[f32],
    read: &[u32],
    repetition_penalty: f32,
    sampling: &Sampling,
) -> Vec<Alternative> {
    let rules = Rules { repetition_penalty, ..Rules::default() };
    let request = Request { legal: Legal::Except(Vec::new()), read: super::distinct(read), uniform: 0.0 };
    let weights = weights(processed(logits, &request, &rules).into_owned(), sampling);
    let total: f64 = weights.iter().map(|(_, weight)| f64::from(*weight)).sum();
    let alternative = |(id, weight): &(u32, f32)| Alternative {
        id: *id,
        log_probability: (f64::from(*weight) / total).ln() as f32,
    };
    weights.iter().map(alternative).collect()
}

/// A row of logits as the model gave it.
struct Row<'l> {
    logits: &'l [f32],
    log_sum: f32,
}

impl<'l> Row<'l> {
    fn new(logits: &'l [f32]) -> Result<Self, DecodeError> {
        let log_sum = logits::log_sum(logits);
        if log_sum.is_finite() { Ok(Self { logits, log_sum }) } else { Err(DecodeError::NotANumber) }
    }

    fn log_probability(&self, id: u32) -> f32 {
        self.logits[id as usize] - self.log_sum
    }

    fn token(&self, id: u32, masked_mass: f32, alternatives: Vec<Alternative>) -> Token {
        let own = self.logits[id as usize];
        let rank = logits::count_above(self.logits, own) as u32;
        Token { id, log_probability: self.log_probability(id), rank, masked_mass, alternatives }
    }

    fn masked_mass(&self, legal: &Legal) -> f32 {
        let mass =
            |ids: &[u32]| -> f64 { ids.iter().map(|id| f64::from(self.log_probability(*id).exp())).sum() };
        match legal {
            Legal::Except(ids) => mass(ids) as f32,
            Legal::Only(ids) => (1.0 - mass(ids)).max(0.0) as f32,
        }
    }

    fn alternatives(&self, count: usize) -> Vec<Alternative> {
        let alternative = |(_, id): (f32, usize)| Alternative {
            id: id as u32,
            log_probability: self.log_probability(id as u32),
        };
        logits::best(self.logits, 0.0, count).into_iter().map(alternative).collect()
    }
}

/// Scores with the repetition penalty; what may not come has minus infinity.
fn processed<'s>(scores: &'s [f32], request: &Request, rules: &Rules) -> Cow<'s, [f32]> {
    let penalty = rules.repetition_penalty;
    let mut scores = Cow::Borrowed(scores);
    for id in &request.read {
        let score = &mut scores.to_mut()[*id as usize];
        *score = if *score < 0.0 { *score * penalty } else { *score / penalty };
    }
    match &request.legal {
        Legal::Except(ids) => {
            ids.iter().for_each(|id| scores.to_mut()[*id as usize] = f32::NEG_INFINITY);
            scores
        }
        Legal::Only(ids) => {
            let mut only = vec![f32::NEG_INFINITY; scores.len()];
            ids.iter().for_each(|id| only[*id as usize] = scores[*id as usize]);
            Cow::Owned(only)
        }
    }
}

/// The token at which the probabilities, summed in the order of ids, pass `uniform`.
fn draw(scores: Vec<f32>, sampling: &Sampling, uniform: f64) -> u32 {
    let weights = weights(scores, sampling);
    let total: f64 = weights.iter().map(|(_, weight)| f64::from(*weight)).sum();
    let mut left = uniform * total;
    let mut last = 0;
    for (id, weight) in weights {
        last = id;
        left -= f64::from(weight);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// Below this temperature only the likeliest token is left, and far below it scores are too large for a number.
pub(super) const LEAST_TEMPERATURE: f32 = 1e-4;

/// Probabilities after temperature, top-k and top-p, up to a common factor: tokens with any, in the order of ids.
fn weights(mut scores: Vec<f32>, sampling: &Sampling) -> Vec<(u32, f32)> {
    let temperature = sampling.temperature.max(LEAST_TEMPERATURE);
    scores.iter_mut().for_each(|score| *score /= temperature);
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sorted: Vec<f32> = scores.iter().copied().filter(|score| *score > f32::NEG_INFINITY).collect();
    let mut least = f32::NEG_INFINITY;
    if sampling.top_k > 0 && sampling.top_k < sorted.len() {
        let (_, kth, _) = sorted.select_nth_unstable_by(sampling.top_k - 1, |a, b| b.total_cmp(a));
        least = *kth;
        sorted.retain(|score| *score >= least);
    }
    // Of equals at the border as many as are needed, the first ones: with 16 bits a number equals are not rare.
    let mut equals = usize::MAX;
    if sampling.top_p < 1.0 {
        (least, equals) = least_of_mass(&mut sorted, max, sampling.top_p);
    }
    let kept = scores.iter().enumerate().filter(|(_, score)| {
        if **score != least {
            return **score > least;
        }
        let is_needed = equals > 0 && least > f32::NEG_INFINITY;
        equals = equals.saturating_sub(1);
        is_needed
    });
    kept.map(|(id, score)| (id as u32, (score - max).exp())).filter(|(_, weight)| *weight > 0.0).collect()
}

/// The least score among the likeliest that together have probability `top_p`, and how many of that score are among them.
fn least_of_mass(scores: &mut [f32], max: f32, top_p: f32) -> (f32, usize) {
    let total: f64 = scores.iter().map(|score| f64::from((score - max).exp())).sum();
    let wanted = total * f64::from(top_p);
    let (mut sorted, mut sum) = (0, 0.0);
    let (mut last, mut equals) = (f32::INFINITY, 0);
    // Rarely more than a few hundred count: sort them by and by.
    while sorted < scores.len() {
        let rest = &mut scores[sorted..];
        let now = (sorted.max(128)).min(rest.len());
        if now < rest.len() {
            rest.select_nth_unstable_by(now, |a, b| b.total_cmp(a));
        }
        rest[..now].sort_unstable_by(|a, b| b.total_cmp(a));
        for score in &rest[..now] {
            sum += f64::from((score - max).exp());
            equals = if *score == last { equals + 1 } else { 1 };
            last = *score;
            if sum >= wanted {
                return (last, equals);
            }
        }
        sorted += now;
    }
    (f32::NEG_INFINITY, usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(temperature: f32, top_p: f32) -> Sampling {
        Sampling { temperature, top_p, ..Sampling::default() }
    }

    #[test]
    fn the_coldest_draw_takes_the_likeliest_and_never_a_token_that_may_not_come() {
        let scores = vec![f32::NEG_INFINITY, 3.0, 40.0, 39.0];
        for temperature in [1e-3, 1e-38, f32::MIN_POSITIVE] {
            for uniform in [0.0, 0.5, 0.999] {
                assert_eq!(draw(scores.clone(), &sampling(temperature, 1.0), uniform), 2, "{temperature}");
            }
        }
    }

    #[test]
    fn of_equals_at_the_border_as_many_are_kept_as_are_needed() {
        let kept = |top_p| -> Vec<u32> {
            let scores = vec![1.0, 2.0, 2.0, 2.0, 2.0, f32::NEG_INFINITY];
            weights(scores, &sampling(1.0, top_p)).into_iter().map(|(id, _)| id).collect()
        };
        // Each of the four has 0.229 of the probability.
        assert_eq!(kept(0.2), [1]);
        assert_eq!(kept(0.4), [1, 2]);
        assert_eq!(kept(0.9), [1, 2, 3, 4]);
        assert_eq!(kept(0.99), [0, 1, 2, 3, 4]);
        assert_eq!(kept(1.0), [0, 1, 2, 3, 4]);
    }
}
