//! What a curator notices of a dictionary: what it finds, what it leaves, what it says about a bad file.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::fs;
use std::sync::Arc;

use proptest::prelude::*;
use terms::{Builder, Concept, Dictionary, FileError, Grade, Kind, Match, Row, RowError, Terms};

const TABLE: &str = "name\tid\ttype\tsource
Methotrexate\tMESH:D008727\tchemical\tmesh
Amethopterin\tMESH:D008727\tchemical\tmesh
methotrexate\tCHEBI:44185\tchemical\tchebi
methotrexate sodium\tUNII:3IG1E710ZN\tdrug\tunii
beta-Carotene\tMESH:D019207\tchemical\tmesh
5-HT 2A receptor\tHGNC:5293\tgene\thgnc
interleukin 2\tHGNC:6001\tgene\thgnc
Seizures\tMESH:D012640\tdisease\tmesh
Neoplasms, Lung\tMESH:D008175\tdisease\tmesh
Cancer of Lung\tMESH:D008175\tdisease\tmesh
Crohn Disease\tMESH:D003424\tdisease\tmesh
Anemia\tMESH:D000740\tdisease\tmesh
Cold\tMONDO:1\tdisease\tmondo
CAT\tHGNC:1516\tgene\thgnc
AIDS\tMESH:D000163\tdisease\tmesh
CaCl(2)\tMESH:D002122\tchemical\tmesh
Lung\tMESH:D008168\tanatomy\tmesh
cirrhosis\tMESH:D008103\tdisease\tmesh
cirrhosis\tMESH:D005355\tdisease\tmesh
";

fn build(builder: Builder, table: &str) -> Vec<u8> {
    let mut builder = builder;
    for row in Row::table(table.as_bytes(), "table.tsv") {
        builder.add(&row.unwrap());
    }
    builder.finish().unwrap().0
}

fn dictionary(table: &str) -> Dictionary {
    let terms = Terms::from_bytes(build(Builder::new("a test"), table)).unwrap();
    Dictionary::new(vec![Arc::new(terms)])
}

fn ids(matched: &Match) -> Vec<String> {
    matched.concepts.iter().map(Concept::joined).collect()
}

/// What is found: the words, their grade and the first id.
fn found(text: &str) -> Vec<(String, Grade, String)> {
    let of = |m: Match| (text[m.range.clone()].to_owned(), m.grade, ids(&m)[0].clone());
    dictionary(TABLE).find(text).into_iter().map(of).collect()
}

fn check(text: &str, expected: &[(&str, Grade, &str)]) {
    let found = found(text);
    let found: Vec<_> = found.iter().map(|(text, grade, id)| (text.as_str(), *grade, id.as_str())).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn finds_names_in_their_variants() {
    check(
        "METHOTREXATE-induced seizure",
        &[("METHOTREXATE", Grade::Exact, "MESH:D008727"), ("seizure", Grade::Variant, "MESH:D012640")],
    );
    check(
        "β‑carotene, beta carotene",
        &[("β‑carotene", Grade::Exact, "MESH:D019207"), ("beta carotene", Grade::Variant, "MESH:D019207")],
    );
    check(
        "the 5-HT2A receptors and interleukin-2, Interleukin2",
        &[
            ("5-HT2A receptors", Grade::Variant, "HGNC:5293"),
            ("interleukin-2", Grade::Variant, "HGNC:6001"),
            ("Interleukin2", Grade::Variant, "HGNC:6001"),
        ],
    );
    check(
        "lung neoplasm or cancer of the lung",
        &[
            ("lung neoplasm", Grade::Variant, "MESH:D008175"),
            ("lung", Grade::Exact, "MESH:D008168"),
            ("cancer of the lung", Grade::Variant, "MESH:D008175"),
            ("lung", Grade::Exact, "MESH:D008168"),
        ],
    );
    check(
        "Crohn’s disease with anaemia.",
        &[("Crohn’s disease", Grade::Variant, "MESH:D003424"), ("anaemia", Grade::Variant, "MESH:D000740")],
    );
    check("the cirrhotic liver", &[("cirrhotic", Grade::Variant, "MESH:D005355")]);
    check("(CaCl(2))", &[("CaCl(2)", Grade::Exact, "MESH:D002122")]);
}

#[test]
fn leaves_parts_of_words_and_symbols_in_small_letters() {
    check("premethotrexate methotrexates5 aids a cat Aids", &[]);
    check("AIDS", &[("AIDS", Grade::Exact, "MESH:D000163")]);
    check("beta\n\ncarotene", &[]);
    check("beta\ncarotene", &[("beta\ncarotene", Grade::Variant, "MESH:D019207")]);
}

#[test]
fn ids_of_other_vocabularies_come_with_their_mesh_id() {
    let matches = dictionary(TABLE).find("methotrexate, methotrexate sodium, cirrhosis");
    assert_eq!(ids(&matches[0]), ["MESH:D008727", "CHEBI:44185"]);
    assert_eq!(ids(&matches[1]), ["MESH:D008727", "UNII:3IG1E710ZN"], "a salt is linked to its base");
    assert_eq!(ids(&matches[2]), ["MESH:D005355", "MESH:D008103"], "what is ambiguous stays so");
}

#[test]
fn names_of_a_concept_are_those_of_all_vocabularies() {
    let terms = Terms::from_bytes(build(Builder::new(""), TABLE)).unwrap();
    let mesh = |kind, id: &str| Concept { kind, vocabulary: "MESH".to_owned(), id: id.to_owned() };
    let names = terms.names_of(&mesh(Kind::Chemical, "D008727"));
    assert_eq!(names, ["amethopterin", "methotrexate", "methotrexate sodium"]);
    assert!(terms.names_of(&mesh(Kind::Gene, "D1")).is_empty());
    let chemicals = terms.concepts_of(Kind::Chemical);
    assert!(chemicals.iter().flatten().any(|name| name == "methotrexate"), "{chemicals:?}");
    assert!(!chemicals.iter().any(Vec::is_empty));
}

#[test]
fn a_whole_name_has_each_of_its_meanings_with_all_their_ids_and_names() {
    let table = format!("{TABLE}COLD\tDOID:3083\tdisease\tdo\nCOPD\tDOID:3083\tdisease\tdo\n");
    let meanings = dictionary(&table).meanings("cold");
    let ids: Vec<_> = meanings.iter().map(|m| (m.concepts[0].joined(), m.symbol)).collect();
    assert_eq!(ids, [("DOID:3083".to_owned(), true), ("MONDO:1".to_owned(), false)]);
    assert_eq!(meanings[0].names, ["cold", "copd"]);

    let methotrexate = dictionary(&table).meanings("Amethopterin");
    let ids: Vec<_> = methotrexate[0].concepts.iter().map(Concept::joined).collect();
    assert_eq!(ids, ["MESH:D008727", "CHEBI:44185", "UNII:3IG1E710ZN"]);
    assert_eq!(methotrexate[0].names, ["amethopterin", "methotrexate", "methotrexate sodium"]);
    for (name, id) in [
        ("aids", "MESH:D000163"),
        ("seizure", "MESH:D012640"),
        (" CaCl(2) ", "MESH:D002122"),
        ("cats", "HGNC:1516"),
    ] {
        let found = dictionary(&table).meanings(name);
        assert_eq!(found.iter().map(|m| m.concepts[0].joined()).collect::<Vec<_>>(), [id], "{name}");
    }
    for unknown in ["methotrexate cold", "metho", "", "-", "blorfenazine"] {
        assert_eq!(dictionary(&table).meanings(unknown), [], "{unknown}");
    }
}

#[test]
fn a_curators_dictionary_goes_first() {
    let own =
        "\u{feff}Name\tType\tID\r\nMTX\tdrug\tLOCAL:1\r\nmethotrexate\tdrug\tLOCAL:2\r\nNa\tdrug\t-\r\n";
    let layers = [build(Builder::new("own"), own), build(Builder::new(""), TABLE)];
    let layers = layers.map(|bytes| Arc::new(Terms::from_bytes(bytes).unwrap()));
    let matches = Dictionary::new(layers.to_vec()).find("MTX is methotrexate with Na");
    assert_eq!(ids(&matches[0]), ["LOCAL:1"]);
    assert_eq!(ids(&matches[1]), ["LOCAL:2", "MESH:D008727", "CHEBI:44185"]);
    assert_eq!(matches[2].concepts[0].id, "");
}

#[test]
fn terminologies_lose_common_words_and_gain_everyday_names() {
    let terms = Terms::from_bytes(build(Builder::of_terminologies(""), TABLE)).unwrap();
    let dictionary = Dictionary::new(vec![Arc::new(terms)]);
    let text = "a cold with nephrotoxicity and renal damage";
    let found: Vec<&str> = dictionary.find(text).into_iter().map(|m| &text[m.range]).collect();
    assert_eq!(found, ["nephrotoxicity", "renal damage"]);
}

#[test]
fn a_bad_table_is_reported_by_line() {
    let rows: Vec<_> = Row::table("name\tid\na\tX:1\nb\n\nc\tX:2".as_bytes(), "mine.tsv").collect();
    assert_eq!(rows.len(), 3);
    assert!(rows[1].as_ref().unwrap_err().to_string().starts_with("mine.tsv, line 3: 1 columns"));
    assert_eq!(rows[2].as_ref().unwrap().name, "c");
    let none: Vec<_> = Row::table("a\tb\nc\td".as_bytes(), "mine.tsv").collect();
    assert!(matches!(none.as_slice(), [Err(RowError::NoNames { .. })]));
}

#[test]
fn a_bad_file_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.terms");
    assert!(matches!(Terms::open(&path), Err(FileError::Read { .. })));
    let bytes = build(Builder::new("about it"), TABLE);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(Terms::open(&path).unwrap().about(), "about it");

    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (content, expected) in [
        (b"name\tid\n".to_vec(), "not a dictionary"),
        (bytes[..40].to_vec(), "damaged"),
        (damaged, "damaged"),
        ([&bytes[..8], &9u32.to_le_bytes(), &bytes[12..]].concat(), "version 9"),
        (Vec::new(), "not a dictionary"),
    ] {
        fs::write(&path, content).unwrap();
        let message = Terms::open(&path).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("own.terms"), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_searched_and_every_match_is_on_word_boundaries(
        parts in prop::collection::vec(
            prop_oneof![
                any::<String>(),
                prop::sample::select(TABLE.lines().flat_map(|line| line.split('\t').next()).map(str::to_owned).collect::<Vec<_>>()),
                prop::sample::select(vec![" ", "-", "\r\n", "’s ", "\u{301}", "(", ")", "β", "\u{1F9EC}"]).prop_map(str::to_owned),
            ],
            0..12,
        )
    ) {
        let text = parts.concat();
        let mut ends = std::collections::BTreeMap::new();
        for matched in dictionary(TABLE).find(&text) {
            let quote = text.get(matched.range.clone()).unwrap();
            prop_assert!(quote.starts_with(char::is_alphanumeric));
            let before = text[..matched.range.start].chars().next_back();
            let after = text[matched.range.end..].chars().next();
            prop_assert!(before.is_none_or(|c| !c.is_alphanumeric()), "{text:?} {quote:?}");
            prop_assert!(after.is_none_or(|c| !c.is_alphanumeric()), "{text:?} {quote:?}");
            let end = ends.entry(matched.kind).or_insert(0);
            prop_assert!(matched.range.start >= *end);
            *end = matched.range.end;
            prop_assert!(!matched.concepts.is_empty());
        }
    }

    #[test]
    fn any_text_is_searched_for_abbreviations(text in "[A-Za-zβ ()\\[\\];,.\u{301}\u{1F9EC}\n]{0,80}") {
        for abbreviation in terms::abbreviations::abbreviations(&text) {
            prop_assert!(text.get(abbreviation.short).is_some() && text.get(abbreviation.long).is_some());
        }
    }

    #[test]
    fn any_table_and_any_file_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Row::table(bytes.as_slice(), "x").count();
        let _ = Terms::from_bytes(bytes.clone());
        let _ = Terms::from_bytes([b"OSLTERMS\x01\0\0\0".to_vec(), bytes].concat());
    }
}
