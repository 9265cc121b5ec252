//! Whether a sentence says what a name is, or only mentions it.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use terms::abbreviations::abbreviations;
use terms::spellings_of;
use terms::words::{key, words};

use crate::{apposition, genus};

/// How a sentence says what a name is, the clearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// "Warfarin is an anticoagulant that ..."
    Statement,
    /// "Warfarin, an anticoagulant, ..." or "warfarin (an anticoagulant)".
    Apposition,
    /// "Warfarin, which inhibits the recycling of vitamin K, ..."
    Clause,
    /// "the anticoagulant warfarin".
    Class,
    /// "tumor necrosis factor (TNF)".
    Expansion,
}

/// The stretch of a sentence that says what a name is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defining {
    /// How it says so.
    pub form: Form,
    /// Where the name is, in bytes of the sentence.
    pub name: Range<usize>,
}

/// Words of a name at most.
const NAME_WORDS: usize = 8;
/// Words next to a name.
const BESIDE: Range<usize> = 2..26;
/// Verbs that define, with what must follow them to be a statement.
const IS: &[&str] = &["is ", "are ", "was ", "were "];
const MEANS: &[&str] = &[
    "refers to ",
    "refer to ",
    "means ",
    "describes ",
    "is defined as ",
    "are defined as ",
    "is characterized by ",
    "is characterised by ",
    "are characterized by ",
    "are characterised by ",
    "is used to ",
    "is used for ",
    "is used in the treatment of ",
    "are used to ",
    "are used for ",
    "belongs to the ",
    "belong to the ",
];
/// What a thing does by its nature.
const DOES: &[&str] = &[
    "is ",
    "are ",
    "inhibits ",
    "blocks ",
    "binds ",
    "causes ",
    "affects ",
    "activates ",
    "produces ",
    "prevents ",
    "regulates ",
    "belongs ",
    "acts ",
    "encodes ",
    "catalyzes ",
    "catalyses ",
    "inhibit ",
    "block ",
];
const ARTICLES: &[&str] = &["a ", "an ", "the ", "any ", "one of the ", "one of several "];
/// What is said of a thing in one text only, and ranks.
const OF_THE_TEXT: &[&str] =
    &[" we ", " our ", " this study", " present study", " this trial", " patient was ", " patients were "];
const RANKS: &[&str] = &[
    "the first",
    "the second",
    "the third",
    "the only",
    "the most",
    "the main",
    "the major",
    "the leading",
    "the drug",
    "the treatment",
    "the case",
    "the same",
    "the best",
    "the next",
    "the standard",
    "the primary",
    "a new",
    "a novel",
    "a promising",
    "a potential",
];

/// What in a sentence says what one of the names is; `None` where they are only mentioned, or are not there. The names are
/// folded ([`terms::words::key`]); other spellings of them count, too.
#[must_use]
pub fn defining(sentence: &str, names: &BTreeSet<String>) -> Option<Defining> {
    let places = places(sentence, names);
    let of_place = places.iter().filter_map(|name| {
        let form = form(sentence, name)?;
        Some(Defining { form, name: name.clone() })
    });
    let is_name = |name: &str| is_one_of(name, names);
    let classes = apposition::before(sentence, is_name).into_iter().filter_map(|found| {
        let start = sentence.find(found.quote)? + found.quote.rfind(found.name)?;
        Some(Defining { form: Form::Class, name: start..start + found.name.len() })
    });
    let expansions = abbreviations(sentence).into_iter().filter_map(|found| {
        let name =
            [&found.short, &found.long].into_iter().find(|part| is_name(&sentence[(*part).clone()]))?;
        Some(Defining { form: Form::Expansion, name: name.clone() })
    });
    of_place.chain(classes).chain(expansions).min_by_key(|found| (found.form, found.name.start))
}

fn is_one_of(text: &str, names: &BTreeSet<String>) -> bool {
    key(text).is_some_and(|key| {
        names.contains(&key) || spellings_of(&key).iter().any(|spelling| names.contains(spelling))
    })
}

/// Where the names are; the longest at each place.
fn places(sentence: &str, names: &BTreeSet<String>) -> Vec<Range<usize>> {
    let words = words(sentence);
    let mut found: Vec<Range<usize>> = Vec::new();
    for first in 0..words.len() {
        let start = words[first].range.start;
        if found.last().is_some_and(|last| last.end > start) {
            continue;
        }
        let ends = words[first..].iter().take(NAME_WORDS).map(|word| word.range.end);
        let longest = ends.rev().find(|end| is_one_of(&sentence[start..*end], names));
        found.extend(longest.map(|end| start..end));
    }
    found
}

fn form(sentence: &str, name: &Range<usize>) -> Option<Form> {
    let mut rest = &sentence[name.end..];
    let bracketed = rest.trim_start().strip_prefix('(');
    if let Some((inside, after)) = bracketed.and_then(|inside| inside.split_once(')')) {
        if is_kind(inside) && inside.split_whitespace().count() >= BESIDE.start {
            return Some(Form::Apposition);
        }
        rest = after;
    }
    if begins_clause(&sentence[..name.start]) && is_statement(rest.trim_start()) {
        return Some(Form::Statement);
    }
    let beside = rest.strip_prefix(", ").or_else(|| rest.strip_prefix("\u{2014}"))?.trim_start();
    if let Some(clause) = beside.strip_prefix("which ").or_else(|| beside.strip_prefix("who ")) {
        let (verb, said) = DOES.iter().find_map(|verb| Some((*verb, clause.strip_prefix(verb)?)))?;
        let says = if IS.contains(&verb) { is_kind(said) } else { true };
        return (says && !of_the_text(clause)).then_some(Form::Clause);
    }
    let end = beside.find([',', ';', ')', '\u{2014}']).unwrap_or(beside.trim_end_matches('.').len());
    let (said, after) = beside.split_at(end);
    let article = ["a ", "an ", "the "].iter().any(|article| said.starts_with(article));
    // "A drug, a plant, and a stone" is a list.
    let after = after.trim_start_matches([',', ' ']);
    let listed = ["a ", "an ", "the ", "and ", "or "].iter().any(|word| after.starts_with(word));
    (article && !listed && BESIDE.contains(&said.split_whitespace().count()) && is_kind(said))
        .then_some(Form::Apposition)
}

/// Whether the words before a name let a statement about it begin: "The cause of asthma is a virus" is not about asthma.
fn begins_clause(before: &str) -> bool {
    let before = before.trim_end();
    let last = before.rsplit(' ').next().unwrap_or_default().to_lowercase();
    before.is_empty()
        || before.ends_with([',', ':', ';', '\u{2014}'])
        || ["that", "because", "since", "as", "although", "while", "whereas"].contains(&last.as_str())
        || ["the", "a", "an"].contains(&last.as_str()) && begins_clause(&before[..before.len() - last.len()])
}

fn is_statement(rest: &str) -> bool {
    if of_the_text(rest) {
        return false;
    }
    if MEANS.iter().any(|verb| rest.starts_with(verb)) {
        return true;
    }
    let Some((verb, said)) = IS.iter().find_map(|verb| Some((*verb, rest.strip_prefix(verb)?))) else {
        return false;
    };
    let plural = ["are ", "were "].contains(&verb);
    is_kind(said) || plural && genus::is_named(&format!("the {said}")) && !ranks(said)
}

/// Whether a phrase with its article names a kind of thing.
fn is_kind(said: &str) -> bool {
    let lower = said.to_lowercase();
    ARTICLES.iter().find_map(|article| lower.strip_prefix(article)).is_some_and(|noun| {
        // Of "one of the most common cancers" only the kind counts.
        genus::is_named(&format!("the {noun}"))
    }) && !ranks(&lower)
        && !of_the_text(&lower)
}

fn ranks(said: &str) -> bool {
    RANKS.iter().any(|rank| said.starts_with(rank))
}

fn of_the_text(said: &str) -> bool {
    let padded = format!(" {} ", said.to_lowercase());
    OF_THE_TEXT.iter().any(|words| padded.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sentence: &str) -> Option<(Form, String)> {
        let names = ["warfarin", "tnf", "tumor necrosis factor", "asthma"].map(str::to_owned);
        let found = defining(sentence, &BTreeSet::from(names))?;
        Some((found.form, sentence[found.name].to_owned()))
    }

    #[test]
    fn what_defines_is_told_from_what_mentions() {
        for (sentence, form, name) in [
            ("Warfarin is an anticoagulant that hinders vitamin K.", Form::Statement, "Warfarin"),
            ("It is known that warfarin (Coumadin) is a vitamin K antagonist.", Form::Statement, "warfarin"),
            (
                "Tumor necrosis factors are cytokines of many cells.",
                Form::Statement,
                "Tumor necrosis factors",
            ),
            ("Asthma is one of the chronic diseases of the lung.", Form::Statement, "Asthma"),
            ("Asthma is characterized by narrow airways.", Form::Statement, "Asthma"),
            ("Nine took warfarin, an oral anticoagulant, for a year.", Form::Apposition, "warfarin"),
            ("We gave warfarin (a vitamin K antagonist) to nine.", Form::Apposition, "warfarin"),
            ("They had asthma, a disease of the airways.", Form::Apposition, "asthma"),
            ("We gave warfarin, which inhibits the recycling of vitamin K.", Form::Clause, "warfarin"),
            ("Warfarin, which is an anticoagulant, was given.", Form::Clause, "Warfarin"),
            ("All took the anticoagulant warfarin.", Form::Class, "warfarin"),
            ("Levels of tumor necrosis factor (TNF) rose.", Form::Expansion, "TNF"),
        ] {
            assert_eq!(found(sentence), Some((form, name.to_owned())), "{sentence}");
        }
    }

    #[test]
    fn mentions_define_nothing() {
        for sentence in [
            "Warfarin was given to nine patients.",
            "The cause of asthma is a virus.",
            "Warfarin is the first choice.",
            "Warfarin is a major problem.",
            "Warfarin was a drug that we gave to all.",
            "Treatment of asthma is a challenge.",
            "Warfarin, a statin, and a diuretic were given.",
            "We gave warfarin, which was well tolerated.",
            "Warfarin (5 mg) was given.",
            "Patients with asthma, the elderly, and children came.",
            "Heparin is an anticoagulant, and warfarin is too.",
            "",
        ] {
            assert_eq!(found(sentence), None, "{sentence}");
        }
    }

    #[test]
    fn of_several_the_clearest_counts() {
        let sentence = "The anticoagulant warfarin was given; warfarin is a vitamin K antagonist.";
        assert_eq!(found(sentence).map(|found| found.0), Some(Form::Statement));
    }
}
