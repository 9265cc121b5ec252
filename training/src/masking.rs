//! Masked-next-token prediction (GPT-BERT, Charpentier and Samuel 2024): words of a sequence that is read in both
//! directions are hidden, and the position before each hidden token predicts it, so that the head and its shift are those
//! of causal training.

use tokenizer::Tokenizer;

use crate::windows::SplitMix;

/// Stands for a hidden token: `<s>`, which published models never see, as their texts begin with `</s>`.
pub const MASK: u32 = 0;
/// Of hidden tokens so many become [`MASK`], and half of the rest another token; the others stay as they are, so that the
/// network cannot trust what it sees (Devlin et al. 2019).
const MASKED: f64 = 0.8;

/// Chooses what is hidden: whole words, since the end of a word mostly follows from its beginning.
pub struct Masking {
    /// By token, whether a word ends with it.
    ends_word: Vec<bool>,
    /// Special tokens are never hidden, and none stands for another token.
    special: usize,
    /// Ordinary tokens, of which one may stand for another.
    ordinary: u64,
}

impl Masking {
    /// For the words of a vocabulary.
    #[must_use]
    pub fn new(tokenizer: &Tokenizer) -> Self {
        let special = tokenizer::SPECIAL_TOKENS.len();
        let learned = tokenizer.learned_prompt_ids().len();
        let ends =
            |id| tokenizer.token(id as u32).is_none_or(|token| token.ends_with(tokenizer::END_OF_WORD));
        let count = tokenizer.vocab_size();
        Self {
            ends_word: (0..count).map(|id| id < special || ends(id)).collect(),
            special,
            ordinary: (count - special - learned).max(1) as u64,
        }
    }

    /// Hides about `rate` of the words of `ids`. Gives, for each position, how much predicting its next token counts: 1
    /// where that token is hidden, 0 elsewhere. The first token has no position before it and stays.
    pub fn hide(&self, ids: &mut [u32], rate: f64, random: &mut SplitMix) -> Vec<f32> {
        let mut weights = vec![0.0; ids.len()];
        let mut from = 0;
        while from < ids.len() {
            let ends = |id: &u32| self.ends_word.get(*id as usize).copied().unwrap_or(true);
            let to = ids[from..].iter().position(ends).map_or(ids.len(), |end| from + end + 1);
            let is_special = (ids[from] as usize) < self.special;
            if !is_special && random.share() < rate {
                for place in from.max(1)..to {
                    weights[place - 1] = 1.0;
                    let choice = random.share();
                    if choice < MASKED {
                        ids[place] = MASK;
                    } else if choice < (1.0 + MASKED) / 2.0 {
                        ids[place] = self.special as u32 + (random.next() % self.ordinary) as u32;
                    }
                }
            }
            from = to;
        }
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/smoke/tokenizer");

    #[test]
    fn whole_words_are_hidden_at_the_rate_and_the_position_before_each_token_predicts_it() {
        let tokenizer = Tokenizer::from_dir(SMOKE.as_ref()).unwrap();
        let masking = Masking::new(&tokenizer);
        let text = "thrombocytopenia was seen after heparin treatment of the older patients";
        let ids: Vec<u32> = tokenizer.encode(text).ids.repeat(200);
        let mut hidden = ids.clone();
        let weights = masking.hide(&mut hidden, 0.3, &mut SplitMix(5));
        let share = f64::from(weights.iter().sum::<f32>()) / weights.len() as f64;
        assert!((0.25..0.35).contains(&share), "{share}");
        let is_hidden = |place: usize| place > 0 && weights[place - 1] > 0.0;
        for place in 0..ids.len() {
            assert!(is_hidden(place) || hidden[place] == ids[place], "what is not predicted stays");
            assert!(ids[place] != tokenizer.end_of_text() || !is_hidden(place), "special tokens stay");
            let word_goes_on = place > 1 && !masking.ends_word[ids[place - 1] as usize];
            assert!(!word_goes_on || is_hidden(place) == is_hidden(place - 1), "a word is hidden whole");
        }
        let of_hidden = |test: &dyn Fn(usize) -> bool| {
            let all = (0..ids.len()).filter(|place| is_hidden(*place));
            let (count, found) = all.fold((0, 0), |(n, found), p| (n + 1, found + usize::from(test(p))));
            f64::from(found as u32) / f64::from(count as u32)
        };
        assert!((of_hidden(&|p| hidden[p] == MASK) - 0.8).abs() < 0.06);
        assert!((of_hidden(&|p| hidden[p] == ids[p]) - 0.1).abs() < 0.05);
        assert_eq!(*weights.last().unwrap(), 0.0, "the token after the last is not in the sequence");
    }
}
