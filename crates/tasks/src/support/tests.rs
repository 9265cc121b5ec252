use std::sync::Arc;

use terms::{Builder, Row, Terms};

use super::*;

const NAMES: &str = "name\tid\ttype\tsource
warfarin\tMESH:D014859\tchemical\tmesh
Coumadin\tMESH:D014859\tchemical\tmesh
heparin\tMESH:D006493\tchemical\tmesh
venous thrombosis\tMESH:D020246\tdisease\tmesh
bleeding\tMESH:D006470\tdisease\tmesh
hemorrhage\tMESH:D006470\tdisease\tmesh
ovarian cancer\tMESH:D010051\tdisease\tmesh
disease\tMESH:D004194\tdisease\tmesh
";

const TEXTS: [&str; 2] = [
    "An anticoagulant that inhibits the recycling of vitamin K and prevents venous thrombosis. It is taken by mouth once \
     a day, usually 5 mg in the evening. It does not dissolve clots.",
    "Warfarin may cause bleeding in 3% of the patients.",
];

fn checks(text: &str) -> Vec<Checked> {
    let mut builder = Builder::new("");
    Row::table(NAMES.as_bytes(), "names").for_each(|row| builder.add(&row.unwrap()));
    let dictionary = Dictionary::new(vec![Arc::new(Terms::from_bytes(builder.finish().unwrap().0).unwrap())]);
    let sources = TEXTS.map(|text| Source { about: &["warfarin"], text });
    check(text, &sources, &dictionary)
}

/// The support of a text of one sentence, the sources that it comes from, and its alarms in words.
fn one(text: &str) -> (Support, Vec<usize>, Vec<(AlarmKind, String)>) {
    let checked = checks(text);
    assert_eq!(checked.len(), 1, "{text}");
    let alarms =
        checked[0].alarms.iter().map(|alarm| (alarm.kind, alarm.span.slice(text).unwrap().to_owned()));
    (checked[0].support, checked[0].sources.clone(), alarms.collect())
}

#[test]
fn what_a_source_says_is_supported_by_it() {
    for (text, source) in [
        ("Warfarin is an anticoagulant that inhibits the recycling of vitamin K.", 0),
        ("Coumadin is an anticoagulant that prevents venous thrombosis.", 0),
        ("Warfarin does not dissolve clots.", 0),
        ("It is taken once a day, 5 mg in the evening.", 0),
        ("Warfarin may cause hemorrhage in 3 percent of patients.", 1),
    ] {
        assert_eq!(one(text), (Support::Supported, vec![source], vec![]), "{text}");
    }
}

#[test]
fn what_no_source_has_is_an_alarm() {
    use AlarmKind::{Dose, Name, Negation, Number};
    for (text, kind, place) in [
        ("It is taken once a day, 50 mg in the evening.", Dose, "50 mg"),
        ("It is taken once a day, 5 g in the evening.", Dose, "5 g"),
        ("Warfarin may cause bleeding in 30% of the patients.", Number, "30%"),
        ("Heparin is an anticoagulant that inhibits the recycling of vitamin K.", Name, "Heparin"),
        ("Warfarin is an anticoagulant that prevents ovarian cancer.", Name, "ovarian cancer"),
        ("Blorfenumab is an anticoagulant that inhibits the recycling of vitamin K.", Name, "Blorfenumab"),
        ("Warfarin is not an anticoagulant that inhibits the recycling of vitamin K.", Negation, "not"),
        ("Warfarin does dissolve clots.", Negation, "dissolve"),
        ("Warfarin is an anticoagulant that activates the recycling of vitamin K.", Negation, "activates"),
    ] {
        let (support, _, alarms) = one(text);
        assert_ne!(support, Support::Supported, "{text}");
        assert!(alarms.contains(&(kind, place.to_owned())), "{text} {alarms:?}");
    }
}

#[test]
fn a_part_is_told_from_nothing() {
    let (support, sources, _) = one("Warfarin prevents venous thrombosis in old people everywhere.");
    assert_eq!((support, sources), (Support::Partly, vec![0]));
    let (support, sources, _) = one("The moon circles the earth every month.");
    assert_eq!((support, sources), (Support::None, vec![]));
    assert_eq!(
        one("Clots of vitamin recycling dissolve anticoagulant mouth.").0,
        Support::None,
        "words in no order"
    );
}

#[test]
fn each_sentence_has_its_place_and_the_coverage_counts_them() {
    let text = "Größe zählt. Warfarin does not dissolve clots. It is the 7th wonder.";
    let checked = checks(text);
    let words: Vec<&str> = checked.iter().map(|one| one.span.slice(text).unwrap()).collect();
    assert_eq!(words, ["Größe zählt.", "Warfarin does not dissolve clots.", "It is the 7th wonder."]);
    let supports: Vec<Support> = checked.iter().map(|one| one.support).collect();
    assert_eq!(supports, [Support::None, Support::Supported, Support::None]);
    assert!((coverage(&checked) - 1.0 / 3.0).abs() < 1e-9);
    assert_eq!((checks("").len(), coverage(&[])), (0, 0.0));
}

#[test]
fn without_a_source_nothing_is_supported() {
    let dictionary = Dictionary::default();
    let checked = check("Warfarin is an anticoagulant. It is 5 mg.", &[], &dictionary);
    assert!(checked.iter().all(|one| one.support == Support::None && one.sources.is_empty()));
    assert!(checked[1].alarms.iter().any(|alarm| alarm.kind == AlarmKind::Dose));
}
