//! What is let into the glossary, and in which order.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::fs;
use std::sync::Arc;

use glossary::{Builder, Entry, Glossary, Nature, define};
use terms::{Dictionary, Row, Terms};

const NAMES: &str = "name\tid\ttype\tsource
warfarin\tMESH:D014859\tchemical\tmesh
Warfarin\tCHEBI:10033\tchemical\tchebi-2013
Coumadin\tMESH:D014859\tchemical\tmesh
gout\tMESH:D006073\tdisease\tmesh
";

const DEFINITIONS: &str = r#"{"term": "warfarin", "definition": "A coumarin with a phenyl group at position 3.", "id": "CHEBI:10033", "type": "chemical", "source": "chebi-2013", "licence": "CC BY 4.0 (ChEBI)", "synonyms": ["4-hydroxy-3-(3-oxo-1-phenylbutyl)chromen-2-one", "Coumafene", "Warfarin"]}
{"term": "rodenticide X", "definition": "A compound that has formula C3H6O2.", "id": "CHEBI:1", "type": "chemical", "source": "chebi-2013", "licence": "CC BY 4.0 (ChEBI)"}
{"term": "gout", "definition": "an arthritis from uric acid", "type": "glossary", "source": "openstax-anatomy-physiology", "licence": "CC BY-NC-SA 4.0"}
{"term": "Gout", "definition": "Gout is a kind of arthritis. It comes from uric acid in the joints.", "id": "UMLS:C0018099", "type": "medquad", "source": "medquad-niddk", "licence": "CC BY 4.0"}
{"term": "Gout", "definition": "Here are links to more information about gout from the institutes of health.", "id": "UMLS:C0018099", "type": "medquad", "source": "medquad-cdc", "licence": "CC BY 4.0"}
{"term": "gout", "definition": "An arthritis that has_material_basis_in uric acid.", "id": "DOID:13189", "type": "disease", "source": "disease-ontology", "licence": "CC0 1.0"}
{"term": "Gout ", "definition": "Uric acid  in joints", "id": "HP:0001997", "type": "phenotype", "source": "hpo", "licence": "HPO licence (free use with attribution, version shown)"}
{"term": "positive regulation of gout", "definition": "Any process that activates gout.", "id": "GO:1", "type": "biological_process", "source": "go-2013", "licence": "CC BY 4.0 (Gene Ontology)"}
{"term": "secret", "definition": "A thing whose licence nobody knows.", "source": "somewhere", "licence": "all rights reserved"}
"#;

const ROLES: &str = "chebi\tname\trole_id\trole
CHEBI:10033\twarfarin\tCHEBI:76924\tmetabolite
CHEBI:10033\twarfarin\tCHEBI:50249\tanticoagulant
CHEBI:10033\twarfarin\tCHEBI:33288\trodenticide
CHEBI:2\tdull stuff\tCHEBI:76924\tmetabolite
";

const PROSE: &str = r#"{"id": "PMC1", "source": "papers", "kind": "article", "licence": "CC BY", "pmid": "11", "title": "Clots", "text": "We saw nine. Warfarin (Coumadin) is an oral anticoagulant that hinders the recycling of vitamin K. All did well."}
{"id": "PMC2", "source": "papers", "kind": "article", "licence": "CC BY-NC", "text": "Warfarin is an anticoagulant of which this journal allows no copy to be sold at all."}
{"id": "PMID33", "source": "papers", "kind": "abstract", "licence": "licence not stated", "text": "Warfarin is an anticoagulant whose abstract has no stated licence in any of our sources."}
{"id": "PMC4", "source": "papers", "kind": "article", "licence": "CC BY", "text": "Nobody's word is an anticoagulant that no dictionary and no definition has ever named."}
"#;

fn dictionary() -> Dictionary {
    let mut builder = terms::Builder::new("");
    Row::table(NAMES.as_bytes(), "names").for_each(|row| builder.add(&row.unwrap()));
    Dictionary::new(vec![Arc::new(Terms::from_bytes(builder.finish().unwrap().0).unwrap())])
}

fn gathered() -> Vec<Entry> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("prose")).unwrap();
    for (name, text) in [
        ("definitions.jsonl", DEFINITIONS),
        ("chebi_roles.tsv", ROLES),
        ("terms.tsv", NAMES),
        ("prose/articles.jsonl", PROSE),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    corpus::gather(folder.path(), &dictionary()).unwrap().entries
}

#[test]
fn what_may_not_be_given_away_does_not_come_through() {
    for entry in gathered() {
        let licence = &entry.source.licence;
        assert!(
            !["NC", "SA", "not stated", "rights"].iter().any(|clause| licence.contains(clause)),
            "{entry:?}"
        );
    }
    let counts: Vec<usize> = [Nature::Definition, Nature::Roles, Nature::Sentence, Nature::Structure]
        .iter()
        .map(|nature| gathered().iter().filter(|entry| entry.nature == *nature).count())
        .collect();
    assert_eq!(counts, [3, 1, 1, 1], "{:#?}", gathered());
}

#[test]
fn texts_stay_as_their_sources_have_them() {
    let entries = gathered();
    let of = |id: &str| entries.iter().find(|entry| entry.id == id).unwrap();
    assert_eq!(of("HP:0001997").text, "Uric acid  in joints");
    assert_eq!(
        (of("HP:0001997").source.release.as_str(), of("HP:0001997").term.as_str()),
        ("2025-01-16", "Gout ")
    );
    assert_eq!(of("DOID:13189").text, "An arthritis that has_material_basis_in uric acid.");
    let roles = entries.iter().find(|entry| entry.nature == Nature::Roles).unwrap();
    assert_eq!(roles.text, "Roles (ChEBI 105): anticoagulant; rodenticide; metabolite");
    let sentence = entries.iter().find(|entry| entry.nature == Nature::Sentence).unwrap();
    let quote = "Warfarin (Coumadin) is an oral anticoagulant that hinders the recycling of vitamin K.";
    assert_eq!(sentence.text, quote);
    let document = sentence.document.as_ref().unwrap();
    assert_eq!(
        (document.id.as_str(), document.pmid.as_str(), document.title.as_str()),
        ("PMC1", "11", "Clots")
    );
    let structure = entries.iter().find(|entry| entry.nature == Nature::Structure).unwrap();
    assert_eq!(
        structure.synonyms,
        ["Coumafene"],
        "neither nomenclature nor what the dictionary knows by itself"
    );
}

#[test]
fn the_best_text_comes_first() {
    let mut builder = Builder::new("");
    gathered().into_iter().for_each(|entry| builder.add(entry));
    let glossary = Arc::new(Glossary::from_bytes(builder.finish().unwrap().0).unwrap());
    let texts = |term: &str| -> Vec<String> {
        let definitions = define(term, &dictionary(), std::slice::from_ref(&glossary)).unwrap();
        assert_eq!(definitions.meanings.len(), 1, "{definitions:#?}");
        definitions.meanings[0].entries.iter().map(|entry| entry.source.name.clone()).collect()
    };
    let drug = ["ChEBI, roles", "Article: papers", "ChEBI"];
    assert_eq!(texts("warfarin"), drug);
    assert_eq!(texts("Coumadin"), drug);
    assert_eq!(
        texts("gout"),
        [
            "National Institute of Diabetes and Digestive and Kidney Diseases (MedQuAD)",
            "Human Disease Ontology",
            "Human Phenotype Ontology"
        ]
    );
}
