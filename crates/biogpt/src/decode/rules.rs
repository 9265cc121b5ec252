//! Rules that hold for every way of decoding.

use super::constraint::{Allowed, Constraint};
use super::{DecodeError, Decoder};

/// Lengths, repetition, and what is recorded of each token. Lengths count the prompt, as in the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// `</s>` is not written before the text has this many tokens.
    pub min_length: usize,
    /// Nothing is written after this many tokens. The model's positions are a limit in any case.
    pub max_length: usize,
    /// No sequence of this many tokens occurs twice, prompt included; 0 for no such rule.
    pub no_repeat_ngram: usize,
    /// Logits of tokens that were read or written already are divided by this if positive, multiplied if negative
    /// (Keskar et al. 2019); 1 for no such rule.
    pub repetition_penalty: f32,
    /// How many [`Token::alternatives`](super::Token::alternatives) to record.
    pub alternatives: usize,
    /// How many tokens prompt lookup drafts at most in [`generate`](super::Decoder::generate) (speculative decoding): they change no result.
    pub lookup_tokens: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            min_length: 0,
            max_length: usize::MAX,
            no_repeat_ngram: 0,
            repetition_penalty: 1.0,
            alternatives: 0,
            lookup_tokens: 4,
        }
    }
}

impl Rules {
    pub(super) fn check(&self) -> Result<(), DecodeError> {
        positive("repetition penalty", self.repetition_penalty)
    }
}

/// Refuses a setting that is not a positive number.
pub(super) fn positive(name: &'static str, value: f32) -> Result<(), DecodeError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(DecodeError::Setting { name, value: value.to_string(), expected: "a number above 0" })
}

/// The tokens that may come next, ascending, `</s>` among them where it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Legal {
    /// All but these.
    Except(Vec<u32>),
    /// These.
    Only(Vec<u32>),
}

impl Legal {
    /// The only token, if there is only one.
    pub(super) fn forced(&self) -> Option<u32> {
        match self {
            Self::Only(tokens) if tokens.len() == 1 => Some(tokens[0]),
            _ => None,
        }
    }

    pub(super) fn allows(&self, token: u32) -> bool {
        match self {
            Self::Except(tokens) => tokens.binary_search(&token).is_err(),
            Self::Only(tokens) => tokens.binary_search(&token).is_ok(),
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Only(tokens) if tokens.is_empty())
    }
}

impl Decoder<'_> {
    /// The most tokens that a text may have, or an error if nothing can be written after one of `length`.
    pub(super) fn longest(&self, rules: &Rules, length: usize) -> Result<usize, DecodeError> {
        let longest = rules.max_length.min(self.config.max_positions);
        if length >= longest {
            return Err(DecodeError::TooLong { length, longest: longest.saturating_sub(1) });
        }
        Ok(longest)
    }

    /// What may follow `tokens`, prompt included.
    pub(super) fn legal<C: Constraint>(
        &self,
        rules: &Rules,
        constraint: &C,
        state: &C::State,
        tokens: &[u32],
    ) -> Legal {
        let end = self.config.eos_id;
        let mut banned = self.forbidden.clone();
        if tokens.len() < rules.min_length {
            banned.push(end);
        }
        banned.extend(repeating(tokens, rules.no_repeat_ngram));
        banned.sort_unstable();
        banned.dedup();
        match constraint.allowed(state) {
            Allowed::Any => Legal::Except(banned),
            Allowed::Only { tokens, end: may_end } => {
                let mut tokens = tokens.into_owned();
                if may_end {
                    let at = tokens.partition_point(|id| *id < end);
                    tokens.insert(at, end);
                }
                tokens.dedup();
                tokens.retain(|id| {
                    banned.binary_search(id).is_err() && (*id as usize) < self.config.vocab_size
                });
                Legal::Only(tokens)
            }
        }
    }

    /// The tokens that must follow, as far as there is no choice and room is left for one token more. `state` and
    /// `tokens` move on with them. `</s>` is left to the one who asks.
    pub(super) fn forced_run<C: Constraint>(
        &self,
        rules: &Rules,
        constraint: &C,
        state: &mut C::State,
        tokens: &mut Vec<u32>,
        longest: usize,
    ) -> Vec<u32> {
        let mut run = Vec::new();
        while tokens.len() + 1 < longest {
            let Some(token) = self.legal(rules, constraint, state, tokens).forced() else { break };
            let next = if token == self.config.eos_id { None } else { constraint.advance(state, token) };
            let Some(next) = next else { break };
            *state = next;
            tokens.push(token);
            run.push(token);
        }
        run
    }
}

/// Tokens that would repeat a sequence of `n`.
fn repeating(tokens: &[u32], n: usize) -> Vec<u32> {
    if n == 0 || tokens.len() + 1 < n {
        return Vec::new();
    }
    let last = &tokens[tokens.len() + 1 - n..];
    tokens.windows(n).filter(|window| window[..n - 1] == *last).map(|window| window[n - 1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_would_repeat_a_sequence() {
        let tokens = [2, 7, 8, 9, 7, 8, 5, 7, 8];
        assert!(repeating(&tokens, 0).is_empty());
        assert_eq!(repeating(&tokens, 1), tokens);
        assert_eq!(repeating(&tokens, 2), [9, 5]);
        assert_eq!(repeating(&tokens, 3), [9, 5]);
        assert!(repeating(&tokens, 4).is_empty());
        assert!(repeating(&tokens[..2], 4).is_empty());
    }
}
