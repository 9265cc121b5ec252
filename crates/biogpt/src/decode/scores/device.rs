//! Logits where they are: everything by Burn's operations, one small tensor read back.

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};

use super::{Candidate, Request, read};
use crate::decode::rules::Legal;
use crate::decode::{Alternative, Choice, DecodeError, Rules, Sampling, Token};

/// What a masked score is lowered by. Finite, because infinities of both signs would meet in sums; any real score
/// vanishes in it.
const MASKED: f32 = -1e30;

/// Halvings of an interval of scores: after these it is no wider than the scores' own last digits.
const HALVINGS: usize = 32;

/// Probabilities are summed in blocks of this many: a cumulative sum takes a GPU the square of its length.
const BLOCK: usize = 256;

pub(super) fn choose(
    logits: Tensor<2>,
    requests: &[Request],
    rules: &Rules,
    choice: &Choice,
) -> Result<Vec<Token>, DecodeError> {
    let [rows, _] = logits.dims();
    let mask = mask(requests, &logits);
    let log_p = log_softmax(logits.clone(), 1);
    let processed = penalised(logits, requests, rules) + mask.clone();
    let ids = match choice {
        Choice::Greedy => processed.argmax(1),
        Choice::Sampled(sampling) => draw(processed, requests, sampling),
    };
    let own = log_p.clone().gather(1, ids.clone());
    let rank = log_p.clone().greater(own.clone()).int().sum_dim(1);
    let mut columns = vec![ids.float(), own, rank.float(), legal_mass(&log_p, &mask)];
    columns.extend(alternatives(log_p, rules.alternatives));
    let numbers = read(Tensor::cat(columns, 1))?;
    let tokens = numbers.chunks_exact(numbers.len() / rows).map(|row| {
        let alternatives = read_alternatives(&row[4..]);
        token(row[0], row[1], row[2], row[3], alternatives)
    });
    tokens.collect()
}

pub(super) fn expand(
    logits: Tensor<2>,
    requests: &[Request],
    sums: &[f32],
    rules: &Rules,
    count: usize,
) -> Result<Vec<Candidate>, DecodeError> {
    let [rows, vocabulary] = logits.dims();
    let count = count.min(rows * vocabulary);
    let device = logits.device();
    let mask = mask(requests, &logits);
    let log_p = log_softmax(logits, 1);
    let sums = Tensor::<2>::from_data(TensorData::new(sums.to_vec(), [rows, 1]), &device);
    let totals = penalised(log_p.clone(), requests, rules) + mask.clone() + sums;
    let (best, places) = totals.reshape([1, rows * vocabulary]).topk_with_indices(count, 1);
    let (best, places) = (best.reshape([count]), places.reshape([count]));
    let own = log_p.clone().reshape([rows * vocabulary]).select(0, places.clone());
    let beams = places.clone().div_scalar(vocabulary as i32);
    let rank = log_p.clone().select(0, beams).greater(own.clone().unsqueeze_dim(1)).int().sum_dim(1);
    let of_candidates = Tensor::stack::<2>(vec![places.float(), best, own, rank.float().reshape([count])], 1);
    let mut of_rows = vec![legal_mass(&log_p, &mask)];
    of_rows.extend(alternatives(log_p, rules.alternatives));
    let of_rows = Tensor::cat(of_rows, 1);
    let width = of_rows.dims()[1];
    let numbers =
        read(Tensor::cat(vec![of_candidates.reshape([count * 4]), of_rows.reshape([rows * width])], 0))?;
    let (of_candidates, of_rows) = numbers.split_at(count * 4);
    let mut candidates = Vec::with_capacity(count);
    for candidate in of_candidates.chunks_exact(4) {
        let (beam, id) = (candidate[0] as usize / vocabulary, candidate[0] as usize % vocabulary);
        let row = of_rows.get(beam * width..(beam + 1) * width).ok_or(DecodeError::NotANumber)?;
        let token = token(id as f32, candidate[2], candidate[3], row[0], read_alternatives(&row[1..]))?;
        if candidate[1] > MASKED / 2.0 {
            candidates.push(Candidate { beam, token, sum: candidate[1] });
        }
    }
    Ok(candidates)
}

pub(super) fn log_probabilities(
    logits: Tensor<2>,
    targets: &[(usize, u32)],
) -> Result<Vec<f32>, DecodeError> {
    let [rows, vocabulary] = logits.dims();
    let places: Vec<i32> = targets.iter().map(|(row, id)| (row * vocabulary + *id as usize) as i32).collect();
    let places = Tensor::<1, Int>::from_data(TensorData::new(places, [targets.len()]), &logits.device());
    let found = read(log_softmax(logits, 1).reshape([rows * vocabulary]).select(0, places))?;
    if found.iter().all(|value| value.is_finite()) { Ok(found) } else { Err(DecodeError::NotANumber) }
}

fn token(
    id: f32,
    log_probability: f32,
    rank: f32,
    legal_mass: f32,
    alternatives: Vec<Alternative>,
) -> Result<Token, DecodeError> {
    if !(id >= 0.0 && log_probability.is_finite() && legal_mass.is_finite()) {
        return Err(DecodeError::NotANumber);
    }
    let masked_mass = (1.0 - legal_mass).max(0.0);
    Ok(Token { id: id as u32, log_probability, rank: rank as u32, masked_mass, alternatives })
}

/// 0 where a token may come, [`MASKED`] where not. `[rows, vocabulary]`
fn mask(requests: &[Request], like: &Tensor<2>) -> Tensor<2> {
    let base = requests.iter().map(|request| match request.legal {
        Legal::Except(_) => 0.0,
        Legal::Only(_) => MASKED,
    });
    let base = TensorData::new(base.collect::<Vec<f32>>(), [requests.len(), 1]);
    let base = Tensor::<2>::from_data(base, &like.device()).expand(like.dims());
    let lists: Vec<(&[u32], f32)> = requests
        .iter()
        .map(|request| match &request.legal {
            Legal::Except(ids) => (ids.as_slice(), MASKED),
            Legal::Only(ids) => (ids.as_slice(), -MASKED),
        })
        .collect();
    let Some((indices, values)) = ragged(&lists, &like.device()) else { return base };
    base.scatter(1, indices, values, IndexingUpdateOp::Add)
}

/// The probability of what may come. `[rows, 1]`
fn legal_mass(log_p: &Tensor<2>, mask: &Tensor<2>) -> Tensor<2> {
    (log_p.clone() + mask.clone()).exp().sum_dim(1)
}

fn penalised(scores: Tensor<2>, requests: &[Request], rules: &Rules) -> Tensor<2> {
    let lists: Vec<(&[u32], f32)> = requests.iter().map(|request| (request.read.as_slice(), 1.0)).collect();
    let Some((indices, counts)) = ragged(&lists, &scores.device()) else { return scores };
    let old = scores.clone().gather(1, indices.clone());
    let penalty = rules.repetition_penalty;
    let new = old.clone().div_scalar(penalty).mask_where(old.clone().lower_elem(0.0), old.clone() * penalty);
    scores.scatter(1, indices, (new - old) * counts, IndexingUpdateOp::Add)
}

/// Lists of token ids as one matrix, and beside each id its list's value: 0 where a shorter list is filled up.
fn ragged(lists: &[(&[u32], f32)], device: &Device) -> Option<(Tensor<2, Int>, Tensor<2>)> {
    let (rows, longest) = (lists.len(), lists.iter().map(|(ids, _)| ids.len()).max().filter(|n| *n > 0)?);
    let mut indices = vec![0i32; rows * longest];
    let mut values = vec![0f32; rows * longest];
    for (row, (ids, value)) in lists.iter().enumerate() {
        for (column, id) in ids.iter().enumerate() {
            indices[row * longest + column] = *id as i32;
            values[row * longest + column] = *value;
        }
    }
    let indices = Tensor::from_data(TensorData::new(indices, [rows, longest]), device);
    Some((indices, Tensor::from_data(TensorData::new(values, [rows, longest]), device)))
}

/// Log-probabilities and ids of the likeliest, `[rows, count]` each.
fn alternatives(log_p: Tensor<2>, count: usize) -> Vec<Tensor<2>> {
    let count = count.min(log_p.dims()[1]);
    if count == 0 {
        return Vec::new();
    }
    let (values, ids) = log_p.topk_with_indices(count, 1);
    vec![values, ids.float()]
}

fn read_alternatives(numbers: &[f32]) -> Vec<Alternative> {
    let (values, ids) = numbers.split_at(numbers.len() / 2);
    let alternative = |(value, id): (&f32, &f32)| Alternative { id: *id as u32, log_probability: *value };
    values.iter().zip(ids).map(alternative).collect()
}

/// The token at which the probabilities, summed in the order of ids, pass each row's random number. `[rows, 1]`
fn draw(processed: Tensor<2>, requests: &[Request], sampling: &Sampling) -> Tensor<2, Int> {
    let [rows, vocabulary] = processed.dims();
    let device = processed.device();
    let mut scores = processed.div_scalar(sampling.temperature);
    let illegal = scores.clone().lower_elem(MASKED / sampling.temperature / 2.0);
    let max = scores.clone().max_dim(1);
    let min = scores.clone().mask_where(illegal.clone(), max.clone().expand([rows, vocabulary])).min_dim(1);
    scores = scores.mask_fill(illegal, MASKED);
    if sampling.top_k > 0 && sampling.top_k < vocabulary {
        let least = least(&min, &max, |least| {
            let kept = scores.clone().greater_equal(least).float().sum_dim(1);
            kept.greater_equal_elem(sampling.top_k as f32)
        });
        scores = scores.clone().mask_fill(scores.lower(least), MASKED);
    }
    if sampling.top_p < 1.0 {
        let p = softmax(scores.clone(), 1);
        let least = least(&min, &max, |least| {
            let kept = p.clone() * scores.clone().greater_equal(least).float();
            kept.sum_dim(1).greater_equal_elem(sampling.top_p)
        });
        scores = scores.clone().mask_fill(scores.lower(least), MASKED);
    }
    let likeliest = scores.clone().argmax(1);
    let p = softmax(scores, 1);
    let blocks = vocabulary.div_ceil(BLOCK);
    let rest = Tensor::zeros([rows, blocks * BLOCK - vocabulary], &device);
    let p_of_blocks = Tensor::cat(vec![p.clone(), rest], 1).reshape([rows, blocks, BLOCK]);
    let sums = p_of_blocks.clone().sum_dim(2).reshape([rows, blocks]);
    let to_block = sums.clone().cumsum(1);
    let uniform: Vec<f32> = requests.iter().map(|request| request.uniform as f32).collect();
    let uniform = Tensor::<2>::from_data(TensorData::new(uniform, [rows, 1]), &device);
    let target = uniform * to_block.clone().slice([0..rows, blocks - 1..blocks]);
    let passed = |sums: Tensor<2>, target: Tensor<2>, last: usize| {
        sums.lower_equal(target).int().sum_dim(1).clamp(0, last as i32)
    };
    let block = passed(to_block.clone(), target.clone(), blocks - 1);
    let before = to_block.gather(1, block.clone()) - sums.gather(1, block.clone());
    let in_block = block.clone().reshape([rows, 1, 1]).expand([rows, 1, BLOCK]);
    let within = p_of_blocks.gather(1, in_block).reshape([rows, BLOCK]).cumsum(1);
    let ids = block * BLOCK as i32 + passed(within, target - before, BLOCK - 1);
    let ids = ids.clamp(0, vocabulary as i32 - 1);
    // Rounding at the end of a block could point at a token without probability.
    let impossible = p.gather(1, ids.clone()).lower_equal_elem(0.0);
    ids.mask_where(impossible, likeliest)
}

/// The greatest score between `min` and `max` for which `enough` holds; it holds for `min`. `[rows, 1]` each.
fn least(
    min: &Tensor<2>,
    max: &Tensor<2>,
    enough: impl Fn(Tensor<2>) -> Tensor<2, burn::tensor::Bool>,
) -> Tensor<2> {
    let (mut low, mut high) = (min.clone(), max.clone() + 1.0);
    for _ in 0..HALVINGS {
        let middle = (low.clone() + high.clone()) / 2.0;
        let holds = enough(middle.clone());
        low = low.mask_where(holds.clone(), middle.clone());
        high = middle.mask_where(holds, high);
    }
    low
}
