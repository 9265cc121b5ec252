//! The measurements themselves.

use std::ops::ControlFlow;
use std::time::Instant;

use biogpt::decode::{BeamSearch, Choice, Continuation, Free, Prompts, Rules, Token};
use biogpt::{Config, Decoder};
use serde::Serialize;

use crate::Failure;

/// What is measured.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Figures<T> {
    pub prefill_256_tokens_per_s: T,
    pub prefill_512_tokens_per_s: T,
    pub decode_tokens_per_s: T,
    pub beam5_positions_per_s: T,
    pub batch8_prefill_tokens_per_s: T,
    pub batch8_decode_tokens_per_s: T,
    pub first_token_s: T,
    pub score_100_pairs_s: T,
}

impl<T: Clone> Figures<T> {
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Figures<U> {
        Figures {
            prefill_256_tokens_per_s: f(&self.prefill_256_tokens_per_s),
            prefill_512_tokens_per_s: f(&self.prefill_512_tokens_per_s),
            decode_tokens_per_s: f(&self.decode_tokens_per_s),
            beam5_positions_per_s: f(&self.beam5_positions_per_s),
            batch8_prefill_tokens_per_s: f(&self.batch8_prefill_tokens_per_s),
            batch8_decode_tokens_per_s: f(&self.batch8_decode_tokens_per_s),
            first_token_s: f(&self.first_token_s),
            score_100_pairs_s: f(&self.score_100_pairs_s),
        }
    }

    pub fn named(&self) -> [(&'static str, T); 8] {
        let all = self.clone();
        [
            ("read 256 tokens, tokens/s", all.prefill_256_tokens_per_s),
            ("read 512 tokens, tokens/s", all.prefill_512_tokens_per_s),
            ("write, tokens/s", all.decode_tokens_per_s),
            ("beam search of 5, positions/s", all.beam5_positions_per_s),
            ("read 8 x 256 tokens, tokens/s", all.batch8_prefill_tokens_per_s),
            ("write 8 texts, tokens/s", all.batch8_decode_tokens_per_s),
            ("first token after 64, s", all.first_token_s),
            ("read 300 tokens, score 100 pairs, s", all.score_100_pairs_s),
        ]
    }
}

/// The results of all runs of one measurement.
#[derive(Debug, Default, Clone)]
pub struct Figure(Vec<f64>);

impl Figure {
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            n if n % 2 == 0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
            _ => sorted[middle],
        }
    }

    pub fn spread(&self) -> [f64; 2] {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        [least, self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
    }
}

/// Uses every weight once.
pub fn warm_up(decoder: &Decoder) -> Result<(), Failure> {
    let mut reader = decoder.reader();
    reader.read(decoder, &[2, 4, 5])?;
    decoder.score(&reader, &[Continuation::whole(&[4])])?;
    Ok(())
}

/// Runs everything so many times. Lengths are cut where the model has fewer positions. `one_text_done` is called between
/// what works on one text and what works on eight.
pub fn all(
    decoder: &Decoder,
    config: &Config,
    runs: u32,
    one_text_done: impl FnOnce(),
) -> Result<Figures<Figure>, Failure> {
    let mut figures = Figures::<Figure>::default();
    let room = |length: usize| length.min(config.max_positions / 2);
    let texts: Vec<Vec<u32>> = (0..8).map(|seed| text(config, 512, seed)).collect();
    for _ in 0..runs {
        figures.prefill_256_tokens_per_s.0.push(prefill(decoder, &texts[0][..room(256)])?);
        figures.prefill_512_tokens_per_s.0.push(prefill(decoder, &texts[0][..room(512)])?);
        let one = [&texts[0][..room(64)]];
        let written = write(decoder, &one, room(128))?;
        figures.decode_tokens_per_s.0.push(written.tokens_per_s);
        figures.first_token_s.0.push(written.first_token_s);
        figures.beam5_positions_per_s.0.push(beam(decoder, one[0], room(100))?);
        figures.score_100_pairs_s.0.push(pairs(decoder, &texts[0][..room(300)], &texts[1])?);
    }
    one_text_done();
    for _ in 0..runs {
        let eight: Vec<&[u32]> = texts.iter().map(|text| &text[..room(256)]).collect();
        let written = write(decoder, &eight, room(64))?;
        let read = (8 * room(256)) as f64;
        figures.batch8_prefill_tokens_per_s.0.push(read / written.first_token_s);
        figures.batch8_decode_tokens_per_s.0.push(written.tokens_per_s);
    }
    Ok(figures)
}

/// Tokens as they might come, `</s>` first.
fn text(config: &Config, length: usize, seed: u64) -> Vec<u32> {
    let mut state = seed;
    let mut token = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        4 + ((state >> 33) % (config.vocab_size as u64 - 4)) as u32
    };
    std::iter::once(config.eos_id).chain(std::iter::repeat_with(&mut token)).take(length).collect()
}

/// Each measurement begins as a request to the engine does: with the memory of the one before given back.
fn begin() -> Instant {
    biogpt::memory::give_back();
    Instant::now()
}

/// Tokens a second, the score of a next token included: a graphics device has nothing done before it is asked.
fn prefill(decoder: &Decoder, text: &[u32]) -> Result<f64, Failure> {
    let start = begin();
    let mut reader = decoder.reader();
    reader.read(decoder, text)?;
    decoder.score(&reader, &[Continuation::whole(&[4])])?;
    Ok(text.len() as f64 / start.elapsed().as_secs_f64())
}

/// Tokens of a sentence about two names before its verdict.
const STATED: usize = 17;

/// Seconds from an abstract to the scores of a hundred verdicts on candidate relations: of ten names with each of ten
/// others, four tokens each behind the 17 that name the two.
fn pairs(decoder: &Decoder, text: &[u32], words: &[u32]) -> Result<f64, Failure> {
    let (name, other) = (|i: usize| &words[40 + 4 * i..][..4], |i: usize| &words[80 + 4 * i..][..4]);
    let sentences: Vec<Vec<u32>> = (0..100)
        .map(|i| [&words[1..7], name(i / 10), &words[7..10], other(i % 10), &words[10..14]].concat())
        .collect();
    let sentences: Vec<_> = sentences.iter().map(|tokens| Continuation { tokens, given: STATED }).collect();
    let start = begin();
    let mut reader = decoder.reader();
    reader.read(decoder, text)?;
    decoder.score(&reader, &sentences)?;
    Ok(start.elapsed().as_secs_f64())
}

struct Written {
    /// Of all texts together, from the first tokens on.
    tokens_per_s: f64,
    /// From the prompt to the first token of the last text.
    first_token_s: f64,
}

fn write(decoder: &Decoder, texts: &[&[u32]], count: usize) -> Result<Written, Failure> {
    let length = texts[0].len() + count;
    // Each token by itself: random weights repeat themselves, and would be guessed too well.
    let rules = Rules { min_length: length, max_length: length, lookup_tokens: 0, ..Rules::default() };
    let start = begin();
    let prompts: Prompts = decoder.read(texts)?;
    let (mut first, mut tokens) = (start, 0usize);
    let on_token = |_: usize, _: &Token| {
        tokens += 1;
        if tokens == texts.len() {
            first = Instant::now();
        }
        ControlFlow::Continue(())
    };
    decoder.generate(prompts, &rules, &Choice::Greedy, &[Free], on_token)?;
    let later = (tokens - texts.len()) as f64;
    Ok(Written {
        tokens_per_s: later / first.elapsed().as_secs_f64(),
        first_token_s: first.duration_since(start).as_secs_f64(),
    })
}

/// Positions a second.
fn beam(decoder: &Decoder, text: &[u32], count: usize) -> Result<f64, Failure> {
    biogpt::memory::give_back();
    let mut reader = decoder.reader();
    reader.read(decoder, text)?;
    decoder.score(&reader, &[Continuation::whole(&[4])])?;
    let length = text.len() + count;
    let rules = Rules { min_length: length, max_length: length, ..Rules::default() };
    let start = Instant::now();
    decoder.beam_search(&reader, &rules, &BeamSearch::default(), &Free, |_| ControlFlow::Continue(()))?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Figure(vec![9.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(Figure(vec![4.0, 1.0, 2.0, 9.0]).median(), 3.0);
        assert_eq!(Figure(vec![4.0, 1.0, 2.0]).spread(), [1.0, 4.0]);
    }
}
