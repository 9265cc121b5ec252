//! How much two texts have in common, and which of many texts are nearly the same as one.
//!
//! A text is taken as the set of its shingles: runs of [`SHINGLE`] words, in lower case and without punctuation. Two texts are
//! nearly the same where the resemblance of these sets (intersection by union; A. Broder, "On the resemblance and containment of
//! documents", 1997, doi 10.1109/SEQUEN.1997.666900) reaches [`NEARLY_THE_SAME`]. In an abstract of 200 words a changed word costs
//! 0.05, a copyright line at its end 0.07, and four section labels 0.17: the same abstract from two databases stays above, two
//! abstracts of the same group on the same topic stay far below.

use std::collections::HashMap;

/// Words in a shingle.
pub const SHINGLE: usize = 5;
/// Texts that resemble each other this much are nearly the same.
pub const NEARLY_THE_SAME: f64 = 0.7;
/// The smallest shingles of a text, by which texts are looked up.
const SKETCH: usize = 32;
/// Texts that share one in this many of the shingles they are looked up by are compared whole. Of the smallest shingles of two
/// texts that are nearly the same about 0.7 agree, so that less than a quarter is out of reach of chance.
const COMPARED: usize = 4;

/// The shingles of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shingles(Vec<u64>);

impl Shingles {
    /// Those of `text`; a text of fewer words is one shingle, and one without words has none.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let words: Vec<u64> = text
            .split(|sign: char| !sign.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(word_hash)
            .collect();
        let mut shingles: Vec<u64> = match words.len() {
            0 => Vec::new(),
            count if count < SHINGLE => vec![run_hash(&words)],
            _ => words.windows(SHINGLE).map(run_hash).collect(),
        };
        shingles.sort_unstable();
        shingles.dedup();
        Self(shingles)
    }

    /// The share of the shingles of both that both have: 0 for nothing in common, 1 for the same.
    #[must_use]
    pub fn resemblance(&self, other: &Self) -> f64 {
        let (mut ours, mut theirs) = (self.0.as_slice(), other.0.as_slice());
        let mut shared = 0_usize;
        while let (Some((first, rest)), Some((second, further))) = (ours.split_first(), theirs.split_first())
        {
            if first <= second {
                ours = rest;
            }
            if second <= first {
                theirs = further;
            }
            shared += usize::from(first == second);
        }
        match self.0.len() + other.0.len() - shared {
            0 => 0.0,
            all => shared as f64 / all as f64,
        }
    }

    /// The smallest ones: of two texts these are equal in about the share in which all are.
    fn sketch(&self) -> &[u64] {
        &self.0[..self.0.len().min(SKETCH)]
    }
}

/// An index of texts by which those that may be nearly the same as another one are found. It keeps a sketch of each, and no text.
#[derive(Debug, Default)]
pub struct TextIndex {
    by_shingle: HashMap<u64, Vec<usize>>,
}

impl TextIndex {
    /// Adds a text under a number of the caller's.
    pub fn add(&mut self, number: usize, shingles: &Shingles) {
        for shingle in shingles.sketch() {
            self.by_shingle.entry(*shingle).or_default().push(number);
        }
    }

    /// The numbers of texts that are worth a comparison by [`Shingles::resemblance`], in order. No text that is nearly the same
    /// is missing, but for one in many millions.
    #[must_use]
    pub fn candidates(&self, shingles: &Shingles) -> Vec<usize> {
        let sketch = shingles.sketch();
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for number in sketch.iter().filter_map(|shingle| self.by_shingle.get(shingle)).flatten() {
            *shared.entry(*number).or_default() += 1;
        }
        let least = (sketch.len() / COMPARED).max(1);
        let mut found: Vec<usize> =
            shared.into_iter().filter(|(_, count)| *count >= least).map(|(number, _)| number).collect();
        found.sort_unstable();
        found
    }
}

/// FNV-1a over the lower-case letters.
fn word_hash(word: &str) -> u64 {
    let mut bytes = [0; 4];
    word.chars().flat_map(char::to_lowercase).fold(0xCBF2_9CE4_8422_2325, |hash, letter| {
        letter
            .encode_utf8(&mut bytes)
            .bytes()
            .fold(hash, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
    })
}

/// A number for words in their order, of which every bit depends on every word (the finalizer of SplitMix64).
fn run_hash(words: &[u64]) -> u64 {
    words.iter().fold(0, |run: u64, word| {
        let mixed = run.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) ^ word;
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` words of a text of its own for each `number`.
    fn text(number: usize, count: usize) -> String {
        (0..count).map(|word| format!("w{number}x{word}")).collect::<Vec<_>>().join(" ")
    }

    fn resemblance(first: &str, second: &str) -> f64 {
        Shingles::of(first).resemblance(&Shingles::of(second))
    }

    #[test]
    fn figures_by_hand() {
        // Seven words are three shingles; the last word changed leaves two of four.
        assert_eq!(resemblance("a b c d e f g", "A, b: c (d) e\nf g."), 1.0);
        assert_eq!(resemblance("a b c d e f g", "a b c d e f h"), 0.5);
        assert_eq!(resemblance("a b c d e", "e d c b a"), 0.0);
        assert_eq!((resemblance("Reply", "reply."), resemblance("", "...")), (1.0, 0.0));
    }

    #[test]
    fn the_same_abstract_from_two_databases_is_nearly_the_same() {
        let abstracts = text(1, 200);
        let words: Vec<&str> = abstracts.split(' ').collect();
        let labelled = format!(
            "BACKGROUND: {} METHODS: {} RESULTS: {} CONCLUSIONS: {}",
            words[..50].join(" "),
            words[50..100].join(" "),
            words[100..150].join(" "),
            words[150..].join(" ")
        );
        let with_copyright = format!("{abstracts} Copyright (c) 2020 Elsevier Ltd. All rights reserved.");
        assert!(resemblance(&abstracts, &labelled) >= NEARLY_THE_SAME);
        assert!(resemblance(&labelled, &with_copyright) >= NEARLY_THE_SAME);
        assert!(resemblance(&abstracts, &words[..100].join(" ")) < NEARLY_THE_SAME);
    }

    #[test]
    fn an_index_finds_one_changed_text_among_ten_thousand() {
        let mut index = TextIndex::default();
        for number in 0..10_000 {
            // A sentence that all have in common does not make them alike.
            let text = format!("The aim of this study was to find out. {}", text(number, 60));
            index.add(number, &Shingles::of(&text));
        }
        let changed = format!("The aim of this study was to find out. {} And more.", text(7_000, 58));
        assert_eq!(index.candidates(&Shingles::of(&changed)), [7_000]);
    }
}
