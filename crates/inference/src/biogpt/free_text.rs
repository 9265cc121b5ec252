//! Free text behind a prompt.

use std::ops::ControlFlow;

use biogpt::decode::{self, BeamSearch, Finish, Free, Reader, Rules, Sampling, Token as DecodedToken};
use biogpt::{Decoder, Model};

use super::detokenizer::Detokenizer;
use crate::{
    Alternative, DecodingStrategy, FinishReason, Generation, GenerationRequest, InferenceError, Token,
    TokenDelta,
};

/// `</s>` and the text, of which the beginning is left out where it leaves no room: the end decides how it goes on.
pub(super) fn prompt_ids(model: &Model, request: &GenerationRequest) -> Vec<u32> {
    let mut ids = model.tokenizer.encode(&request.prefix).ids;
    let room = model.config.max_positions.saturating_sub(request.max_tokens).max(2);
    if ids.len() > room {
        let cut = ids.len() - room;
        ids.drain(1..=cut);
    }
    ids
}

/// Continues the prompt `ids`, which `reader` has read.
pub(super) fn generate(
    model: &Model,
    reader: &Reader,
    ids: &[u32],
    request: &GenerationRequest,
    on_delta: &mut dyn FnMut(TokenDelta) -> ControlFlow<()>,
) -> Result<Vec<Generation>, InferenceError> {
    let decoder = Decoder::new(&model.network, &model.config);
    let trims = request.prefix.ends_with(char::is_whitespace);
    let rules = Rules {
        max_length: ids.len() + request.max_tokens.max(1),
        no_repeat_ngram: request.no_repeat_ngram,
        alternatives: if request.alternatives == 0 { 0 } else { request.alternatives + 1 },
        ..Rules::default()
    };
    let end = model.config.eos_id;
    let choice = match request.strategy {
        DecodingStrategy::BeamSearch { beams } => {
            let search = BeamSearch { beams: beams.max(1), ..BeamSearch::default() };
            let found = decoder.beam_search(reader, &rules, &search, &Free, |progress| {
                let mut best = Detokenizer::new(&model.tokenizer, ids, trims);
                let without = Token { text: String::new(), log_probability: 0.0, alternatives: Vec::new() };
                progress.best.iter().for_each(|id| drop(best.push(*id, without.clone())));
                let tentative = best.finish().into_iter().map(|token| token.text).collect();
                on_delta(TokenDelta { tokens: Vec::new(), tentative })
            })?;
            let generations = found.into_iter().map(|one| {
                let mut text = Detokenizer::new(&model.tokenizer, ids, trims);
                let mut before = ids.last().copied().unwrap_or_default();
                for token in one.tokens.iter().filter(|token| token.id != end) {
                    text.push(token.id, token_of(model, token, before));
                    before = token.id;
                }
                generation(text, &one.tokens, finish_reason(one.finish, false))
            });
            return Ok(generations.collect());
        }
        DecodingStrategy::Sampling { temperature, seed } => {
            decode::Choice::Sampled(Sampling { temperature: temperature as f32, seed, ..Sampling::default() })
        }
        DecodingStrategy::Greedy => decode::Choice::Greedy,
    };
    let mut text = Detokenizer::new(&model.tokenizer, ids, trims);
    let mut seen = vec![ids.last().copied().unwrap_or_default()];
    let mut repeats = false;
    let found = decoder.generate(reader.prompts(1)?, &rules, &choice, &[Free], |_, token| {
        if token.id == end {
            return ControlFlow::Continue(());
        }
        let before = seen.last().copied().unwrap_or_default();
        seen.push(token.id);
        repeats = repeats_itself(&seen);
        on_delta(text.push(token.id, token_of(model, token, before)))?;
        if repeats { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    // One prompt was continued.
    let one = found.into_iter().next();
    Ok(one.map(|one| generation(text, &one.tokens, finish_reason(one.finish, repeats))).into_iter().collect())
}

/// What is known of a token behind the token `before`, but for its text.
fn token_of(model: &Model, token: &DecodedToken, before: u32) -> Token {
    let alternatives = token.alternatives.iter().filter(|other| other.id != token.id);
    let text = |id: u32| {
        let tokenizer = &model.tokenizer;
        let (alone, both) = (tokenizer.decode(&[before]), tokenizer.decode(&[before, id]));
        both.strip_prefix(&alone).map_or_else(|| tokenizer.decode(&[id]), str::to_owned)
    };
    Token {
        text: String::new(),
        log_probability: f64::from(token.log_probability),
        alternatives: alternatives
            .map(|other| Alternative {
                text: text(other.id),
                log_probability: f64::from(other.log_probability),
            })
            .filter(|other| !other.text.is_empty())
            .collect(),
    }
}

fn generation(text: Detokenizer<'_>, tokens: &[DecodedToken], finish_reason: FinishReason) -> Generation {
    let scores: Vec<f64> = tokens.iter().map(|token| f64::from(token.log_probability)).collect();
    let mean_log_probability = tasks::scores::length_normalized(&scores);
    Generation { tokens: text.finish(), mean_log_probability, finish_reason }
}

const fn finish_reason(finish: Finish, repeats: bool) -> FinishReason {
    match finish {
        Finish::EndOfText => FinishReason::EndOfText,
        Finish::Length => FinishReason::Length,
        Finish::Stopped if repeats => FinishReason::Repetition,
        Finish::Stopped => FinishReason::Stopped,
    }
}

/// Whether a text ends with the same few tokens again and again.
fn repeats_itself(tokens: &[u32]) -> bool {
    (1..=16).any(|period: usize| {
        let length = (3 * period).max(10);
        tokens.len() >= length && {
            let end = &tokens[tokens.len() - length..];
            end.iter().zip(&end[period..]).all(|(a, b)| a == b)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_is_seen_and_lists_are_none() {
        assert!(repeats_itself(&[7; 10]));
        assert!(!repeats_itself(&[7; 9]));
        assert!(repeats_itself(&[1, 2, 3, 4, 5, 4, 5, 4, 5, 4, 5, 4, 5]));
        let list: Vec<u32> = (0..40).flat_map(|n| [n + 100, 6]).collect();
        assert!(!repeats_itself(&list));
    }
}
