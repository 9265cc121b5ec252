//! Whether a sentence says what kind of thing something is.

use std::collections::HashSet;
use std::sync::OnceLock;

/// Words that begin what follows the noun.
const BOUNDARIES: &[&str] = &[
    "that",
    "which",
    "who",
    "whom",
    "whose",
    "where",
    "when",
    "used",
    "with",
    "of",
    "in",
    "for",
    "by",
    "from",
    "to",
    "at",
    "on",
    "as",
    "and",
    "or",
    "but",
    "than",
    "because",
    "due",
    "into",
    "within",
    "between",
    "about",
    "through",
    "during",
    "after",
    "before",
    "against",
    "under",
    "over",
    "among",
    "is",
    "are",
    "was",
    "has",
    "have",
    "can",
    "may",
    "also",
    "associated",
    "belonging",
    "called",
    "caused",
    "causing",
    "characterised",
    "characterized",
    "composed",
    "consisting",
    "containing",
    "defined",
    "derived",
    "found",
    "formed",
    "involved",
    "involving",
    "isolated",
    "known",
    "located",
    "made",
    "named",
    "occurring",
    "produced",
    "released",
    "required",
    "resulting",
    "secreted",
    "similar",
];
/// Nouns that say something with what they are of only: "a type of cancer".
const OF: &[&str] = &[
    "class",
    "type",
    "form",
    "kind",
    "group",
    "member",
    "series",
    "family",
    "subtype",
    "subset",
    "category",
    "name",
    "term",
    "cluster",
    "spectrum",
    "set",
    "collection",
    "pair",
    "part",
    "component",
    "constituent",
    "species",
    "strain",
    "variety",
    "variant",
    "spread",
    "growth",
    "formation",
    "accumulation",
    "buildup",
    "presence",
    "absence",
    "lack",
    "excess",
    "removal",
    "death",
    "destruction",
    "decrease",
    "increase",
    "blockage",
    "hardening",
    "thickening",
    "breakdown",
    "movement",
    "study",
    "combination",
    "area",
    "region",
    "division",
    "branch",
    "extract",
    "subfamily",
    "subclass",
    "body",
    "sheet",
    "band",
    "mass",
];
/// Words of a noun phrase before its noun.
const LONGEST_PHRASE: usize = 12;

/// Whether a predicate that begins with an article goes on to a noun that a definition puts its term under.
#[must_use]
pub fn is_named(predicate: &str) -> bool {
    let predicate = without_brackets(predicate);
    let words = predicate.split_whitespace().skip(1).take(LONGEST_PHRASE);
    let mut last = String::new();
    let mut of = false;
    for word in words {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if BOUNDARIES.contains(&bare.as_str()) {
            // "A potent and selective antagonist", "a naturally occurring salt", "a widely used drug": the noun is still to
            // come.
            let inside = ["and", "or", "known"].contains(&bare.as_str())
                || bare.ends_with("ing")
                || bare.ends_with("ed");
            if inside && !is_noun(&last) {
                last = bare;
                continue;
            }
            of = ["of", "for", "in"].contains(&bare.as_str());
            break;
        }
        // "A phosphatase activated by calcium"
        if bare.ends_with("ed") && is_noun(&last) {
            break;
        }
        let ends = word.ends_with([',', ';', ':', '.']);
        last = bare;
        if ends {
            break;
        }
    }
    let needs_of = singulars(head(&last)).iter().any(|noun| OF.contains(&noun.as_str()));
    if needs_of { of } else { is_noun(&last) }
}

/// What a compound is a kind of: "receptor-antagonist", "agonist/antagonist".
fn head(word: &str) -> &str {
    word.rsplit(['-', '/']).next().unwrap_or_default()
}

fn is_noun(word: &str) -> bool {
    let noun = head(word);
    let mut singular = singulars(noun).into_iter();
    singular.any(|noun| genera().contains(noun.as_str()) || OF.contains(&noun.as_str()))
        || noun.len() > 5 && noun.ends_with("ase")
}

/// A text without its brackets: "an interleukin 6 (IL-6) antibody" is an interleukin 6 antibody.
#[must_use]
pub fn without_brackets(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(" (") {
        let Some((_, after)) = after.split_once(')') else { break };
        kept.push_str(before);
        rest = after;
    }
    kept + rest
}

fn singulars(noun: &str) -> Vec<String> {
    let mut forms = vec![noun.to_owned()];
    if let Some(stem) = noun.strip_suffix('s') {
        forms.push(stem.to_owned());
        forms.extend(stem.strip_suffix('e').map(str::to_owned));
        forms.extend(stem.strip_suffix("ie").map(|stem| format!("{stem}y")));
        forms.extend(stem.strip_suffix('e').map(|stem| format!("{stem}is")));
    }
    forms
}

fn genera() -> &'static HashSet<&'static str> {
    static GENERA: OnceLock<HashSet<&'static str>> = OnceLock::new();
    GENERA.get_or_init(|| {
        let lines = include_str!("../data/genera.txt").lines().filter(|line| !line.starts_with('#'));
        lines.flat_map(str::split_whitespace).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_a_noun_of_its_kind() {
        for predicate in [
            "an anticoagulant that hinders vitamin K",
            "a potent and selective histamine H1-receptor antagonist which has been evaluated",
            "a D2 and 5-HT2 receptor-antagonist that is under development",
            "a type of cancer that begins in the liver",
            "a serine/threonine phosphatase activated by calcium",
            "an ear disorder characterized by ringing",
            "a naturally occurring metallic salt",
            "a widely used anticoagulant",
            "the etiologic bacteria of anthrax",
            "a humanized anti-interleukin 6 (Il-6) receptor antibody used against arthritis",
            "a 76-amino-acid polypeptide, preserved in yeast",
        ] {
            assert!(is_named(predicate), "{predicate}");
        }
    }

    #[test]
    fn a_judgement_has_none() {
        for predicate in [
            "a major problem of public health",
            "the trigger for celiac disease",
            "a recognized side effect of rofecoxib, an inhibitor",
            "an important public health issue in China",
            "a classic marker of cellular proliferation",
            "a key player for phagophore formation",
            "a new type that nobody knows",
            "a function of heart rate and stroke volume",
            "a",
        ] {
            assert!(!is_named(predicate), "{predicate}");
        }
    }
}
