//! What a curator notices of a glossary: what it says, what it leaves open, what it says about a bad file.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::fs;
use std::sync::{Arc, OnceLock};

use glossary::{
    Builder, Defaults, Definitions, Document, Entry, FileError, Glossary, Nature, Source, define, jsonl,
    table,
};
use proptest::prelude::*;
use terms::{Dictionary, Row, Terms};

/// As large terminologies have them: COPD is also called COLD, a symbol.
const NAMES: &str = "name\tid\ttype\tsource
Common Cold\tMESH:D003139\tdisease\tmesh
Cold, Common\tMESH:D003139\tdisease\tmesh
COPD\tMESH:D029424\tdisease\tmesh
COLD\tMESH:D029424\tdisease\tmesh
Pulmonary Disease, Chronic Obstructive\tMESH:D029424\tdisease\tmesh
COPD\tMONDO:0005002\tdisease\tmondo
chronic obstructive pulmonary disease\tMONDO:0005002\tdisease\tmondo
Aspirin\tMESH:D001241\tchemical\tmesh
Acetylsalicylic Acid\tMESH:D001241\tchemical\tmesh
acetylsalicylic acid\tCHEBI:15365\tchemical\tchebi
Ecotrin\tUNII:R16CO5Y76E\tdrug\tunii
Aspirin\tUNII:R16CO5Y76E\tdrug\tunii
Depression\tHP:0000716\tphenotype\thpo
depression\tMONDO:0002050\tdisease\tmondo
depressive disorder\tMONDO:0002050\tdisease\tmondo
warfarin\tMESH:D014859\tchemical\tmesh
";

const TEXTS: &str = r#"{"term": "common cold", "definition": "An acute infection of the nose and throat.", "id": "DOID:10459", "type": "disease", "source": "DO", "licence": "CC0", "synonyms": ["cold", "acute coryza"]}
{"term": "chronic obstructive pulmonary disease", "definition": "A lung disease with airflow that stays limited.", "id": "DOID:3083", "type": "disease", "source": "DO", "licence": "CC0", "synonyms": ["COLD", "COPD"]}
{"term": "cold", "definition": "A low temperature.", "source": "a physics book", "licence": "CC BY"}
{"term": "aspirin", "definition": "A salicylate that relieves pain  and fever; α-form.", "source": "a textbook", "licence": "CC BY"}
{"term": "Depression", "definition": "Frequently feeling down.", "id": "HP:0000716", "type": "phenotype", "source": "HPO", "licence": "HPO"}
{"term": "depressive disorder", "definition": "A disorder of mood.", "id": "DOID:1596", "type": "disease", "source": "DO", "licence": "CC0"}
{"term": "apoptosis", "definition": "A programmed cell death.", "id": "GO:0006915", "type": "biological_process", "source": "GO", "licence": "CC BY"}
"#;

fn defaults() -> Defaults {
    let text = str::to_owned;
    Defaults { source: Source { name: text("mine"), release: text("1"), licence: text("own") } }
}

fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = jsonl(TEXTS.as_bytes(), "texts", &defaults()).map(Result::unwrap).collect();
    let aspirin = entries[3].clone();
    let chebi = |text: &str, nature, rank| Entry {
        term: "acetylsalicylic acid".to_owned(),
        text: text.to_owned(),
        id: "CHEBI:15365".to_owned(),
        nature,
        rank,
        ..aspirin.clone()
    };
    entries.push(chebi("A benzoic acid with an acetoxy group.", Nature::Structure, 54));
    entries.push(chebi("Roles (ChEBI 105): antipyretic", Nature::Roles, 20));
    let document = Document { id: "PMC1".into(), pmid: "17".into(), doi: "10.1/x".into(), title: "T".into() };
    let sentence = "Aspirin is a drug against pain.".to_owned();
    entries.push(Entry {
        text: sentence,
        nature: Nature::Sentence,
        document: Some(document),
        rank: 30,
        ..aspirin
    });
    entries
}

fn built(entries: impl IntoIterator<Item = Entry>) -> Vec<u8> {
    let mut builder = Builder::new("about it");
    entries.into_iter().for_each(|entry| builder.add(entry));
    builder.finish().unwrap().0
}

fn dictionary() -> &'static Dictionary {
    static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();
    DICTIONARY.get_or_init(|| {
        let mut builder = terms::Builder::new("");
        Row::table(NAMES.as_bytes(), "names").for_each(|row| builder.add(&row.unwrap()));
        Dictionary::new(vec![Arc::new(Terms::from_bytes(builder.finish().unwrap().0).unwrap())])
    })
}

fn asked(term: &str) -> Definitions {
    static GLOSSARY: OnceLock<Arc<Glossary>> = OnceLock::new();
    let glossary = GLOSSARY.get_or_init(|| Arc::new(Glossary::from_bytes(built(entries())).unwrap()));
    define(term, dictionary(), std::slice::from_ref(glossary)).unwrap()
}

/// Name and first text of each meaning.
fn said(term: &str) -> Vec<(String, String)> {
    let first = |entries: &[Entry]| entries.first().map(|entry| entry.text.clone()).unwrap_or_default();
    asked(term).meanings.into_iter().map(|meaning| (meaning.name, first(&meaning.entries))).collect()
}

#[test]
fn everything_comes_back_word_for_word() {
    let mut expected = entries();
    let first = expected[0].clone();
    // Enough for many blocks.
    expected.extend((0..3000).map(|n| Entry {
        term: format!("term {n}"),
        text: format!("Text {n}: naïve β–\u{1F9EC}\n two lines."),
        id: format!("X:{n}"),
        synonyms: Vec::new(),
        ..first.clone()
    }));
    let bytes = built(expected.clone());
    assert_eq!(bytes, built(expected.iter().rev().cloned()), "the order of what is added changes nothing");
    let glossary = Glossary::from_bytes(bytes).unwrap();
    assert_eq!(glossary.about(), "about it");
    for entry in expected {
        let named = glossary.named(&entry.term).unwrap();
        assert!(named.contains(&entry), "{entry:?} {named:?}");
        assert!(entry.id.is_empty() || glossary.of_id(&entry.id).unwrap().contains(&entry));
    }
    assert_eq!(glossary.named("term").unwrap(), []);
    assert_eq!(glossary.of_id("X:3000").unwrap(), []);
}

#[test]
fn what_cannot_be_looked_up_and_what_is_said_twice_is_left_out() {
    let one = entries().remove(0);
    let mut builder = Builder::new("");
    builder.add(one.clone());
    builder.add(one.clone());
    builder.add(Entry { term: "--".to_owned(), ..one.clone() });
    builder.add(Entry { text: " ".to_owned(), ..one.clone() });
    builder.add(Entry { text: "x".repeat(1 << 20), ..one });
    let (_, summary) = builder.finish().unwrap();
    assert_eq!((summary.entries, summary.skipped), (1, 4));
}

#[test]
fn an_ambiguous_name_has_each_of_its_meanings() {
    let cold = said("cold");
    let named: Vec<(&str, &str)> = cold.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(named.len(), 3, "{named:?}");
    for meaning in [
        ("common cold", "An acute infection of the nose and throat."),
        ("cold", "A low temperature."),
        ("chronic obstructive pulmonary disease", "A lung disease with airflow that stays limited."),
    ] {
        assert!(named.contains(&meaning), "{named:?}");
    }
    let ids: Vec<Vec<String>> = asked("cold").meanings.into_iter().map(|meaning| meaning.ids).collect();
    assert!(ids.contains(&vec!["MESH:D003139".to_owned(), "DOID:10459".to_owned()]), "{ids:?}");

    let depression = said("depression");
    assert_eq!(depression.len(), 2);
    assert!(depression.contains(&("Depression".to_owned(), "Frequently feeling down.".to_owned())));
    assert!(depression.contains(&("depressive disorder".to_owned(), "A disorder of mood.".to_owned())));
}

#[test]
fn every_name_of_the_dictionary_leads_to_the_texts_and_structure_comes_last() {
    for name in ["aspirin", "Ecotrin", "ACETYLSALICYLIC ACID", "acetylsalicylic acids"] {
        let definitions = asked(name);
        assert_eq!(definitions.meanings.len(), 1, "{name} {definitions:?}");
        let meaning = &definitions.meanings[0];
        let natures: Vec<Nature> = meaning.entries.iter().map(|entry| entry.nature).collect();
        let expected = [Nature::Definition, Nature::Roles, Nature::Sentence, Nature::Structure];
        assert_eq!(natures, expected, "{name}");
        assert_eq!(meaning.entries[0].text, "A salicylate that relieves pain  and fever; α-form.");
        assert_eq!(meaning.entries[2].document.as_ref().unwrap().pmid, "17");
        assert_eq!(meaning.kind, "Chemical");
        assert!(meaning.ids.contains(&"MESH:D001241".to_owned()) && definitions.is_known());
        assert_eq!(definitions.near, [""; 0]);
    }
    assert_eq!(said("Acute Coryza")[0].0, "common cold", "a name that only the source has");
    assert_eq!(asked("apoptosis").meanings[0].kind, "biological_process", "what no dictionary has");
}

#[test]
fn what_nobody_knows_is_not_described_and_near_names_are_offered() {
    for term in ["blorfenazine", "quevascorumab", "", "-", "of", "aspirin cold", "日本"] {
        let definitions = asked(term);
        assert!(!definitions.is_known() && definitions.meanings.is_empty(), "{definitions:?}");
        assert_eq!(definitions.near, [""; 0], "{term}");
    }
    assert_eq!(asked("asprin").near, ["aspirin"]);
    assert_eq!(asked("apotposis").near, ["apoptosis"]);
    let known = asked("warfarin");
    assert_eq!(known.meanings[0].ids, ["MESH:D014859"], "the dictionary alone knows it");
    assert!(!known.is_known());
    assert_eq!(asked("warfarim").near, [""; 0], "a name without a text is no help");
}

#[test]
fn a_curators_glossary_goes_first() {
    let own = "\u{feff}Term\tDefinition\tID\tLicence\tSynonyms\r\naspirin\tOur word for it.\tOWN:1\t\tASA|acetylsal\r\n";
    let own: Vec<Entry> = table(own.as_bytes(), "own.tsv", &defaults()).map(Result::unwrap).collect();
    assert_eq!(own[0].synonyms, ["ASA", "acetylsal"]);
    assert_eq!((own[0].id.as_str(), &own[0].source), ("OWN:1", &defaults().source));
    let other = r#"{"term": "a", "definition": "A.", "source": "a book"}"#;
    let other = jsonl(other.as_bytes(), "own.jsonl", &defaults()).next().unwrap().unwrap().source;
    assert_eq!((other.name.as_str(), other.release.as_str(), other.licence.as_str()), ("a book", "", "own"));
    let layers = [built(own), built(entries())].map(|bytes| Arc::new(Glossary::from_bytes(bytes).unwrap()));
    let aspirin = define("Ecotrin", dictionary(), &layers).unwrap();
    assert_eq!(aspirin.meanings.len(), 1);
    assert_eq!(aspirin.meanings[0].entries[0].text, "Our word for it.");
    assert_eq!(aspirin.meanings[0].entries.len(), 5);
    let by_own_name = define("acetylsal", dictionary(), &layers).unwrap();
    assert_eq!(by_own_name.meanings.len(), 1);
    assert_eq!(by_own_name.meanings[0].entries[0].text, "Our word for it.");
    let without = define("aspirin", &Dictionary::default(), &layers).unwrap();
    assert_eq!(without.meanings[0].entries[0].text, "Our word for it.", "without a dictionary, too");
}

#[test]
fn a_bad_line_is_reported_with_its_number_and_does_not_end_the_file() {
    let rows: Vec<_> = table(
        "term\tdefinition\tid\na\tA.\tX:1\nb\n\nc\t \tX:2\nd\tD.\t-".as_bytes(),
        "mine.tsv",
        &defaults(),
    )
    .collect();
    let message = |at: usize| rows[at].as_ref().unwrap_err().to_string();
    assert_eq!(rows.len(), 4);
    assert!(message(1).starts_with("mine.tsv, line 3: 1 columns"), "{}", message(1));
    assert!(message(2).starts_with("mine.tsv, line 5: the definition is empty"), "{}", message(2));
    assert_eq!((rows[3].as_ref().unwrap().text.as_str(), rows[3].as_ref().unwrap().id.as_str()), ("D.", ""));
    let none: Vec<_> = table("a\tb\nc\td\n".as_bytes(), "mine.tsv", &defaults()).collect();
    assert!(none.len() == 1 && none[0].as_ref().unwrap_err().to_string().contains("`term` and `definition`"));
    let lines =
        "{\"term\": \"a\", \"definition\": \"A.\"}\n{\"term\": 1}\n{\"term\": \"b\"}\n\u{0}\n".as_bytes();
    let rows: Vec<_> = jsonl(lines, "mine.jsonl", &defaults()).collect();
    let good: Vec<bool> = rows.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, false, false]);
    assert!(rows[1].as_ref().unwrap_err().to_string().starts_with("mine.jsonl, line 2: "));
    let broken: Vec<_> =
        jsonl(&b"\xff\n{\"term\": \"a\", \"definition\": \"A.\"}"[..], "x", &defaults()).collect();
    assert!(broken[0].is_err() && broken[1].is_ok(), "a line in another encoding is one bad line");
}

#[test]
fn a_bad_file_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.glossary");
    assert!(matches!(Glossary::open(&path), Err(FileError::Read { .. })));
    let bytes = built(entries());
    fs::write(&path, &bytes).unwrap();
    assert_eq!(Glossary::open(&path).unwrap().about(), "about it");

    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let dictionary = terms::Builder::new("").finish().unwrap().0;
    for (content, expected) in [
        (b"term\tdefinition\n".to_vec(), "not a glossary"),
        (dictionary, "not a glossary"),
        (bytes[..60].to_vec(), "damaged"),
        (damaged, "damaged"),
        ([&bytes[..8], &9u32.to_le_bytes(), &bytes[12..]].concat(), "glossary version 9"),
        (Vec::new(), "not a glossary"),
    ] {
        fs::write(&path, content).unwrap();
        let message = Glossary::open(&path).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("own.glossary"), "{message}");
        assert!(message.contains("osler-cli"), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever changes a file on purpose can make its checksum right again.
    #[test]
    fn a_file_made_to_do_harm_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let mut bytes = built(entries());
        for (at, byte) in changes {
            let at = 16 + at.index(bytes.len() - 16);
            bytes[at] = byte;
        }
        let checksum = crc32fast::hash(&bytes[16..]);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(glossary) = Glossary::from_bytes(bytes) {
            let glossary = Arc::new(glossary);
            for term in ["cold", "aspirin", "apoptosis", "asprin"] {
                let _ = define(term, dictionary(), std::slice::from_ref(&glossary));
            }
            let _ = (glossary.of_id("DOID:3083"), glossary.near("aspirins"), glossary.named("COLD"));
        }
    }

    #[test]
    fn any_file_and_any_term_is_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..300), term in any::<String>()
    ) {
        let _ = (table(bytes.as_slice(), "x", &defaults()).count(), jsonl(bytes.as_slice(), "x", &defaults()).count());
        let _ = Glossary::from_bytes([b"OSLGLOSS\x01\0\0\0".to_vec(), bytes].concat());
        let definitions = asked(&term);
        prop_assert!(definitions.is_known() || definitions.meanings.iter().all(|one| one.entries.is_empty()));
    }
}
