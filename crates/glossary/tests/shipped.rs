//! What the glossary that comes with Osler says.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::path::Path;
use std::sync::{Arc, OnceLock};

use glossary::{Definitions, Glossary, Nature, define};
use terms::{Dictionary, Terms};

fn models(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
}

fn asked(term: &str) -> Definitions {
    static SHIPPED: OnceLock<(Dictionary, Arc<Glossary>)> = OnceLock::new();
    let (dictionary, glossary) = SHIPPED.get_or_init(|| {
        let terms = Terms::open(&models("terms/builtin.terms")).unwrap();
        let glossary = Glossary::open(&models("glossary/builtin.glossary")).unwrap();
        (Dictionary::new(vec![Arc::new(terms)]), Arc::new(glossary))
    });
    define(term, dictionary, std::slice::from_ref(glossary)).unwrap()
}

/// The first text of the first meaning, with its source.
fn first(term: &str) -> (String, String) {
    let definitions = asked(term);
    let entry = &definitions.meanings[0].entries[0];
    (entry.text.to_lowercase(), entry.source.name.clone())
}

#[test]
fn the_terms_that_a_model_got_wrong_have_a_right_text_first() {
    for (term, right) in [
        ("tocilizumab", "interleukin"),
        ("influenza", "respiratory"),
        ("Kawasaki disease", "vessel"),
        ("rivaroxaban", "anticoagulant"),
        ("amiodarone", "arrhythmi"),
        ("aspirin", "anti-inflammatory"),
    ] {
        let (text, source) = first(term);
        assert!(text.contains(right), "{term}: {text} [{source}]");
        assert!(!source.is_empty(), "{term}");
    }
}

#[test]
fn other_names_and_slips_of_the_pen_lead_there() {
    assert_eq!(first("Xarelto"), first("rivaroxaban"));
    assert_eq!(first("acetylsalicylic acid"), first("aspirin"));
    assert!(
        first("flu").0.contains("respiratory")
            && first("mucocutaneous lymph node syndrome").0.contains("vessel")
    );
    assert!(asked("tocilizumb").near.contains(&"tocilizumab".to_owned()));
    assert!(asked("kawasaky disease").near.contains(&"kawasaki disease".to_owned()));
}

#[test]
fn an_ambiguous_name_shows_its_meanings() {
    let cold = asked("cold");
    let names: Vec<String> = cold.meanings.iter().map(|meaning| meaning.name.to_lowercase()).collect();
    assert!(names.iter().any(|name| name.contains("common cold")), "{names:?}");
    assert!(names.iter().any(|name| name.contains("obstructive")), "{names:?}");
    assert!(cold.meanings.iter().all(|meaning| !meaning.entries.is_empty()), "{names:?}");
}

#[test]
fn a_hundred_invented_terms_are_refused() {
    const BEGINNINGS: [&str; 10] = [
        "blorfen", "quevasc", "zandiqu", "mirtovr", "ploxyst", "dravemb", "skelagr", "tharnop", "vuskirz",
        "grebunt",
    ];
    const ENDINGS: [&str; 10] =
        ["azine", "orumab", "ol disease", "itis", "opathy", "al syndrome", "ase", "oxaban", "emia", "idol"];
    for beginning in BEGINNINGS {
        for ending in ENDINGS {
            let definitions = asked(&format!("{beginning}{ending}"));
            assert!(!definitions.is_known() && definitions.meanings.is_empty(), "{definitions:?}");
        }
    }
}

#[test]
fn structure_never_stands_before_what_something_is_for() {
    for term in ["rivaroxaban", "amiodarone", "warfarin", "ibuprofen", "metformin"] {
        let natures: Vec<Nature> = asked(term).meanings[0].entries.iter().map(|entry| entry.nature).collect();
        let structure = natures.iter().position(|nature| *nature == Nature::Structure);
        let other = natures.iter().rposition(|nature| *nature != Nature::Structure);
        assert!(
            other.is_some() && structure.is_none_or(|structure| Some(structure) > other),
            "{term} {natures:?}"
        );
    }
}

#[test]
fn nothing_that_may_not_be_given_away_is_in_it() {
    let glossary = Glossary::open(&models("glossary/builtin.glossary")).unwrap();
    assert!(glossary.about().contains("www.human-phenotype-ontology.org"));
    assert!(glossary.sources().len() > 20);
    for source in glossary.sources() {
        let licence = source.licence.to_lowercase();
        let words: Vec<&str> = licence.split(|c: char| !c.is_alphanumeric()).collect();
        assert!(!licence.is_empty() && !licence.contains("not stated"), "{source:?}");
        for clause in ["nc", "nd", "sa", "gpl", "noncommercial", "commercial"] {
            assert!(!words.contains(&clause), "{source:?}");
        }
        assert!(source.name != "Human Phenotype Ontology" || source.release == "2025-01-16");
    }
    let size = std::fs::metadata(models("glossary/builtin.glossary")).unwrap().len();
    assert!(size <= 12_000_000, "{size} bytes");
}
