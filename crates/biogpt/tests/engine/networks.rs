//! Networks of random weights, and how what they write is compared.

use std::ops::ControlFlow;

use biogpt::decode::{Choice, Constraint, DecodeError, Generated, Rules, Sequences, Token};
use biogpt::{Config, Decoder, Network};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};

/// As far as the order of sums may move a log-probability.
pub(crate) const CLOSE: f32 = 1e-4;

pub(crate) fn network(seed: u64) -> (Config, Network) {
    // With a head of its own, or the likeliest would always be the token before.
    let config = Config { learned_prompt: 3, tied_head: false, ..Config::tiny() };
    // Larger weights than usual, so that the model has opinions as a trained one has.
    let network = Network::init(&config, seed, &Device::flex()).map(&mut Times(1.8));
    (config, network)
}

/// Multiplies all weights.
pub(crate) struct Times(pub(crate) f32);

impl ModuleMapper for Times {
    fn map_float<const D: usize>(&mut self, weights: Param<Tensor<D>>) -> Param<Tensor<D>> {
        weights.map(|weights| weights * self.0)
    }
}

/// Numbers that differ from test to test and are the same in every run.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// A text as the model gets it, with `</s>` before it.
    pub(crate) fn text(&mut self, length: usize) -> Vec<u32> {
        std::iter::once(2).chain((1..length).map(|_| 4 + self.below(500) as u32)).collect()
    }

    /// A grammar of two names after fixed words, perhaps again and again.
    pub(crate) fn grammar(&mut self) -> Sequences {
        let words = |numbers: &mut Self, count: u64, longest: u64| -> Vec<Vec<u32>> {
            let word = |numbers: &mut Self| {
                let length = 1 + numbers.below(longest);
                (0..length).map(|_| 10 + numbers.below(12) as u32).collect()
            };
            (0..count).map(|_| word(numbers)).collect()
        };
        let mut grammar = Sequences::one_of(words(self, 1, 5));
        for count in [4, 1, 6, 1] {
            grammar = grammar.then(words(self, count, 4));
        }
        if self.below(2) == 0 { grammar } else { grammar.repeated(words(self, 1, 2)) }
    }
}

pub(crate) fn generate<C: Constraint>(
    decoder: &Decoder,
    text: &[u32],
    rules: &Rules,
    choice: &Choice,
    constraint: C,
) -> Result<Generated, DecodeError> {
    let prompts = decoder.read(&[text])?;
    let go_on = |_: usize, _: &_| ControlFlow::Continue(());
    Ok(decoder.generate(prompts, rules, choice, &[constraint], go_on)?.remove(0))
}

/// Fails unless both are the same but for the order of sums.
pub(crate) fn assert_same(found: &[Token], wanted: &[Token], what: &str) {
    let ids = |tokens: &[Token]| tokens.iter().map(|token| token.id).collect::<Vec<_>>();
    assert_eq!(ids(found), ids(wanted), "{what}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(
            (found.log_probability - wanted.log_probability).abs() < CLOSE,
            "{what}: {found:?} {wanted:?}"
        );
        assert!((found.masked_mass - wanted.masked_mass).abs() < CLOSE, "{what}: {found:?} {wanted:?}");
        assert!(found.rank.abs_diff(wanted.rank) <= 1, "{what}: {found:?} {wanted:?}");
        assert_eq!(found.alternatives.len(), wanted.alternatives.len(), "{what}");
        for (found, wanted) in found.alternatives.iter().zip(&wanted.alternatives) {
            assert!((found.log_probability - wanted.log_probability).abs() < CLOSE, "{what}");
        }
    }
}
