//! What has been seen before.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// Words in a shingle.
const SHINGLE: usize = 5;
/// One shingle in this many is remembered.
const SAMPLING: u64 = 4;
/// A text is a copy if this share of its shingles has been seen.
const COPIED: f64 = 0.6;
/// Fewer remembered shingles say too little.
const FEWEST_SHINGLES: usize = 8;
/// Shorter paragraphs may be repeated: headings, "No adverse events were seen."
const PARAGRAPH: usize = 60;

/// Remembers texts, exactly and by sampled shingles.
///
/// The shingles of a text are its runs of five words, hashed; those whose hash is 0 modulo four are its sketch (A. Broder,
/// "On the resemblance and containment of documents", 1997: the sampling relative of MinHash). All sketches are kept in one set,
/// so that a text is also found to be copied when its parts come from several earlier texts, or from a part of a
/// longer one: abstracts inside articles, passages cut from abstracts, answers put together from boilerplate.
/// MinHash with bands finds only pairs of about equal length.
#[derive(Debug, Default)]
pub struct Seen {
    texts: HashSet<u64>,
    paragraphs: HashSet<u64>,
    shingles: HashSet<u64>,
}

impl Seen {
    /// The text without the paragraphs that were seen before, and how many those were. Remembers the others.
    pub(crate) fn without_repeated_paragraphs(&mut self, text: &str) -> (String, usize) {
        let mut kept = String::with_capacity(text.len());
        let mut repeated = 0;
        for paragraph in text.lines() {
            if paragraph.len() >= PARAGRAPH && !self.paragraphs.insert(content_hash(paragraph)) {
                repeated += 1;
                continue;
            }
            if !kept.is_empty() {
                kept.push('\n');
            }
            kept.push_str(paragraph);
        }
        (kept, repeated)
    }

    /// Whether the same letters and digits have been seen. Remembers them.
    pub(crate) fn is_exact_copy(&mut self, text: &str) -> bool {
        !self.texts.insert(content_hash(text))
    }

    /// Whether most of the text has been seen. Remembers it if not.
    pub(crate) fn is_near_copy(&mut self, text: &str) -> bool {
        let sketch: HashSet<u64> = runs(&words(text), SHINGLE).filter(|hash| hash % SAMPLING == 0).collect();
        let copied = sketch.iter().filter(|shingle| self.shingles.contains(shingle)).count();
        let is_copy = sketch.len() >= FEWEST_SHINGLES && copied as f64 >= COPIED * sketch.len() as f64;
        if !is_copy {
            self.shingles.extend(sketch);
        }
        is_copy
    }
}

/// Letters and digits in lower case, cut at anything else: the same for raw and tokenized text.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// A hash for every run of `length` words.
pub(crate) fn runs(words: &[String], length: usize) -> impl Iterator<Item = u64> + '_ {
    let hashes: Vec<u64> = words.iter().map(|word| word_hash(word)).collect();
    let count = (hashes.len() + 1).saturating_sub(length);
    (0..count).map(move |start| {
        hashes[start..start + length]
            .iter()
            .fold(0, |run: u64, hash| mix(run.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) ^ hash))
    })
}

/// A number that is the same on every machine and in every version, for choosing by content.
pub(crate) fn stable_hash(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Over letters and digits in lower case only.
fn content_hash(text: &str) -> u64 {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .fold(0xCBF2_9CE4_8422_2325, |hash: u64, c| mix(hash ^ u64::from(u32::from(c))))
}

/// FNV-1a.
fn word_hash(word: &str) -> u64 {
    word.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// The finalizer of SplitMix64: every bit depends on every bit.
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(from: usize, to: usize) -> String {
        (from..to).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn copies_are_found_whole_changed_and_cut_out() {
        let mut seen = Seen::default();
        assert!(!seen.is_exact_copy(&text(0, 400)) && !seen.is_near_copy(&text(0, 400)));
        assert!(seen.is_exact_copy(&text(0, 400).to_uppercase().replace(' ', " - ")));
        assert!(seen.is_near_copy(&(text(0, 380) + " another ending")));
        assert!(seen.is_near_copy(&text(100, 250)));
        assert!(!seen.is_near_copy(&text(300, 700)));
        assert!(!seen.is_near_copy("Too short to be near anything."));
    }

    #[test]
    fn long_paragraphs_are_kept_once_and_short_ones_always() {
        let mut seen = Seen::default();
        let long = text(0, 20);
        let (kept, repeated) = seen.without_repeated_paragraphs(&format!("Results\n{long}\nResults"));
        assert_eq!((kept.lines().count(), repeated), (3, 0));
        let (kept, repeated) = seen.without_repeated_paragraphs(&format!("Results\n{long}"));
        assert_eq!((kept.as_str(), repeated), ("Results", 1));
    }

    #[test]
    fn the_stable_hash_is_stable() {
        assert_eq!(stable_hash(&["split", "aspirin"]), stable_hash(&["split", "aspirin"]));
        assert_ne!(stable_hash(&["split", "aspirin"]), stable_hash(&["spli", "taspirin"]));
        assert_eq!(stable_hash(&["a"]), 0xFFE9_AAEA_A2A2_D504);
    }
}
