//! Texts as the words that carry their meaning, and passages of sources.

use std::ops::Range;

use terms::words::{Word, words};
use terms::{Concept, Dictionary, Kind, Match};

use crate::sentences;

/// A word that carries meaning.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Where it is, in bytes of its text.
    pub(super) range: Range<usize>,
    /// Without number, tense and case.
    pub(super) stem: String,
    /// What the name that it belongs to may stand for.
    concepts: Vec<Concept>,
}

impl Token {
    /// Whether two words say the same: the same stem, or names of the same thing.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.stem == other.stem || self.concepts.iter().any(|concept| other.concepts.contains(concept))
    }

    /// A number alone says nothing.
    pub(super) fn is_about_nothing(&self) -> bool {
        self.stem.chars().all(|c| c.is_ascii_digit())
    }
}

/// One or two sentences of a source that follow each other, after the names of what it is about.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    tokens: Vec<Token>,
    /// Its words.
    pub(super) text: String,
}

impl Passage {
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(super) fn length(&self) -> usize {
        self.tokens.len()
    }
}

/// Each sentence, and each with the one after it.
pub(super) fn passages_of(about: &[&str], text: &str, dictionary: &Dictionary) -> Vec<Passage> {
    let spans = sentences::split(text);
    let subject: Vec<Token> = about.iter().flat_map(|name| tokens(name, dictionary)).collect();
    let passage = |range: Range<usize>| {
        let text = text.get(range).unwrap_or_default().to_owned();
        let tokens = subject.iter().cloned().chain(tokens(&text, dictionary)).collect();
        Passage { tokens, text }
    };
    let single = spans.iter().map(|span| passage(span.start..span.end));
    let pairs = spans.windows(2).map(|two| passage(two[0].start..two[1].end));
    single.chain(pairs).collect()
}

/// The words of a text that carry its meaning, in order.
pub(super) fn tokens(text: &str, dictionary: &Dictionary) -> Vec<Token> {
    let names = names(text, dictionary);
    words(text)
        .into_iter()
        .filter(|word| !is_function_word(&word.folded))
        .map(|word| token(word, &names))
        .collect()
}

fn token(word: Word, names: &[Match]) -> Token {
    let around =
        names.iter().filter(|name| name.range.start <= word.range.start && word.range.end <= name.range.end);
    let concepts =
        around.flat_map(|name| name.concepts.iter().filter(|concept| !concept.id.is_empty()).cloned());
    Token { concepts: concepts.collect(), stem: stem(&word.folded), range: word.range }
}

/// The chemicals, diseases and genes of a text.
pub(super) fn names(text: &str, dictionary: &Dictionary) -> Vec<Match> {
    dictionary.find(text).into_iter().filter(|name| name.kind != Kind::Other).collect()
}

/// How many words of the first occur in the second in the same order.
pub(super) fn shared_in_order(wanted: &[Token], given: &[Token]) -> usize {
    let mut row = vec![0; given.len() + 1];
    for want in wanted {
        let mut diagonal = 0;
        for (at, give) in given.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if want.agrees(give) { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A word without the endings that number, tense and spelling give it.
pub(crate) fn stem(word: &str) -> String {
    let mut stem = word.to_owned();
    if word.len() > 4 && word.is_ascii() {
        for (ending, instead) in
            [("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("ly", ""), ("s", "")]
        {
            if let Some(rest) = word.strip_suffix(ending).filter(|rest| rest.len() > 2) {
                stem = format!("{rest}{instead}");
                break;
            }
        }
        if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
            stem = word.to_owned();
        }
    }
    // "causes", "caused", "causing"
    match stem.strip_suffix('e').filter(|rest| rest.len() > 3) {
        Some(rest) => rest.to_owned(),
        None => stem,
    }
}

/// Words that hold a sentence together.
pub(crate) fn is_function_word(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "a", "about", "also", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by",
        "can", "did", "do", "does", "for", "from", "had", "has", "have", "in", "into", "is", "it", "its",
        "may", "might", "no", "nor", "not", "of", "on", "or", "other", "s", "such", "that", "the", "their",
        "them", "then", "there", "these", "they", "this", "those", "through", "to", "was", "were", "which",
        "who", "will", "with", "within", "without", "would", "cannot", "never", "neither", "none", "you",
        "your", "percent", "per",
    ];
    WORDS.contains(&word)
}
