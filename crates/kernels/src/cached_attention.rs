//! Attention of new tokens over what came before them: a prefix that all rows share, then each row's own past.
//!
//! One prompt and many continuations (beams, candidate answers, candidate relations) hold the prompt's keys and values
//! once. Scores over both parts go into one row, so that the softmax is the same as over one cache.

mod stored;
#[cfg(target_arch = "aarch64")]
#[path = "cached_attention/arm.rs"]
mod vector;
#[cfg(target_arch = "x86_64")]
#[path = "cached_attention/x86.rs"]
mod vector;

use std::cell::RefCell;
use std::ops::Range;

use crate::activation::exp;
use crate::attention::Visibility;
use crate::layer_norm::lane_sum;
use crate::level::for_each_level;
use crate::matmul::{self, Into, MatrixMut, MatrixRef, Precision};
use crate::scratch::{self, Scratch};
use crate::shared::SharedMut;

pub use stored::Stored;

/// Keys and values that every row sees.
#[derive(Debug, Clone, Copy)]
pub struct Prefix<'a, S> {
    /// `[heads, capacity, head width]`
    pub keys: &'a [S],
    /// The same shape.
    pub values: &'a [S],
    /// Positions in use.
    pub length: usize,
}

/// Keys and values of each row's own past.
#[derive(Debug)]
pub struct Own<'a, S> {
    /// `[places, heads, capacity, head width]`; the new ones are written in.
    pub keys: &'a mut [S],
    /// The same shape.
    pub values: &'a mut [S],
    /// Positions that there is room for.
    pub capacity: usize,
    /// Where each row's past lies: rows change their order without being moved.
    pub places: &'a [usize],
    /// Positions in use before this call, by row.
    pub lengths: &'a [usize],
}

/// Keys or values in other places, with other room: place `i` of `to` begins with the positions of the place that
/// `parts[i]` names. All others keep what they hold, which nobody looks at: memory that was never touched stays so.
///
/// # Shapes
/// old `[places, heads, old capacity, head width]`, to `[parts.len(), heads, capacity, head width]`.
///
/// # Panics
/// If a place does not exist, or positions are over one of the capacities.
pub fn arrange<S: Copy>(
    old: &[S],
    to: &mut [S],
    heads: usize,
    width: usize,
    [old_capacity, capacity]: [usize; 2],
    parts: &[(usize, Range<usize>)],
) {
    for (i, (from, positions)) in parts.iter().enumerate() {
        for h in 0..heads {
            let old = &old[(from * heads + h) * old_capacity * width..][..old_capacity * width];
            let to = &mut to[(i * heads + h) * capacity * width..][..capacity * width];
            to[..positions.len() * width]
                .copy_from_slice(&old[positions.start * width..positions.end * width]);
        }
    }
}

/// Positions of one place that another place gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The place they are in.
    pub from: usize,
    /// The place they come to.
    pub to: usize,
    /// Which.
    pub positions: Range<usize>,
}

/// Copies positions between places of keys or values, one move after the other.
///
/// # Shapes
/// kept `[places, heads, capacity, head width]`
///
/// # Panics
/// If a place or position does not exist.
pub fn copy<S: Copy>(kept: &mut [S], heads: usize, width: usize, capacity: usize, moves: &[Move]) {
    for Move { from, to, positions } in moves {
        assert!(positions.end <= capacity, "{positions:?} of {capacity}");
        for h in 0..heads {
            let start = |place: usize| ((place * heads + h) * capacity + positions.start) * width;
            kept.copy_within(start(*from)..start(*from) + positions.len() * width, start(*to));
        }
    }
}

thread_local! {
    static SCORES: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

for_each_level! {
    fn softmax(scores: &mut [f32], scale: f32) {
        let max = scores.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
        for score in scores.iter_mut() {
            *score = exp((*score - max) * scale);
        }
        let inverse = 1.0 / lane_sum(scores.len(), |i| scores[i]);
        for score in scores.iter_mut() {
            *score *= inverse;
        }
    }
}

/// So many new tokens of a row see its past one by one, more by packed products: they are then the same to the bit
/// whether they come at once or one after the other.
pub const FEW: usize = 32;
/// So many new tokens of all rows see the prefix one by one.
const FEW_OF_ALL: usize = 4;

/// New tokens attend to prefix, past and, as `visibility` says, each other; their keys and values join the past. `new` says
/// how many each row has; the tokens of the rows lie one after the other.
///
/// Without a prefix a row has the same output, to the bit, whatever rows are computed with it, and for up to [`FEW`] tokens that see each other
/// causally also if they come one after the other; with one, the number of all new tokens changes the last bits.
///
/// # Shapes
/// qkv `[new tokens, 3·d]`, out `[new tokens, d]`, d = heads · head width. A row whose own length plus its new tokens would
/// be over the capacity panics.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward<S: Stored>(
    qkv: &[f32],
    out: &mut [f32],
    prefix: Prefix<'_, S>,
    own: Own<'_, S>,
    heads: usize,
    new: &[usize],
    visibility: &Visibility,
) {
    let tokens: usize = new.iter().sum();
    let width = qkv.len() / (tokens * 3 * heads);
    let d = heads * width;
    let (capacity, place_count) = (own.capacity, own.keys.len() / (own.capacity * d));
    assert!(qkv.len() == tokens * 3 * d && out.len() == tokens * d);
    assert!(own.keys.len() == place_count * d * capacity && own.values.len() == own.keys.len());
    let mut taken = vec![false; place_count];
    let alone = own.places.iter().all(|place| !std::mem::replace(&mut taken[*place], true));
    assert!(alone && own.places.len() == new.len(), "places {:?} of {} rows", own.places, new.len());
    assert!(own.lengths.len() == new.len() && visibility.fits(new.len()));
    let mut rows = Vec::with_capacity(new.len());
    let (mut first, mut longest) = (0, 0);
    for ((past, new), place) in own.lengths.iter().zip(new).zip(own.places) {
        assert!(past + new <= capacity, "{past} + {new} over {capacity}");
        rows.push(Row { first, new: *new, past: *past, place: *place });
        first += new;
        longest = longest.max(past + new);
    }
    let prefix_capacity = prefix.keys.len() / d;
    assert!(prefix.length <= prefix_capacity && prefix.values.len() == prefix.keys.len());
    let columns = prefix.length + longest;
    let scale = 1.0 / (width as f32).sqrt();
    let (keys, values, out) = (SharedMut::new(own.keys), SharedMut::new(own.values), SharedMut::new(out));
    // Few queries go one by one; many share packed products.
    let shared = prefix.length > 0 && tokens > FEW_OF_ALL;
    let wide = prefix.length * usize::from(shared);
    let wide = rows.iter().filter(|row| row.new > FEW).map(|row| row.past + row.new).fold(wide, usize::max);
    let head = |h: usize| {
        let query = |token: usize| &qkv[token * 3 * d + h * width..][..width];
        let shared_keys = &prefix.keys[h * prefix_capacity * width..][..prefix.length * width];
        let shared_values = &prefix.values[h * prefix_capacity * width..][..prefix.length * width];
        scratch::with(&SCORES, |scratch| {
            let scratch = scratch.floats(tokens * columns + tokens * width + S::scratch(wide * width));
            let (scores, scratch) = scratch.split_at_mut(tokens * columns);
            let (results, wide) = scratch.split_at_mut(tokens * width);
            if shared {
                let queries = MatrixRef::strided(&qkv[h * width..], tokens, width, 3 * d);
                let keys = MatrixRef::new(S::widen(shared_keys, wide), prefix.length, width);
                let to = MatrixMut::strided(scores, tokens, prefix.length, columns);
                matmul::serial(queries, keys.t(), to, Into::Overwrite, Precision::F32);
            }
            for (number, row) in rows.iter().enumerate() {
                let Row { first, new, past, place } = *row;
                let at = (place * heads + h) * capacity * width;
                // SAFETY: this head's part of this row, written by this thread alone: no two rows share a place.
                let (own_keys, own_values) =
                    unsafe { (keys.part(at, (past + new) * width), values.part(at, (past + new) * width)) };
                for t in 0..new {
                    let from = &qkv[(first + t) * 3 * d + h * width..];
                    S::store(&from[d..][..width], &mut own_keys[(past + t) * width..][..width]);
                    S::store(&from[2 * d..][..width], &mut own_values[(past + t) * width..][..width]);
                }
                if new > FEW {
                    let queries = MatrixRef::strided(&qkv[first * 3 * d + h * width..], new, width, 3 * d);
                    let own = MatrixRef::new(S::widen(own_keys, wide), past + new, width);
                    let to = &mut scores[first * columns + prefix.length..];
                    let to = MatrixMut::strided(to, new, past + new, columns);
                    matmul::serial(queries, own.t(), to, Into::Overwrite, Precision::F32);
                }
                for t in 0..new {
                    let scores = &mut scores[(first + t) * columns..][..columns];
                    let visible = prefix.length + past + visibility.seen(number, t, new);
                    if !shared {
                        S::scores_of_one(query(first + t), shared_keys, scores);
                    }
                    if new <= FEW {
                        S::scores_of_one(query(first + t), own_keys, &mut scores[prefix.length..visible]);
                    }
                    softmax(&mut scores[..visible], scale);
                    scores[visible..].fill(0.0);
                }
            }
            if shared {
                let weights = MatrixRef::strided(scores, tokens, prefix.length, columns);
                let shared = MatrixRef::new(S::widen(shared_values, wide), prefix.length, width);
                let to = MatrixMut::new(results, tokens, width);
                matmul::serial(weights, shared, to, Into::Overwrite, Precision::F32);
            } else {
                results.fill(0.0);
            }
            for (number, row) in rows.iter().enumerate() {
                let Row { first, new, past, place } = *row;
                let at = (place * heads + h) * capacity * width;
                // SAFETY: as above.
                let own_values = unsafe { values.part(at, (past + new) * width) };
                if new > FEW {
                    let weights = &scores[first * columns + prefix.length..];
                    let weights = MatrixRef::strided(weights, new, past + new, columns);
                    let own = MatrixRef::new(S::widen(own_values, wide), past + new, width);
                    let to = MatrixMut::new(&mut results[first * width..], new, width);
                    matmul::serial(weights, own, to, Into::Add, Precision::F32);
                }
                for t in 0..new {
                    let visible = prefix.length + past + visibility.seen(number, t, new);
                    let weights = &scores[(first + t) * columns..][..visible];
                    let to = &mut results[(first + t) * width..][..width];
                    if !shared {
                        S::add_weighted(&weights[..prefix.length], shared_values, to);
                    }
                    if new <= FEW {
                        S::add_weighted(&weights[prefix.length..], own_values, to);
                    }
                }
            }
            for (token, result) in results.chunks_exact(width).enumerate().take(tokens) {
                // SAFETY: this head's columns, written by this thread alone.
                unsafe { out.part(token * d + h * width, width) }.copy_from_slice(result);
            }
        });
    };
    let work = tokens * columns * d;
    if work < 1 << 15 || rayon::current_num_threads() == 1 {
        (0..heads).for_each(head);
    } else {
        crate::parallel::parallel_ranges(heads, 1, |range| range.for_each(&head));
    }
}

/// A row's new tokens.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// The first of them among all.
    first: usize,
    new: usize,
    past: usize,
    place: usize,
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    fn values(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
    }

    /// The same by the kernel over the whole text of one row, of which the first `read` positions see each other.
    fn whole(qkv: &[f32], length: usize, heads: usize, width: usize, read: usize) -> Vec<f32> {
        let shape = crate::attention::Shape { batch: 1, length, heads, head_width: width };
        let mut out = vec![0.0; length * heads * width];
        let mut log_sums = vec![0.0; heads * length];
        let visibility = Visibility::Prefix(vec![read]);
        let dropout = crate::attention::Dropout::default();
        crate::attention::forward(qkv, &mut out, &mut log_sums, shape, &visibility, dropout, Precision::F32);
        out
    }

    #[test]
    fn any_split_into_prefix_past_and_new_equals_the_whole() {
        splits_equal_the_whole::<f32>(1e-5);
    }

    #[test]
    fn with_keys_and_values_of_16_bits_it_differs_by_their_rounding() {
        splits_equal_the_whole::<f16>(2e-3);
    }

    fn splits_equal_the_whole<S: Stored>(tolerance: f32) {
        let (heads, width) = (3, 8);
        let d = heads * width;
        for (prefix, pasts, news) in [
            (0, vec![0], vec![9]),
            (0, vec![5], vec![1]),
            (7, vec![0], vec![1]),
            (7, vec![0, 4, 2], vec![1, 1, 1]),
            (0, vec![1, 4, 2], vec![5, 5, 5]),
            (0, vec![1, 4, 2, 9], vec![3, 0, 7, 1]),
            (5, vec![1, 4, 2], vec![6, 1, 2]),
            (0, vec![3, 4, 1], vec![FEW, FEW + 1, 40]),
            (3, vec![1, 0], vec![2, 1]),
            (11, vec![0, 1, 2, 3, 4, 5], vec![1; 6]),
            (20, vec![3, 0], vec![12, 12]),
        ] {
            let rows = pasts.len();
            // Each row: the same prefix, then its own tokens.
            let shared = values(prefix * 3 * d, 0.5);
            let texts: Vec<Vec<f32>> = (0..rows)
                .map(|b| [shared.clone(), values((pasts[b] + news[b]) * 3 * d, 10.0 * b as f32)].concat())
                .collect();
            let capacity = pasts.iter().max().unwrap() + news.iter().max().unwrap() + 2;
            // One place more than there are rows, and the rows in another order.
            let places: Vec<usize> = (0..rows).map(|b| rows - b).collect();
            let prefix_capacity = prefix + 3;
            // What is not in use may hold anything.
            let stored = |values: &[f32]| {
                let mut stored = vec![S::default(); values.len()];
                S::store(values, &mut stored);
                stored
            };
            let unused = stored(&[7e4])[0];
            let mut prefix_keys = vec![unused; d * prefix_capacity];
            let mut prefix_values = prefix_keys.clone();
            let mut keys = vec![unused; (rows + 1) * d * capacity];
            let mut own_values = keys.clone();
            for h in 0..heads {
                for i in 0..width {
                    for t in 0..prefix {
                        let at = (h * prefix_capacity + t) * width + i;
                        let from = &shared[t * 3 * d + h * width + i..];
                        prefix_keys[at] = stored(&[from[d]])[0];
                        prefix_values[at] = stored(&[from[2 * d]])[0];
                    }
                    for b in 0..rows {
                        for t in 0..pasts[b] {
                            let at = ((places[b] * heads + h) * capacity + t) * width + i;
                            let from = &texts[b][(prefix + t) * 3 * d + h * width + i..];
                            keys[at] = stored(&[from[d]])[0];
                            own_values[at] = stored(&[from[2 * d]])[0];
                        }
                    }
                }
            }
            let qkv: Vec<f32> =
                (0..rows).flat_map(|b| texts[b][(prefix + pasts[b]) * 3 * d..].to_vec()).collect();
            let mut out = vec![9.0; news.iter().sum::<usize>() * d];
            let own =
                Own { keys: &mut keys, values: &mut own_values, capacity, places: &places, lengths: &pasts };
            let shared = Prefix { keys: &prefix_keys, values: &prefix_values, length: prefix };
            forward(&qkv, &mut out, shared, own, heads, &news, &Visibility::Causal);
            let mut found = &out[..];
            for b in 0..rows {
                let expected = whole(&texts[b], prefix + pasts[b] + news[b], heads, width, 0);
                let expected = &expected[(prefix + pasts[b]) * d..];
                let own;
                (own, found) = found.split_at(news[b] * d);
                for (i, (found, expected)) in own.iter().zip(expected).enumerate() {
                    assert!(
                        (found - expected).abs() < tolerance,
                        "prefix {prefix} pasts {pasts:?} new {news:?} row {b} {i}: {found} {expected}"
                    );
                }
                // Without a prefix a row computed with others equals the row computed alone, to the bit.
                if prefix == 0 && news[b] > 0 {
                    let mut alone = vec![0.0; own.len()];
                    let first: usize = news[..b].iter().sum();
                    let qkv = &qkv[first * 3 * d..][..news[b] * 3 * d];
                    let (places, lengths) = (&places[b..=b], &pasts[b..=b]);
                    let past = Own { keys: &mut keys, values: &mut own_values, capacity, places, lengths };
                    forward(qkv, &mut alone, shared, past, heads, &news[b..=b], &Visibility::Causal);
                    assert_eq!(own, alone, "pasts {pasts:?} new {news:?} row {b}");
                    for t in (0..news[b]).filter(|_| news[b] <= FEW) {
                        let length = [pasts[b] + t];
                        let (keys, values) = (&mut keys, &mut own_values);
                        let past = Own { keys, values, capacity, places, lengths: &length };
                        let one = &qkv[t * 3 * d..][..3 * d];
                        forward(one, &mut alone[..d], shared, past, heads, &[1], &Visibility::Causal);
                        assert_eq!(own[t * d..][..d], alone[..d], "pasts {pasts:?} new {news:?} {b} {t}");
                    }
                }
            }
        }
    }

    #[test]
    fn sources_that_read_themselves_whole_and_what_follows_them_equal_the_whole() {
        let (heads, width) = (2, 8);
        let d = heads * width;
        // Sources of two rows, what follows each, how much of the sources is read in both directions.
        for (sources, rest) in [([5, 9], [1, 1]), ([FEW + 9, 3], [4, 2]), ([70, FEW + 1], [1, 3])] {
            let texts: Vec<Vec<f32>> =
                (0..2).map(|b| values((sources[b] + rest[b]) * 3 * d, 50.0 * b as f32)).collect();
            let capacity = 80;
            let (mut keys, mut own_values) = (vec![7e4f32; 2 * d * capacity], vec![7e4f32; 2 * d * capacity]);
            let mut read = |from: [usize; 2], new: [usize; 2], visibility: &Visibility| -> Vec<f32> {
                let qkv: Vec<f32> = (0..2)
                    .flat_map(|b| texts[b][from[b] * 3 * d..(from[b] + new[b]) * 3 * d].to_vec())
                    .collect();
                let mut out = vec![0.0; (new[0] + new[1]) * d];
                let (keys, values) = (&mut keys[..], &mut own_values[..]);
                let own = Own { keys, values, capacity, places: &[1, 0], lengths: &from };
                let none = Prefix { keys: &[], values: &[], length: 0 };
                forward(&qkv, &mut out, none, own, heads, &new, visibility);
                out
            };
            let first = read([0, 0], sources, &Visibility::Prefix(sources.to_vec()));
            let then = read(sources, rest, &Visibility::Causal);
            let (mut at_first, mut at_then) = (0, 0);
            for b in 0..2 {
                let expected = whole(&texts[b], sources[b] + rest[b], heads, width, sources[b]);
                let found = [
                    &first[at_first * d..(at_first + sources[b]) * d],
                    &then[at_then * d..(at_then + rest[b]) * d],
                ]
                .concat();
                (at_first, at_then) = (at_first + sources[b], at_then + rest[b]);
                for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    assert!((found - expected).abs() < 1e-5, "{sources:?} {b} {i}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn positions_are_arranged_and_copied() {
        let (heads, width) = (2, 2);
        // Two places with room for three positions; each number encodes its place, head and position.
        let number = |place: usize, h: usize, t: usize| (100 * place + 10 * h + t) as f32;
        let at =
            |capacity: usize, place: usize, h: usize, t: usize| ((place * heads + h) * capacity + t) * width;
        let mut old = vec![0.0; 2 * heads * 3 * width];
        for (place, h, t) in (0..12).map(|i| (i / 6, i / 3 % 2, i % 3)) {
            old[at(3, place, h, t)..][..width].fill(number(place, h, t));
        }
        let mut new = vec![-1.0; 3 * heads * 5 * width];
        arrange(&old, &mut new, heads, width, [3, 5], &[(1, 1..2), (0, 1..3), (1, 1..1)]);
        for h in 0..heads {
            for (place, from, length) in [(0, 1, 1), (1, 0, 2), (2, 1, 0)] {
                for t in 0..5 {
                    let expected = if t < length { number(from, h, t + 1) } else { -1.0 };
                    assert_eq!(new[at(5, place, h, t)..][..width], [expected; 2], "{place} {h} {t}");
                }
            }
        }
        copy(&mut new, heads, width, 5, &[Move { from: 1, to: 2, positions: 1..3 }]);
        for h in 0..heads {
            let found: Vec<f32> = (0..5).map(|t| new[at(5, 2, h, t)]).collect();
            assert_eq!(found, [-1.0, number(0, h, 2), -1.0, -1.0, -1.0]);
        }
    }
}
