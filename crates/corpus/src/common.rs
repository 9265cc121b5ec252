//! Which terms the prose itself uses: those that readers ask about.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::duplicates::words;

/// Documents that name a common term.
const DOCUMENTS: usize = 20;

/// Those of the terms that so many texts name at least: [`crate::Stream::Common`] holds what they mean. As a set of their
/// [`key`]s.
pub(crate) fn terms<'t>(terms: impl Iterator<Item = &'t str>, texts: &[&str]) -> HashSet<String> {
    named(terms, texts, DOCUMENTS)
}

/// Letters and digits of a term in lower case, with single spaces.
pub(crate) fn key(term: &str) -> String {
    words(term).join(" ")
}

fn named<'t>(terms: impl Iterator<Item = &'t str>, texts: &[&str], documents: usize) -> HashSet<String> {
    let mut by_first: HashMap<String, HashSet<Vec<String>>> = HashMap::new();
    for term in terms {
        let mut of_term = words(term).into_iter();
        if let Some(first) = of_term.next() {
            by_first.entry(first).or_default().insert(of_term.collect());
        }
    }
    let counts = texts
        .par_iter()
        .fold(HashMap::<String, usize>::new, |mut counts, text| {
            let text = words(text);
            let mut found: HashSet<String> = HashSet::new();
            for (at, first) in text.iter().enumerate() {
                for rest in by_first.get(first).into_iter().flatten() {
                    if text[at + 1..].starts_with(rest) {
                        found.insert(text[at..=at + rest.len()].join(" "));
                    }
                }
            }
            for term in found {
                *counts.entry(term).or_default() += 1;
            }
            counts
        })
        .reduce(HashMap::new, |mut all, some| {
            for (term, count) in some {
                *all.entry(term).or_default() += count;
            }
            all
        });
    counts.into_iter().filter(|(_, count)| *count >= documents).map(|(term, _)| term).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_counts_once_a_text_whatever_its_case_and_hyphens() {
        let texts = [
            "Heart failure, heart-failure and failure.",
            "The HEART failure clinic",
            "a failure of the heart",
        ];
        let found = |least| {
            let mut found: Vec<String> =
                named(["heart failure", "Failure", "failure of the kidney", ""].into_iter(), &texts, least)
                    .into_iter()
                    .collect();
            found.sort();
            found
        };
        assert_eq!(found(1), ["failure", "heart failure"]);
        assert_eq!(found(2), ["failure", "heart failure"]);
        assert_eq!(found(3), ["failure"]);
    }
}
