//! Moses tokenization for English as BioGPT uses it: aggressive dash splits, XML escapes, non-breaking prefixes.
//!
//! The rules are those of the Moses toolkit's `tokenizer.perl` and `detokenizer.perl` in the reading of sacremoses
//! 0.1.1 and later. There they are a chain of some twenty regular expressions over the whole text; here one scanner
//! walks over the text once, and the comments name the rule that each branch stands for.

mod apostrophes;
mod class_ranges;
mod classes;
mod detokenizer;
mod scanner;
mod word;

pub(crate) use classes::is_space;
pub(crate) use detokenizer::Detokenizer;
pub(crate) use scanner::{Spaces, scan};
pub(crate) use word::{Rewritten, rewrite};

/// The words that BPE sees: escaped (`&apos;`), a split hyphen as `@-@`.
///
/// ```
/// assert_eq!(tokenizer::moses::words("IL-6 (anti-TNF)."), ["IL", "@-@", "6", "(", "anti", "@-@", "TNF", ")", "."]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let clean = crate::alignment::without_control_characters(text);
    let mut words = Vec::new();
    scan(&clean.text, clean.spaces, |found| {
        words.push(match rewrite(&clean.text, &found) {
            Rewritten::Same(slice) => slice.to_owned(),
            Rewritten::Changed { word, .. } => word,
        });
    });
    words
}

/// The text that escaped words stand for: hyphens joined, punctuation attached, quotes paired.
///
/// ```
/// assert_eq!(tokenizer::moses::detokenize(["IL", "@-@", "6", "(", "p", ")", "."]), "IL-6 (p).");
/// ```
pub fn detokenize<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut text = String::new();
    let mut detokenizer = Detokenizer::default();
    for word in words {
        detokenizer.word(word, &mut text);
    }
    detokenizer.finish(&mut text);
    text
}
