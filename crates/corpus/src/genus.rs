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
pub(crate) fn is_named(predicate: &str) -> bool {
    let mut words = predicate.split_whitespace().skip(1).take(LONGEST_PHRASE).peekable();
    let mut last = String::new();
    let mut of = false;
    while let Some(word) = words.next() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if BOUNDARIES.contains(&bare.as_str()) || word.starts_with('(') {
            of = bare == "of" || bare == "for";
            break;
        }
        let ends = word.ends_with([',', ';', ':', '.']);
        last = bare;
        if ends {
            break;
        }
    }
    let noun = last.rsplit(['-', '/']).next().unwrap_or_default();
    let singular = singulars(noun);
    if singular.iter().any(|noun| OF.contains(&noun.as_str())) {
        return of;
    }
    singular.iter().any(|noun| genera().contains(noun.as_str())) || noun.len() > 5 && noun.ends_with("ase")
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
            "the etiologic bacteria of anthrax",
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
            "a recognised side effect of rofecoxib, an inhibitor",
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
