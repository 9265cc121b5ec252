//! A row of logits: sums and bests over all of its units.

use cubecl::prelude::*;

/// Units of a row: 2 to the power of [`HALVINGS`].
pub const UNITS: usize = 256;
const HALVINGS: usize = 8;

/// Less than any score.
pub(super) const LEAST: f32 = -3.4e38;

/// Where the numbers of a row lie.
#[derive(CubeType)]
pub(super) struct Row {
    pub(super) logits: usize,
    pub(super) legal: usize,
    pub(super) read: usize,
    pub(super) vocabulary: usize,
}

#[cube]
pub(super) fn is_set(words: &Tensor<i32>, from: usize, token: usize) -> bool {
    (u32::cast_from(words[from + token / 32]) >> (token % 32) as u32) & 1 == 1
}

/// Sum of one number of each unit, for all of them.
#[cube]
pub(super) fn sum_of_all(value: f32, shared: &mut Shared<[f32]>) -> f32 {
    let unit = UNIT_POS_X as usize;
    shared[unit] = value;
    sync_cube();
    #[unroll]
    for step in 0..HALVINGS {
        let half = UNITS >> (step + 1);
        if unit < half {
            let other = shared[unit + half];
            shared[unit] += other;
        }
        sync_cube();
    }
    let sum = shared[0];
    sync_cube();
    sum
}

/// The greatest score that the units found, and its token: the first among equals.
#[cube]
pub(super) fn best_of_all(
    score: f32,
    token: u32,
    scores: &mut Shared<[f32]>,
    tokens: &mut Shared<[u32]>,
) -> (f32, u32) {
    let unit = UNIT_POS_X as usize;
    scores[unit] = score;
    tokens[unit] = token;
    sync_cube();
    #[unroll]
    for step in 0..HALVINGS {
        let half = UNITS >> (step + 1);
        if unit < half {
            let (score, token) = (scores[unit + half], tokens[unit + half]);
            if score > scores[unit] || (score == scores[unit] && token < tokens[unit]) {
                scores[unit] = score;
                tokens[unit] = token;
            }
        }
        sync_cube();
    }
    let best = (scores[0], tokens[0]);
    sync_cube();
    best
}

/// A score less `shift`, after the penalty for tokens that were read.
#[cube]
pub(super) fn penalized(
    logits: &Tensor<f32>,
    words: &Tensor<i32>,
    row: &Row,
    token: usize,
    shift: f32,
    penalty: f32,
    #[comptime] has_penalty: bool,
) -> f32 {
    let mut score = logits[row.logits + token] - shift;
    if has_penalty && is_set(words, row.read, token) {
        score = select(score < 0.0f32, score * penalty, score / penalty);
    }
    score
}

/// The greatest logit of a row.
#[cube]
pub(super) fn greatest(
    logits: &Tensor<f32>,
    row: &Row,
    scores: &mut Shared<[f32]>,
    tokens: &mut Shared<[u32]>,
) -> f32 {
    let mut largest = f32::new(LEAST);
    let mut i = UNIT_POS_X as usize;
    while i < row.vocabulary {
        largest = max(largest, logits[row.logits + i]);
        i += UNITS;
    }
    let (largest, _) = best_of_all(largest, 0u32, scores, tokens);
    largest
}

/// The best score, with what is added to it, that comes after another one, among what may come or among all.
#[cube]
pub(super) fn best_after(
    logits: &Tensor<f32>,
    words: &Tensor<i32>,
    row: &Row,
    shift: f32,
    penalty: f32,
    added: f32,
    after: (f32, u32),
    scores: &mut Shared<[f32]>,
    tokens: &mut Shared<[u32]>,
    #[comptime] among_all: bool,
    #[comptime] has_penalty: bool,
) -> (f32, u32) {
    let (bound, bound_token) = after;
    let mut score = f32::new(LEAST);
    let mut token = row.vocabulary as u32;
    let mut i = UNIT_POS_X as usize;
    while i < row.vocabulary {
        if among_all || is_set(words, row.legal, i) {
            let own = penalized(logits, words, row, i, shift, penalty, has_penalty) + added;
            let is_after = own < bound || (own == bound && i as u32 > bound_token);
            if is_after && own > score {
                score = own;
                token = i as u32;
            }
        }
        i += UNITS;
    }
    best_of_all(score, token, scores, tokens)
}

/// Numbers in the order of the floats.
#[cube]
pub(super) fn key(score: f32) -> u32 {
    let bits = u32::reinterpret(score);
    select(bits >> 31 == 1, !bits, bits | 0x8000_0000)
}
