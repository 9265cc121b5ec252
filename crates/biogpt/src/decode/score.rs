//! How likely given continuations are.

use std::ops::Range;

use burn::tensor::Tensor;

use super::{DecodeError, Decoder, Reader, scores};
use crate::Cache;
use parameters::rows_of;

/// Keys and values that continuations may take at once.
const CACHE_BYTES: usize = 16 << 20;

/// Tokens behind a text that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Continuation<'t> {
    /// All of them.
    pub tokens: &'t [u32],
    /// So many at their beginning are given: how likely they are is not asked, and the vocabulary not compared there.
    pub given: usize,
}

impl<'t> Continuation<'t> {
    /// Each token is asked about.
    #[must_use]
    pub const fn whole(tokens: &'t [u32]) -> Self {
        Self { tokens, given: 0 }
    }
}

/// Continuations in ascending order that begin alike, as far as they were read.
#[derive(Clone)]
struct Group {
    range: Range<usize>,
    /// Tokens that they have in common and that were read.
    depth: usize,
    /// Of these tokens; not a number where no continuation asks.
    log_probabilities: Vec<f32>,
}

impl Group {
    /// Whether a continuation asks about the token at a place.
    fn asks(&self, sorted: &[Continuation], place: usize) -> bool {
        sorted[self.range.clone()].iter().any(|one| one.given <= place)
    }
}

impl Decoder<'_> {
    /// The log-probability of each token of each continuation of what was read, but for those that are given.
    ///
    /// All are read in a few batches; what several have in common at their beginning is computed once.
    ///
    /// # Errors
    /// If nothing was read, a continuation has unknown tokens or does not fit behind the prompt, or the device fails.
    pub fn score(
        &self,
        reader: &Reader,
        continuations: &[Continuation],
    ) -> Result<Vec<Vec<f32>>, DecodeError> {
        let (cache, hidden) = reader.start()?;
        let room = self.config.max_positions - reader.tokens().len();
        for Continuation { tokens, .. } in continuations {
            self.check_ids(tokens)?;
            if tokens.len() > room {
                let length = reader.tokens().len() + tokens.len();
                return Err(DecodeError::TooLong { length, longest: self.config.max_positions });
            }
        }
        let mut order: Vec<usize> =
            (0..continuations.len()).filter(|i| !continuations[*i].tokens.is_empty()).collect();
        order.sort_by_key(|i| continuations[*i].tokens);
        let longest = order.iter().map(|i| continuations[*i].tokens.len()).max().unwrap_or(0);
        let of_row = cache.position_bytes() * longest.max(1);
        let at_once = (CACHE_BYTES / of_row).max(1);
        let mut scores = vec![Vec::new(); continuations.len()];
        for chunk in order.chunks(at_once) {
            let sorted: Vec<Continuation> = chunk.iter().map(|i| continuations[*i]).collect();
            let found = self.score_sorted(&cache, hidden.clone(), &sorted)?;
            for (i, mut found) in chunk.iter().zip(found) {
                found.drain(..continuations[*i].given.min(found.len()));
                scores[*i] = found;
            }
        }
        Ok(scores)
    }

    /// Reads sorted continuations as a trie, one level of it at a time: a row for each group that goes on alike until
    /// it parts.
    fn score_sorted(
        &self,
        cache: &Cache,
        hidden: Tensor<2>,
        sorted: &[Continuation],
    ) -> Result<Vec<Vec<f32>>, DecodeError> {
        let mut scores = vec![Vec::new(); sorted.len()];
        let (mut cache, mut hidden) = (cache.clone(), hidden);
        let mut groups = vec![Group { range: 0..sorted.len(), depth: 0, log_probabilities: Vec::new() }];
        while !groups.is_empty() {
            // Each group parts by the next token, whose probability is read from its own last hidden state.
            let (mut parts, mut parents, mut targets) = (Vec::new(), Vec::new(), Vec::new());
            for (row, group) in groups.iter().enumerate() {
                for part in part(group, sorted) {
                    if part.asks(sorted, group.depth) {
                        targets.push((row, sorted[part.range.start].tokens[group.depth]));
                    }
                    parents.push(row);
                    parts.push(part);
                }
            }
            let mut first = self.log_probabilities(hidden, &targets)?.into_iter();
            let (mut next, mut from, mut fed) = (Vec::new(), Vec::new(), Vec::new());
            for (mut group, parent) in parts.into_iter().zip(parents) {
                let asked = group.asks(sorted, group.depth);
                group.log_probabilities.push(if asked { first.next().unwrap_or(f32::NAN) } else { f32::NAN });
                let (run, goes_on) = run(&group, sorted);
                // Nothing is predicted after the last token of a continuation.
                let run =
                    &sorted[group.range.start].tokens[group.depth..][..if goes_on { run } else { run - 1 }];
                if run.is_empty() {
                    sorted_scores(&mut scores, &group, sorted);
                } else {
                    fed.push(run);
                    from.push(parent);
                    next.push(group);
                }
            }
            if next.is_empty() {
                break;
            }
            cache.select(&from);
            let read = self.network.extend(&fed, &mut cache);
            let (mut places, mut targets) = (Vec::new(), Vec::new());
            let (mut open, mut last) = (Vec::new(), Vec::new());
            let mut start = 0;
            for (row, (group, fed)) in next.iter().zip(&fed).enumerate() {
                let (run, goes_on) = run(group, sorted);
                for t in (1..run).filter(|t| group.asks(sorted, group.depth + t)) {
                    targets.push((places.len(), sorted[group.range.start].tokens[group.depth + t]));
                    places.push(start + t - 1);
                }
                if goes_on {
                    open.push(row);
                    last.push(start + fed.len() - 1);
                }
                start += fed.len();
            }
            let mut found = self.log_probabilities(some_rows(&read, &places), &targets)?.into_iter();
            for group in &mut next {
                let (run, _) = run(group, sorted);
                for place in group.depth + 1..group.depth + run {
                    let asked = group.asks(sorted, place);
                    group.log_probabilities.push(if asked {
                        found.next().unwrap_or(f32::NAN)
                    } else {
                        f32::NAN
                    });
                }
                group.depth += run;
                sorted_scores(&mut scores, group, sorted);
            }
            if open.is_empty() {
                break;
            }
            cache.select(&open);
            groups = open.iter().map(|row| next[*row].clone()).collect();
            hidden = some_rows(&read, &last);
        }
        Ok(scores)
    }

    /// Holds a bounded number of logits. `targets` ascend by row; rows without any are not compared with the vocabulary.
    fn log_probabilities(
        &self,
        hidden: Tensor<2>,
        targets: &[(usize, u32)],
    ) -> Result<Vec<f32>, DecodeError> {
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let mut asked: Vec<usize> = targets.iter().map(|(row, _)| *row).collect();
        asked.dedup();
        let place = |row: &usize| asked.partition_point(|other| other < row);
        let targets: Vec<(usize, u32)> = targets.iter().map(|(row, id)| (place(row), *id)).collect();
        let hidden = rows_of(hidden, &asked);
        let [rows, d] = hidden.dims();
        let at_once = self.rows_at_once();
        let mut found = Vec::with_capacity(targets.len());
        for from in (0..rows).step_by(at_once) {
            let until = rows.min(from + at_once);
            let here = targets.partition_point(|(row, _)| *row < from)
                ..targets.partition_point(|(row, _)| *row < until);
            let here: Vec<_> = targets[here].iter().map(|(row, id)| (row - from, *id)).collect();
            let logits = self.network.logits(hidden.clone().slice([from..until, 0..d]));
            found.extend(scores::log_probabilities(logits, &here)?);
        }
        Ok(found)
    }
}

/// A group's continuations by their next token; those that are at their end are left out.
fn part(group: &Group, sorted: &[Continuation]) -> Vec<Group> {
    let mut parts = Vec::new();
    let goes_on = |i: &usize| sorted[*i].tokens.len() > group.depth;
    let mut from = group.range.clone().find(goes_on).unwrap_or(group.range.end);
    while from < group.range.end {
        let token = sorted[from].tokens[group.depth];
        let same = sorted[from..group.range.end].partition_point(|other| other.tokens[group.depth] == token);
        let range = from..from + same;
        from = range.end;
        parts.push(Group { range, ..group.clone() });
    }
    parts
}

/// How many tokens a group's continuations go on alike, and whether one of them goes on behind these.
fn run(group: &Group, sorted: &[Continuation]) -> (usize, bool) {
    let first = &sorted[group.range.start].tokens[group.depth..];
    // The last is the most different from the first, since they are sorted.
    let last = &sorted[group.range.end - 1].tokens[group.depth..];
    let common = first.iter().zip(last).take_while(|(a, b)| a == b).count();
    (common, last.len() > common)
}

/// Hands out the scores of the continuations that are at their end.
fn sorted_scores(scores: &mut [Vec<f32>], group: &Group, sorted: &[Continuation]) {
    for i in group.range.clone().filter(|i| sorted[*i].tokens.len() == group.log_probabilities.len()) {
        scores[i].clone_from(&group.log_probabilities);
    }
}

/// As [`rows_of`], but leaves the hidden states to others. Without places it gives some row, which nobody asks about.
fn some_rows(hidden: &Tensor<2>, places: &[usize]) -> Tensor<2> {
    rows_of(hidden.clone(), if places.is_empty() { &[0] } else { places })
}
