//! The words next to a name say what it is: "Bevacizumab, a monoclonal antibody against VEGF", "the diuretic
//! hydrochlorothiazide". The rest of such a sentence is about something else.

use std::ops::{Range, RangeInclusive};

use crate::genus;

/// Words of a description behind a name.
const BEHIND: RangeInclusive<usize> = 3..=25;
/// Words of a description before a name, with its article.
const BEFORE: usize = 7;
/// What a drug is in a study only.
const OF_A_STUDY: &[&str] = &[
    "standard",
    "study",
    "test",
    "trial",
    "comparator",
    "reference",
    "other",
    "same",
    "active",
    "parent",
    "investigational",
    "new",
    "novel",
    "powerful",
    "second",
    "first",
    "known",
    "different",
];
/// Words of a name.
const NAME_WORDS: usize = 3;
/// Letters of a name.
const SHORTEST_NAME: usize = 5;
/// What drugs are called by what they do: nouns that precede their names.
const CLASSES: &[&str] = &[
    "agonist",
    "analgesic",
    "anesthetic",
    "anaesthetic",
    "antagonist",
    "antibiotic",
    "antibody",
    "anticoagulant",
    "anticonvulsant",
    "antidepressant",
    "antiemetic",
    "antiepileptic",
    "antifungal",
    "antihistamine",
    "antipsychotic",
    "antiviral",
    "anxiolytic",
    "barbiturate",
    "benzodiazepine",
    "blocker",
    "bisphosphonate",
    "cephalosporin",
    "corticosteroid",
    "diuretic",
    "fluoroquinolone",
    "glucocorticoid",
    "hormone",
    "immunosuppressant",
    "inhibitor",
    "macrolide",
    "neuroleptic",
    "neurotransmitter",
    "nsaid",
    "opioid",
    "prodrug",
    "progestin",
    "sedative",
    "ssri",
    "statin",
    "stimulant",
    "sulfonylurea",
    "triptan",
    "vasodilator",
    "drug",
    "agent",
];

/// A name with what it is said to be; `quote` is the stretch of the sentence that says so.
#[derive(Debug, PartialEq, Eq)]
pub struct Apposition<'s> {
    /// The name, as written.
    pub name: &'s str,
    /// What it is, with an article.
    pub said: String,
    /// Word for word.
    pub quote: &'s str,
    /// Whether the description precedes the name: only names of substances are called like that.
    pub before: bool,
}

/// The description behind the name with which a sentence begins.
#[must_use]
pub fn behind(sentence: &str) -> Option<Apposition<'_>> {
    let subject = sentence.strip_prefix("The ").unwrap_or(sentence);
    let (named, rest) = subject.split_once(", ")?;
    // "The angiotensin-converting enzyme (ACE) inhibitor trandolapril, a ..." is about the inhibitor.
    let (name, bracketed) = named.split_once(" (").unwrap_or((named, ")"));
    if !bracketed.ends_with(')') {
        return None;
    }
    let (said, goes_on) = rest.split_once(", ")?;
    let begins = |text: &str, words: &[&str]| words.iter().any(|word| text.starts_with(word));
    // "a drug, and is", not "a drug, a plant, and a stone".
    let listed = begins(goes_on, &["a ", "an ", "the ", "and ", "or "]);
    let cut = said.matches('(').count() != said.matches(')').count();
    if !begins(said, &["a ", "an "]) || listed || cut || !BEHIND.contains(&said.split_whitespace().count()) {
        return None;
    }
    let end = sentence.len() - subject.len() + named.len() + ", ".len() + said.len();
    Some(Apposition { name, said: said.to_owned(), quote: &sentence[..end], before: false })
}

/// The names of a sentence that their class precedes. `is_name` knows names.
pub fn before(sentence: &str, is_name: impl Fn(&str) -> bool) -> Vec<Apposition<'_>> {
    let words: Vec<Range<usize>> = words(sentence);
    let word = |index: usize| &sentence[words[index].clone()];
    let mut found = Vec::new();
    for class in 1..words.len() {
        if !CLASSES.contains(&word(class).to_lowercase().as_str()) {
            continue;
        }
        let article = (class.saturating_sub(BEFORE)..class)
            .rev()
            .take_while(|index| !word(*index).ends_with([',', ';', ':', ')', '.']))
            .find(|index| matches!(word(*index), "the" | "The" | "a" | "an" | "A" | "An"));
        let Some(article) = article.filter(|article| article + 1 < words.len()) else { continue };
        let name = (class + 1..words.len().min(class + 1 + NAME_WORDS)).rev().find_map(|last| {
            let name = &sentence[words[class + 1].start..words[last].end];
            let name = name.trim_end_matches(|c: char| !c.is_alphanumeric());
            (name.len() >= SHORTEST_NAME && !name.contains([',', '(', ';']) && is_name(name)).then_some(name)
        });
        let is_class = |name: &&str| !name.contains(' ') && genus::is_named(&format!("a {name}"));
        let Some(name) = name.filter(|name| !is_class(name)) else { continue };
        let described = &sentence[words[article + 1].start..words[class].end];
        let vowel = described.to_lowercase().starts_with(['a', 'e', 'i', 'o', 'u']);
        let said = format!("{} {described}", if vowel { "an" } else { "a" });
        let says_little =
            described.split_whitespace().any(|word| OF_A_STUDY.contains(&word.to_lowercase().as_str()))
                || matches!(described.to_lowercase().as_str(), "drug" | "agent" | "hormone");
        if genus::is_named(&said) && !says_little {
            let quote = &sentence[words[article].start..words[class + 1].start + name.len()];
            found.push(Apposition { name, said, quote, before: true });
        }
    }
    found
}

/// The places of the stretches between white space.
fn words(sentence: &str) -> Vec<Range<usize>> {
    let start = |word: &str| word.as_ptr() as usize - sentence.as_ptr() as usize;
    sentence.split_whitespace().map(|word| start(word)..start(word) + word.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_name_is_about_the_whole_name() {
        let sentence = "The enzyme (ACE), a peptidase of the lung, was measured.";
        assert_eq!(
            behind(sentence).map(|found| (found.name, found.said)),
            Some(("enzyme", "a peptidase of the lung".to_owned()))
        );
        assert_eq!(behind("The enzyme (ACE) inhibitor X, a prodrug of the acid Y, was given."), None);
    }

    #[test]
    fn a_class_before_a_name_is_quoted_with_it() {
        let is_name = |name: &str| {
            ["hydrochlorothiazide", "spirapril", "valproic acid", "group", "drug"].contains(&name)
        };
        let text = "All took the diuretic hydrochlorothiazide (25 mg), an oral ACE inhibitor spirapril, and the old \
                    anticonvulsant valproic acid.";
        let found = before(text, is_name);
        let quotes: Vec<(&str, &str)> = found.iter().map(|one| (one.quote, one.said.as_str())).collect();
        assert_eq!(
            quotes,
            [
                ("the diuretic hydrochlorothiazide", "a diuretic"),
                ("an oral ACE inhibitor spirapril", "an oral ACE inhibitor"),
                ("the old anticonvulsant valproic acid", "an old anticonvulsant"),
            ]
        );
        for text in [
            "diuretic hydrochlorothiazide",
            "the diuretic, hydrochlorothiazide",
            "the effect of a diuretic on hydrochlorothiazide",
            "the diuretic",
            "the diuretic hydro",
            "the standard drug spirapril",
            "the drug spirapril",
            "the opioid analgesic drug",
            "",
        ] {
            assert_eq!(before(text, is_name), [], "{text}");
        }
    }
}
