//! What a model says of pairs of names, weighed with what the text shows, becomes a probability and a kind of relation.

use std::collections::BTreeSet;

use tasks::guidance::TaskGuidance;
use tasks::pair_features::{MentionContext, PairFeatures};
use tasks::{Stated, verdicts};

use super::{NamePair, TextWindow};
use crate::{InferenceError, TaskContext};

/// A pair of names and what speaks for a relation between the two.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredPair {
    /// The names.
    pub pair: NamePair,
    /// The log-odds that the model gives to any relation.
    pub log_odds: f64,
    /// What the text shows.
    pub evidence: PairFeatures,
}

/// A pair of names with the probability that the two are related.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedPair {
    /// The names and what speaks for a relation.
    pub scored: ScoredPair,
    /// The probability of a relation of any kind.
    pub probability: f64,
    /// The likeliest relation and its probability, where that of any relation reaches the threshold.
    pub relation: Option<(Stated, f64)>,
}

/// Scores pairs of names of a window.
///
/// # Errors
/// If the model cannot go on; [`InferenceError::Cancelled`] if it was stopped.
pub fn score_pairs(
    context: &mut TaskContext<'_>,
    window: &TextWindow<'_>,
    guidance: &TaskGuidance,
    pairs: Vec<NamePair>,
) -> Result<Vec<ScoredPair>, InferenceError> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let log_odds = context.model.pair_log_odds(window, &pairs, &context.cancel, &mut context.meter)?;
    let places = MentionContext::new(window.document, window.sentences, window.mentions);
    let scored = pairs.into_iter().zip(log_odds).map(|(pair, log_odds)| {
        let evidence = verdicts::pair_features(guidance, &places, &pair.head_mentions, &pair.tail_mentions);
        ScoredPair { pair, log_odds, evidence }
    });
    Ok(scored.collect())
}

/// Judges scored pairs of names of a window; of those whose probability reaches the threshold the model is asked for the
/// kind of relation.
///
/// # Errors
/// As [`score_pairs`].
pub fn judge_pairs(
    context: &mut TaskContext<'_>,
    window: &TextWindow<'_>,
    guidance: &TaskGuidance,
    scored: Vec<ScoredPair>,
    threshold: f64,
) -> Result<Vec<JudgedPair>, InferenceError> {
    let mut judged: Vec<JudgedPair> = scored
        .into_iter()
        .map(|scored| {
            let probability = verdicts::probability(guidance, scored.log_odds, &scored.evidence);
            JudgedPair { scored, probability, relation: None }
        })
        .collect();
    let mut kept: Vec<&mut JudgedPair> =
        judged.iter_mut().filter(|pair| pair.probability >= threshold).collect();
    let pairs: Vec<NamePair> = kept.iter().map(|one| one.scored.pair.clone()).collect();
    let shares = kind_probabilities(context, window, guidance, &pairs)?;
    let kinds = context.model.relation_kinds(window.task);
    for (one, shares) in kept.iter_mut().zip(shares) {
        let kinds = kinds.iter().zip(shares);
        let likeliest = kinds.max_by(|a, b| a.1.total_cmp(&b.1));
        let NamePair { head, tail, .. } = &one.scored.pair;
        one.relation =
            likeliest.map(|(kind, share)| (Stated::new(head, tail, kind), one.probability * share));
    }
    Ok(judged)
}

/// For pairs that are related, the probability of each kind of relation, in the order of
/// [`crate::LanguageModel::relation_kinds`]: by the model and by the words of the text.
pub(super) fn kind_probabilities(
    context: &mut TaskContext<'_>,
    window: &TextWindow<'_>,
    guidance: &TaskGuidance,
    pairs: &[NamePair],
) -> Result<Vec<Vec<f64>>, InferenceError> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let written = context.model.kind_log_probabilities(window, pairs, &context.cancel, &mut context.meter)?;
    let places = MentionContext::new(window.document, window.sentences, window.mentions);
    let kinds = context.model.relation_kinds(window.task);
    let shares = pairs.iter().zip(written).map(|(pair, written)| {
        let words = places.words(&pair.head_mentions, &pair.tail_mentions);
        verdicts::kind_probabilities(guidance, &kinds, &words, &written)
    });
    Ok(shares.collect())
}

/// What was found in overlapping windows, the likeliest first; of what was found twice the likelier remains.
pub fn merge_windows<T>(found: &mut Vec<(Stated, T)>, probability: impl Fn(&T) -> f64) {
    found.sort_by(|(_, a), (_, b)| probability(b).total_cmp(&probability(a)));
    let mut seen = BTreeSet::new();
    found.retain(|(stated, _)| seen.insert(stated.clone()));
}
