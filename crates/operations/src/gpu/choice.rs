//! The choice among a vocabulary, in CubeCL: a cube for each row of logits.
//!
//! A row of words goes with a row of logits: the bits of a float, then a bit for each token that may come, then, where there
//! is a penalty, a bit for each token that was read.

mod rows;

use cubecl::prelude::*;

pub use self::rows::UNITS;
use self::rows::{Row, best_after, greatest, is_set, key, penalized, sum_of_all};

/// For each row the probability of what may come; then of the likeliest tokens the log-probability and the id; then of
/// each token that is chosen its score, its id, its log-probability and how many are likelier.
///
/// 0 chooses the greatest logits, 1 the greatest log-probabilities, 2 draws one token.
#[cube(launch)]
pub fn choose(
    logits: &Tensor<f32>,
    words: &Tensor<i32>,
    out: &mut Tensor<f32>,
    vocabulary: usize,
    penalty: f32,
    temperature: f32,
    top_k: f32,
    top_p: f32,
    #[comptime] kind: u32,
    #[comptime] has_penalty: bool,
    #[comptime] has_top_k: bool,
    #[comptime] has_top_p: bool,
    #[comptime] alternatives: usize,
    #[comptime] count: usize,
) {
    let mut scores = Shared::<[f32]>::new_slice(UNITS);
    let mut tokens = Shared::<[u32]>::new_slice(UNITS);
    let unit = UNIT_POS_X as usize;
    let flags = vocabulary.div_ceil(32);
    let words_each = if has_penalty { 1 + 2 * flags } else { 1 + flags };
    let number = CUBE_POS_X as usize * words_each;
    let row = Row {
        logits: CUBE_POS_X as usize * vocabulary,
        legal: number + 1,
        read: number + 1 + flags,
        vocabulary,
    };
    let at = CUBE_POS_X as usize * (1 + 2 * alternatives + 4 * count);
    let number = f32::reinterpret(u32::cast_from(words[number]));

    // The distribution as the model gave it.
    let largest = greatest(logits, &row, &mut scores, &mut tokens);
    let mut sum = 0.0f32;
    let mut legal_sum = 0.0f32;
    let mut i = unit;
    while i < vocabulary {
        let weight = f32::exp(logits[row.logits + i] - largest);
        sum += weight;
        if is_set(words, row.legal, i) {
            legal_sum += weight;
        }
        i += UNITS;
    }
    let sum = sum_of_all(sum, &mut scores);
    let legal_sum = sum_of_all(legal_sum, &mut scores);
    let log_sum = largest + f32::ln(sum);
    if unit == 0 {
        out[at] = legal_sum / sum;
    }
    let mut bound = f32::new(3.4e38f32);
    let mut bound_token = 0u32;
    for n in 0..alternatives {
        let (score, token) = best_after(
            logits,
            words,
            &row,
            0.0f32,
            penalty,
            0.0f32,
            (bound, bound_token),
            &mut scores,
            &mut tokens,
            true,
            false,
        );
        bound = score;
        bound_token = token;
        if unit == 0 {
            out[at + 1 + 2 * n] = score - log_sum;
            out[at + 2 + 2 * n] = f32::cast_from(token);
        }
    }

    let mut chosen = Array::<f32>::new(count);
    let mut ranks = Array::<f32>::new(count);
    let at = at + 1 + 2 * alternatives;
    if kind == 2u32 {
        let (largest, _) = best_after(
            logits,
            words,
            &row,
            0.0f32,
            penalty,
            0.0f32,
            (f32::new(3.4e38f32), 0u32),
            &mut scores,
            &mut tokens,
            false,
            has_penalty,
        );
        let largest = largest / temperature;
        // The greatest key for which so many, then so much, lies at or above it: bit by bit.
        let mut least = 0u32;
        if has_top_k {
            for bit in 0..32u32 {
                let trial = least | (1u32 << (31 - bit));
                let mut above = 0.0f32;
                let mut i = unit;
                while i < vocabulary {
                    if is_set(words, row.legal, i) {
                        let own = penalized(logits, words, &row, i, 0.0f32, penalty, has_penalty);
                        above += select(key(own / temperature) >= trial, 1.0f32, 0.0f32);
                    }
                    i += UNITS;
                }
                let above = sum_of_all(above, &mut scores);
                least = select(above >= top_k, trial, least);
            }
        }
        if has_top_p {
            let first = least;
            let mut wanted = 0.0f32;
            // The first sum is that of all that are left.
            for pass in 0..33u32 {
                let trial = if pass == 0 { first } else { least | (1u32 << (32 - pass)) };
                let mut mass = 0.0f32;
                let mut i = unit;
                while i < vocabulary {
                    if is_set(words, row.legal, i) {
                        let own = penalized(logits, words, &row, i, 0.0f32, penalty, has_penalty);
                        let own = own / temperature;
                        if key(own) >= max(trial, first) {
                            mass += f32::exp(own - largest);
                        }
                    }
                    i += UNITS;
                }
                let mass = sum_of_all(mass, &mut scores);
                if pass == 0 {
                    wanted = mass * top_p;
                    least = 0u32;
                } else {
                    least = select(mass >= wanted, trial, least);
                }
            }
            least = max(least, first);
        }
        // Neighbors by unit, so that sums are taken in the order of ids.
        let each = vocabulary.div_ceil(UNITS);
        let mut mass = 0.0f32;
        for n in 0..each {
            let i = unit * each + n;
            if i < vocabulary && is_set(words, row.legal, i) {
                let own = penalized(logits, words, &row, i, 0.0f32, penalty, has_penalty) / temperature;
                if key(own) >= least {
                    mass += f32::exp(own - largest);
                }
            }
        }
        scores[unit] = mass;
        sync_cube();
        let mut left = 0.0f32;
        for u in 0..UNITS {
            left += scores[u];
        }
        left *= number;
        // Where rounding leads past the end, the last that has a probability.
        let mut part = 0usize;
        let mut before = left;
        let mut found = false;
        for u in 0..UNITS {
            if !found && scores[u] > 0.0f32 {
                part = u;
                before = left;
                found = left < scores[u];
                left -= scores[u];
            }
        }
        sync_cube();
        let mut token = 0u32;
        let mut found = false;
        for n in 0..each {
            let i = part * each + n;
            if !found && i < vocabulary && is_set(words, row.legal, i) {
                let own = penalized(logits, words, &row, i, 0.0f32, penalty, has_penalty) / temperature;
                let weight = f32::exp(own - largest);
                if key(own) >= least && weight > 0.0f32 {
                    token = i as u32;
                    found = before < weight;
                    before -= weight;
                }
            }
        }
        chosen[0] = logits[row.logits + token as usize];
        if unit == 0 {
            out[at] = 0.0f32;
            out[at + 1] = f32::cast_from(token);
        }
    } else {
        let shift = if kind == 1u32 { log_sum } else { f32::new(0.0) };
        let mut bound = f32::new(3.4e38f32);
        let mut bound_token = 0u32;
        #[unroll]
        for n in 0..count {
            let (score, token) = best_after(
                logits,
                words,
                &row,
                shift,
                penalty,
                number,
                (bound, bound_token),
                &mut scores,
                &mut tokens,
                false,
                has_penalty,
            );
            bound = score;
            bound_token = token;
            // A place without a token: any id, its score marks it.
            chosen[n] = logits[row.logits + min(token as usize, vocabulary - 1)];
            if unit == 0 {
                out[at + 4 * n] = score;
                out[at + 4 * n + 1] = f32::cast_from(token);
            }
        }
    }
    #[unroll]
    for n in 0..count {
        ranks[n] = 0.0f32;
    }
    let mut i = unit;
    while i < vocabulary {
        let own = logits[row.logits + i];
        #[unroll]
        for n in 0..count {
            ranks[n] += select(own > chosen[n], 1.0f32, 0.0f32);
        }
        i += UNITS;
    }
    #[unroll]
    for n in 0..count {
        let rank = sum_of_all(ranks[n], &mut scores);
        if unit == 0 {
            out[at + 4 * n + 2] = chosen[n] - log_sum;
            out[at + 4 * n + 3] = rank;
        }
    }
}

/// Log-probabilities of tokens: (row, token) each. A cube for each.
#[cube(launch)]
pub fn log_probabilities(
    logits: &Tensor<f32>,
    targets: &Tensor<i32>,
    out: &mut Tensor<f32>,
    vocabulary: usize,
) {
    let mut scores = Shared::<[f32]>::new_slice(UNITS);
    let mut tokens = Shared::<[u32]>::new_slice(UNITS);
    let unit = UNIT_POS_X as usize;
    let target = CUBE_POS_X as usize;
    let logits_at = u32::cast_from(targets[2 * target]) as usize * vocabulary;
    // Of a row without words.
    let row = Row { logits: logits_at, legal: 0, read: 0, vocabulary };
    let token = u32::cast_from(targets[2 * target + 1]) as usize;
    let largest = greatest(logits, &row, &mut scores, &mut tokens);
    let mut sum = 0.0f32;
    let mut i = unit;
    while i < vocabulary {
        sum += f32::exp(logits[row.logits + i] - largest);
        i += UNITS;
    }
    let sum = sum_of_all(sum, &mut scores);
    if unit == 0 {
        out[target] = logits[row.logits + token] - largest - f32::ln(sum);
    }
}
