//! Names from the labels that a token classifier gives: `B-Chemical`, `I-Chemical`, `O` and their relatives.
//!
//! A classifier has a probability of each label for each token. Pieces of a word share the label of its first piece, as
//! published models are trained; the likeliest sequence of labels that the scheme allows is found (Viterbi), and its names
//! are stretches of the author's text.

mod kinds;
mod plan;
mod scheme;
mod seams;

use std::ops::Range;

use documents::Span;

pub use kinds::{KindTable, LEFT_OUT, likely_kind};
pub use plan::{LabelTask, Plan};
pub use scheme::{Labels, LabelsError, Scheme};
pub use seams::merge;

/// A name that a token classifier found.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledName {
    /// The kind as the model's labels call it, without the part of the name: `Chemical`. Empty for a model that has no
    /// kinds (`B`, `I`, `O`).
    pub kind: String,
    /// Where it is.
    pub span: Span,
    /// The geometric mean of the probabilities of its words' labels.
    pub score: f64,
}

/// The names of the likeliest allowed sequence of labels, in text order.
///
/// # Shapes
/// logits `[tokens, labels]`; `offsets` the bytes of each token, `starts` whether a word begins with it, both `[tokens]`.
/// Special tokens are not among them. Gives none where the shapes do not fit or
/// a logit is no finite number.
#[must_use]
pub fn decode(
    labels: &Labels,
    logits: &[f32],
    offsets: &[Range<usize>],
    starts: &[bool],
) -> Vec<LabelledName> {
    let count = labels.len();
    if logits.iter().any(|logit| !logit.is_finite())
        || logits.len() != offsets.len() * count
        || starts.len() != offsets.len()
    {
        return Vec::new();
    }
    let mut words: Vec<Range<usize>> = Vec::new();
    for (token, starts) in starts.iter().enumerate() {
        match words.last_mut() {
            Some(word) if !starts => word.end = token + 1,
            _ => words.push(token..token + 1),
        }
    }
    let weights: Vec<Vec<f64>> =
        words.iter().map(|word| log_softmax(&logits[word.start * count..][..count])).collect();
    let chosen = likeliest(labels, &weights);
    let mut names: Vec<(Range<usize>, usize)> = Vec::new();
    for (word, label) in chosen.iter().enumerate() {
        if labels.is_outside(*label) {
            continue;
        }
        match names.last_mut() {
            Some((name, last)) if name.end == word && labels.continues(*last, *label) => {
                name.end = word + 1;
                *last = *label;
            }
            _ => names.push((word..word + 1, *label)),
        }
    }
    let span = |name: &Range<usize>| {
        Span::new(offsets[words[name.start].start].start, offsets[words[name.end - 1].end - 1].end)
    };
    let score = |name: &Range<usize>| {
        let sum: f64 = name.clone().map(|word| weights[word][chosen[word]]).sum();
        (sum / name.len() as f64).exp()
    };
    let found = names.iter().map(|(name, label)| LabelledName {
        kind: labels.kind(*label).to_owned(),
        span: span(name),
        score: score(name),
    });
    // A word of nothing but control characters has no bytes.
    found.filter(|name| !name.span.is_empty()).collect()
}

/// Log-probabilities of the labels, from their logits.
#[must_use]
pub fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let most = logits.iter().fold(f64::NEG_INFINITY, |most, logit| most.max(f64::from(*logit)));
    let sum: f64 = logits.iter().map(|logit| (f64::from(*logit) - most).exp()).sum();
    logits.iter().map(|logit| f64::from(*logit) - most - sum.ln()).collect()
}

/// The label of each word in the likeliest sequence that the scheme allows.
fn likeliest(labels: &Labels, weights: &[Vec<f64>]) -> Vec<usize> {
    const NEVER: f64 = f64::NEG_INFINITY;
    let count = labels.len();
    let Some((first, rest)) = weights.split_first() else { return Vec::new() };
    let begin = |(label, weight): (usize, &f64)| if labels.may_begin(label) { *weight } else { NEVER };
    let mut best: Vec<f64> = first.iter().enumerate().map(begin).collect();
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(rest.len());
    for word in rest {
        let before = |label: usize| {
            let allowed = (0..count).filter(|before| labels.may_follow(*before, label));
            allowed.max_by(|a, b| best[*a].total_cmp(&best[*b]))
        };
        let ways: Vec<Option<usize>> = (0..count).map(before).collect();
        let reached = ways.iter().zip(word).map(|(way, weight)| way.map_or(NEVER, |way| best[way] + weight));
        best = reached.collect();
        from.push(ways.into_iter().map(|way| way.unwrap_or(0)).collect());
    }
    let ends = (0..count).filter(|label| labels.may_end(*label));
    let mut label = ends.max_by(|a, b| best[*a].total_cmp(&best[*b])).unwrap_or(0);
    let mut chosen = vec![label];
    for ways in from.iter().rev() {
        label = ways[label];
        chosen.push(label);
    }
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests;
