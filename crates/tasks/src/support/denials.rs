//! What a text denies.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use terms::words::words;

use super::passages::{is_function_word, stem};
use crate::reading::pattern;

/// A word that denies, and the words that it denies.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) cue: Range<usize>,
    pub(super) scope: Vec<(Range<usize>, String)>,
}

/// Words of a sentence that a denial is about.
const SCOPE: usize = 3;

static DENIALS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: not(?:\s+only\b(?<only>))? | cannot | [a-z]+n['’]t | no(?:\s+longer)? | never | neither | nor | none
            | without | lack(?:s|ed|ing)?(?:\s+of)? | absence\s+of | absent | fail(?:s|ed|ure)?\s+to | free\s+of
            | unable\s+to | instead\s+of | rather\s+than )\b",
    )
});

/// The denials of a text in order.
pub(super) fn denials(text: &str) -> Vec<Denial> {
    let mut found = Vec::new();
    for captures in DENIALS.captures_iter(text) {
        let Some(cue) = captures.get(0).filter(|_| captures.name("only").is_none()) else { continue };
        let clause_end =
            text[cue.end()..].find(['.', ';', ':', ',', '(', ')']).map_or(text.len(), |at| cue.end() + at);
        let after = &text[cue.end()..clause_end];
        let meaning = words(after).into_iter().filter(|word| !is_function_word(&word.folded));
        let scope: Vec<(Range<usize>, String)> = meaning
            .take_while(|word| !["although", "however", "whereas", "because"].contains(&word.folded.as_str()))
            .take(SCOPE)
            .map(|word| (word.range.start + cue.end()..word.range.end + cue.end(), stem(&word.folded)))
            .collect();
        if !scope.is_empty() {
            found.push(Denial { cue: cue.start()..cue.end(), scope });
        }
    }
    found
}
