//! From tokens to names and back: what a tagger is taught, what a dictionary tells it, and how its answer is read.
//!
//! A token is known by the bytes of the text that it stands for; a model's tokenizer gives them. Kinds of names are
//! independent of each other: a token may begin a disease and lie inside a chemical.

use std::ops::Range;

use documents::Span;
use terms::Kind;

use crate::candidates::{Mention, Origin};

/// The kinds of names that a tagger of ours knows, in the order of its outputs; the first three are [`Kind`]'s.
pub const KINDS: [&str; 6] = ["Chemical", "Disease", "Gene", "Variant", "Species", "CellLine"];
/// Numbers a token that a dictionary gives: beginning and inside of a name, for each kind that dictionaries have.
pub const HINTS: usize = 2 * 3;
/// Outside, beginning, inside.
pub const CLASSES: usize = 3;
const OUTSIDE: u8 = 0;
const BEGINNING: u8 = 1;
const INSIDE: u8 = 2;

/// The place of a kind in [`KINDS`].
#[must_use]
pub fn place_of(kind: Kind) -> Option<usize> {
    KINDS.iter().position(|name| *name == kind.name())
}

/// The kind of dictionaries that an index of [`KINDS`] is, if they have it.
#[must_use]
pub fn kind_of(place: usize) -> Option<Kind> {
    [Kind::Chemical, Kind::Disease, Kind::Gene].into_iter().find(|kind| place_of(*kind) == Some(place))
}

/// The tokens that stand for some of the bytes of `span`; empty where none does.
#[must_use]
pub fn tokens_of(offsets: &[Range<usize>], span: Span) -> Range<usize> {
    let first = offsets.partition_point(|token| token.end <= span.start);
    let count = offsets[first..].iter().take_while(|token| token.start < span.end).count();
    first..first + count
}

/// Whether each token begins a word: a blank, or the change between letters or digits and anything else, is before it.
/// Punctuation is a word a character.
#[must_use]
pub fn word_starts(text: &str, offsets: &[Range<usize>]) -> Vec<bool> {
    let is_within = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at..).and_then(|after| after.chars().next());
        before.zip(after).is_some_and(|(before, after)| before.is_alphanumeric() && after.is_alphanumeric())
    };
    offsets.iter().map(|token| !is_within(token.start)).collect()
}

/// What a tagger is to say: of each token and kind 0 outside of a name, 1 its beginning, 2 inside.
///
/// # Shapes
/// `names` are places in [`KINDS`] with the stretches of a name; gives `[tokens, KINDS.len()]`.
#[must_use]
pub fn tags(offsets: &[Range<usize>], names: &[(usize, Vec<Span>)]) -> Vec<u8> {
    let mut tags = vec![0; offsets.len() * KINDS.len()];
    for (kind, spans) in names {
        for (number, span) in spans.iter().enumerate() {
            for (place, token) in tokens_of(offsets, *span).enumerate() {
                let is_first = number == 0 && place == 0;
                tags[token * KINDS.len() + kind] = if is_first { BEGINNING } else { INSIDE };
            }
        }
    }
    tags
}

/// What dictionaries and abbreviations say of each token; names that the document gives are not among it, since they are
/// what is to be found.
///
/// # Shapes
/// Gives `[tokens, HINTS]`.
#[must_use]
pub fn hints(offsets: &[Range<usize>], mentions: &[Mention]) -> Vec<f32> {
    let mut hints = vec![0.0; offsets.len() * HINTS];
    for mention in mentions.iter().filter(|mention| mention.origin != Origin::Given) {
        let Some(kind) = place_of(mention.kind).filter(|kind| 2 * kind < HINTS) else { continue };
        for span in &mention.spans {
            for (place, token) in tokens_of(offsets, *span).enumerate() {
                hints[token * HINTS + 2 * kind + usize::from(place > 0)] = 1.0;
            }
        }
    }
    hints
}

/// A name that a tagger found.
#[derive(Debug, Clone, PartialEq)]
pub struct Tagged {
    /// The place of its kind in [`KINDS`].
    pub kind: usize,
    /// Where it stands.
    pub span: Span,
    /// Its tokens.
    pub tokens: Range<usize>,
    /// The geometric mean of the probabilities of its tokens' classes.
    pub score: f64,
}

/// What a tagger says of each token of a text.
#[derive(Debug, Clone, Copy)]
pub struct Tags<'a> {
    /// Of outside, beginning and inside: `[tokens, KINDS.len(), CLASSES]`.
    pub log_probabilities: &'a [f32],
    /// The bytes of each token.
    pub offsets: &'a [Range<usize>],
}

impl Tags<'_> {
    fn of(&self, token: usize, kind: usize, class: u8) -> f64 {
        let at = (token * KINDS.len() + kind) * CLASSES + usize::from(class);
        self.log_probabilities.get(at).map_or(f64::NEG_INFINITY, |p| f64::from(*p))
    }

    /// The probability that a span is part of a name of a kind, however long that is: the geometric mean over its tokens of
    /// the probability of not being outside. 0 where no token is.
    #[must_use]
    pub fn probability(&self, span: Span, kind: usize) -> f64 {
        let tokens = tokens_of(self.offsets, span);
        if tokens.is_empty() {
            return 0.0;
        }
        let count = tokens.len() as f64;
        let within = |token| -self.of(token, kind, OUTSIDE).exp_m1();
        (tokens.map(|token| within(token).max(1e-12).ln()).sum::<f64>() / count).exp()
    }

    /// The likeliest names of each kind, in text order within a kind: whole words, each beginning with a beginning. `bias`
    /// is added to the log-probability of a beginning, by kind: above 0 finds more. `starts` says whether a word begins
    /// with the token, `[tokens]`.
    #[must_use]
    pub fn names(&self, starts: &[bool], bias: &[f64; KINDS.len()]) -> Vec<Tagged> {
        let offsets = self.offsets;
        let mut words: Vec<Range<usize>> = Vec::new();
        for token in 0..offsets.len() {
            match words.last_mut() {
                Some(word) if !starts.get(token).is_none_or(|starts| *starts) => word.end = token + 1,
                _ => words.push(token..token + 1),
            }
        }
        let mut found = Vec::new();
        for (kind, bias) in bias.iter().enumerate() {
            // A word as a whole is outside, begins a name with its first token, or lies inside.
            let weigh = |word: &Range<usize>| {
                let all = |class| word.clone().map(|token| self.of(token, kind, class)).sum::<f64>();
                let rest: f64 = (word.start + 1..word.end).map(|token| self.of(token, kind, INSIDE)).sum();
                [all(OUTSIDE), self.of(word.start, kind, BEGINNING) + rest + bias, all(INSIDE)]
            };
            for words_of_name in likeliest(&words, weigh) {
                let tokens = words[words_of_name.start].start..words[words_of_name.end - 1].end;
                let (start, end) = (offsets[tokens.start].start, offsets[tokens.end - 1].end);
                if start >= end {
                    continue;
                }
                let class = |token| if token == tokens.start { BEGINNING } else { INSIDE };
                let sum: f64 = tokens.clone().map(|token| self.of(token, kind, class(token))).sum();
                let score = (sum / tokens.len() as f64).exp();
                found.push(Tagged { kind, span: Span::new(start, end), tokens, score });
            }
        }
        found
    }
}

/// The names of the likeliest sequence (Viterbi), as ranges of words.
fn likeliest(words: &[Range<usize>], weigh: impl Fn(&Range<usize>) -> [f64; CLASSES]) -> Vec<Range<usize>> {
    const NEVER: f64 = f64::NEG_INFINITY;
    let mut best = [0.0, NEVER, NEVER];
    let mut from: Vec<[usize; CLASSES]> = Vec::with_capacity(words.len());
    for word in words {
        let weight = weigh(word);
        let any = (0..CLASSES).max_by(|a, b| best[*a].total_cmp(&best[*b])).unwrap_or(0);
        let named = if best[1] >= best[2] { 1 } else { 2 };
        from.push([any, any, named]);
        best = [best[any] + weight[0], best[any] + weight[1], best[named] + weight[2]];
    }
    let mut class = (0..CLASSES).max_by(|a, b| best[*a].total_cmp(&best[*b])).unwrap_or(0);
    let mut classes = vec![0; words.len()];
    for place in (0..words.len()).rev() {
        classes[place] = class;
        class = from[place][class];
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    for (place, class) in classes.into_iter().enumerate() {
        match class {
            1 => found.push(place..place + 1),
            2 => {
                if let Some(last) = found.last_mut() {
                    last.end = place + 1;
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Amphotericin B-induced kidney failure", tokens in pieces.
    const OFFSETS: [Range<usize>; 7] = [0..6, 6..12, 13..14, 14..15, 15..22, 23..29, 30..37];
    const STARTS: [bool; 7] = [true, false, true, true, true, true, true];

    fn log_probabilities(classes: [[u8; 7]; 2]) -> Vec<f32> {
        let mut all = vec![0.01f32; 7 * KINDS.len() * CLASSES];
        for token in 0..7 {
            for kind in 0..KINDS.len() {
                let class = classes.get(kind).map_or(0, |classes| classes[token]);
                all[(token * KINDS.len() + kind) * CLASSES + usize::from(class)] = 0.9;
            }
        }
        all.into_iter().map(f32::ln).collect()
    }

    fn names(log_probabilities: &[f32], bias: &[f64; 6]) -> Vec<Tagged> {
        Tags { log_probabilities, offsets: &OFFSETS }.names(&STARTS, bias)
    }

    #[test]
    fn tags_and_decoding_are_inverse() {
        let marked = [(0, vec![Span::new(0, 14)]), (1, vec![Span::new(23, 37)])];
        let tags = tags(&OFFSETS, &marked);
        let of = |kind: usize| std::array::from_fn(|token| tags[token * KINDS.len() + kind]);
        assert_eq!((of(0), of(1)), ([1, 2, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 2]));
        let found = names(&log_probabilities([of(0), of(1)]), &[0.0; 6]);
        let spans: Vec<_> = found.iter().map(|name| (name.kind, name.span, name.tokens.clone())).collect();
        assert_eq!(spans, [(0, Span::new(0, 14), 0..3), (1, Span::new(23, 37), 5..7)]);
        assert!((found[0].score - 0.9).abs() < 1e-5);
    }

    #[test]
    fn names_are_whole_words_and_begin_with_a_beginning() {
        // Inside without a beginning; a beginning in the midst of a word.
        let found = names(&log_probabilities([[0, 1, 0, 0, 0, 2, 2], [0; 7]]), &[0.0; 6]);
        assert!(found.iter().all(|name| name.tokens.start == 0 || name.tokens.start == 5), "{found:?}");
        assert!(found.iter().all(|name| name.span.start == 0 || name.span == Span::new(23, 37)), "{found:?}");
    }

    #[test]
    fn a_bias_finds_more_and_fewer() {
        let mut weak = log_probabilities([[0; 7], [0; 7]]);
        weak[(5 * KINDS.len() + 1) * CLASSES] = 0.6f32.ln();
        weak[(5 * KINDS.len() + 1) * CLASSES + 1] = 0.4f32.ln();
        let found = |bias: f64| names(&weak, &[0.0, bias, 0.0, 0.0, 0.0, 0.0]).len();
        assert_eq!((found(0.0), found(1.0)), (0, 1));
    }

    #[test]
    fn spans_between_tokens_touch_none_and_parts_of_tokens_touch_them() {
        assert_eq!(tokens_of(&OFFSETS, Span::new(12, 13)), 2..2);
        assert_eq!(tokens_of(&OFFSETS, Span::new(3, 8)), 0..2);
        assert_eq!(tokens_of(&OFFSETS, Span::new(36, 40)), 6..7);
    }

    #[test]
    fn words_begin_after_blanks_and_at_punctuation() {
        let text = "Amphotericin B-induced kidney failure";
        assert_eq!(word_starts(text, &OFFSETS), [true, false, true, true, true, true, true]);
    }

    #[test]
    fn given_names_are_no_hints() {
        let mention = |origin| Mention {
            spans: vec![Span::new(23, 37)],
            text: "kidney failure".to_owned(),
            kind: Kind::Disease,
            origin,
            concepts: Vec::new(),
        };
        let hints = |origin| hints(&OFFSETS, &[mention(origin)]);
        let found = hints(Origin::Dictionary);
        assert_eq!((found[5 * HINTS + 2], found[6 * HINTS + 3]), (1.0, 1.0));
        assert_eq!(found.iter().sum::<f32>(), 2.0);
        assert!(hints(Origin::Given).iter().all(|hint| *hint == 0.0));
    }
}
