//! The part of a fact sheet that says what its subject is.

use glossary::genus;

/// What web pages have before their text.
const FURNITURE: &[&str] =
    &["Key Points ", "Espaol ", "Español ", "Summary : ", "Overview ", "On this Page General Information "];
/// Beginnings that lead to something else than what the subject is.
const ASIDE: &[&str] = &[
    "Here ",
    "More ",
    "For more",
    "If you",
    "As you",
    "Some ",
    "There are many",
    "This ",
    "These ",
    "You ",
    "Many ",
    "Every",
    "When ",
    "Your doctor",
    "See ",
    "Click",
    "Watch",
    "The following",
    "To ",
    "Most ",
    "People ",
    "On this page",
    "In the ",
    "There's no ",
];
/// Characters in which it must come to its subject.
const START: usize = 150;
/// Fewer words say nothing.
const FEWEST_WORDS: usize = 7;

/// How directly it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Directness {
    /// It begins with the subject and a verb: "Gout is a kind of arthritis."
    AtOnce,
    /// It comes to the subject in its first sentences.
    Later,
}

/// A stretch of the sheet, word for word, that says what the term is, from its first whole sentence on; `None` if there is
/// none.
pub(crate) fn excerpt<'t>(term: &str, synonyms: &[String], text: &'t str) -> Option<(&'t str, Directness)> {
    let mut text = text.trim();
    while let Some(rest) = FURNITURE.iter().find_map(|words| text.strip_prefix(words)) {
        text = rest.trim_start();
    }
    // "What is cholesterol? Cholesterol is a waxy substance."
    while let Some((question, rest)) = text.split_once("? ") {
        if question.contains(['.', '!', ':']) || rest.is_empty() {
            break;
        }
        text = rest;
    }
    // Lists of links and points follow the sentences that they are about.
    if let Some(end) =
        text.match_indices(" - ").map(|(at, _)| at).find(|at| text[..*at].ends_with(['.', '!']))
    {
        text = &text[..end];
    }
    let aside = ASIDE.iter().any(|words| text.starts_with(words));
    let whole = text.ends_with(['.', '!', ')', '"']);
    if aside || !whole || text.split_whitespace().count() < FEWEST_WORDS {
        return None;
    }
    // "Von Hippel-Lindau (VHL) disease" names von Hippel-Lindau disease.
    let start = genus::without_brackets(text).chars().take(START).collect::<String>().to_lowercase();
    let names = std::iter::once(term).chain(synonyms.iter().map(String::as_str)).map(bare);
    let mut directness = None;
    for name in names.filter(|name| name.len() > 2) {
        let name = name.trim_end_matches('s');
        if let Some(at) = start.find(name) {
            let at_once = at <= 4 && is_said(&start[at + name.len()..]);
            let found = if at_once { Directness::AtOnce } else { Directness::Later };
            directness = Some(directness.map_or(found, |best: Directness| best.min(found)));
        }
    }
    Some((text, directness?))
}

/// The name without the text in brackets, in lower case.
fn bare(name: &str) -> String {
    name.split(" (").next().unwrap_or(name).to_lowercase()
}

/// Whether a verb that defines follows within a few words.
fn is_said(rest: &str) -> bool {
    const VERBS: &[&str] = &[
        "is",
        "are",
        "refers",
        "means",
        "describes",
        "occurs",
        "happens",
        "causes",
        "affects",
        "was",
        "comprises",
    ];
    let clause = |word: &&str| !["which", "that", "who"].contains(word);
    rest.split([' ', ',']).take(12).take_while(clause).any(|word| VERBS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentences_that_say_what_it_is_are_kept_as_they_are() {
        let cases = [
            (
                "Gout",
                "Gout is a kind of arthritis. It hurts.",
                "Gout is a kind of arthritis. It hurts.",
                Directness::AtOnce,
            ),
            (
                "Pancreatic Cancer",
                "Key Points Pancreatic cancer is a disease in which malignant cells form. - Smoking is a risk. - More.",
                "Pancreatic cancer is a disease in which malignant cells form.",
                Directness::AtOnce,
            ),
            (
                "High Blood Cholesterol",
                "What is High Blood Cholesterol? Cholesterol is high blood cholesterol when there is much of it.",
                "Cholesterol is high blood cholesterol when there is much of it.",
                Directness::Later,
            ),
            (
                "Von Hippel-Lindau disease",
                "Von Hippel-Lindau (VHL) disease is a disorder of blood vessels.",
                "Von Hippel-Lindau (VHL) disease is a disorder of blood vessels.",
                Directness::AtOnce,
            ),
            (
                "Cancer",
                "Cancer begins in your cells, which are the building blocks of your body.",
                "Cancer begins in your cells, which are the building blocks of your body.",
                Directness::Later,
            ),
            (
                "Retinal Detachment",
                "The retina is a layer of tissue in the eye. A retinal detachment lifts it.",
                "The retina is a layer of tissue in the eye. A retinal detachment lifts it.",
                Directness::Later,
            ),
        ];
        for (term, text, expected, directness) in cases {
            assert_eq!(excerpt(term, &[], text), Some((expected, directness)), "{term}");
        }
    }

    #[test]
    fn links_and_advice_are_left() {
        for text in [
            "Here are links to more information about gout from the institute.",
            "If you have gout, your doctor may want to see you more often.",
            "The body is made up of many types of cells that grow and divide.",
            "Gout is a kind of",
            "Gout hurts.",
        ] {
            assert_eq!(excerpt("Gout", &[], text), None, "{text}");
        }
    }
}
