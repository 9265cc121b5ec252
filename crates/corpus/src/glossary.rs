//! What Osler's own glossary is made of: definitions of ontologies and fact sheets, roles of substances, and the sentences
//! of prose that say what something is; all of it under licences that allow it to be given away.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use glossary::{Document, Entry, Nature, Source};
use terms::Dictionary;

use crate::definition_sentences::{self, DefinitionSentence, Names};
use crate::fact_sheets::{Directness, excerpt};
use crate::licences::{Terms, terms};
use crate::records::{Definition, Record, find, jsonl_files, read_lines, read_text_lines};
use crate::{Error, common, definitions::is_formulaic};

/// What is said, and what became of the rest.
#[derive(Debug, Default)]
pub struct Gathered {
    /// All entries, ready for [`glossary::Builder`].
    pub entries: Vec<Entry>,
    /// By collection and outcome (`kept`, `licence`, ...).
    pub counts: BTreeMap<(String, &'static str), u64>,
}

/// Attribution that the sources ask for.
pub const ABOUT: &str = "\
What public sources say a term is, word for word, each text with its source, release, licence and id.
Human Phenotype Ontology, release 2025-01-16: www.human-phenotype-ontology.org, texts unchanged.
Human Disease Ontology: CC0, disease-ontology.org.
Gene Ontology, ChEBI (release 105), Cell Ontology, Pathway Ontology and the ontologies that HPO imports: CC BY 4.0; releases \
of 2013 where a text says so.
MedQuAD (A. Ben Abacha, D. Demner-Fushman): beginnings of fact sheets of the U.S. National Institutes of Health, CC BY 4.0.
OpenStax Nursing, glossaries: CC BY 4.0.
Single sentences of articles and abstracts under open licences, each with its document.
Roles of substances are rows of ChEBI, put into one line.
This is research material, not medical advice; some of it is more than ten years old.";

/// The order of what is said about one thing, best first. Fact sheets and glossaries of textbooks are written for people
/// who ask; ontologies are exact, but speak to those who know the words; roles say what a substance does; a sentence of an
/// article says what its author needed there. How a substance is built comes last: nobody asks for a formula first.
mod rank {
    pub(super) const FACT_SHEET: u8 = 10;
    pub(super) const TEXTBOOK_GLOSSARY: u8 = 12;
    pub(super) const DISEASES: u8 = 14;
    pub(super) const PHENOTYPES: u8 = 15;
    pub(super) const OTHER_ONTOLOGIES: u8 = 16;
    pub(super) const ROLES: u8 = 20;
    pub(super) const STRUCTURE_AND_USE: u8 = 22;
    pub(super) const INDIRECT_FACT_SHEET: u8 = 24;
    pub(super) const SENTENCE: u8 = 30;
    pub(super) const LAST_SENTENCE: u8 = 49;
    pub(super) const STRUCTURE: u8 = 54;
}

/// A definition of fewer words that gives a formula gives nothing else.
const FORMULA_WORDS: usize = 12;
/// Names by which people look something up: longer ones and those of systematic nomenclature only take room.
const LONGEST_SYNONYM: usize = 60;
/// Roles that a thousand substances have: where there is no other, none is given.
const GENERAL_ROLES: &[&str] = &[
    "metabolite",
    "secondary metabolite",
    "epitope",
    "hapten",
    "antigen",
    "mimotope",
    "fluorochrome",
    "xenobiotic",
    "biomarker",
];
/// What a sentence of one is called by.
const FACT_SHEET: &str = "Fact sheet";
/// Release of ChEBI that roles and definitions are from.
const CHEBI_RELEASE: &str = "105";

/// Reads the corpora's folder: `definitions.jsonl`, `chebi_roles.tsv` and `prose/*.jsonl`. Sentences are kept that are about
/// a name of the dictionary or of a definition.
///
/// # Errors
/// Where a file cannot be read.
pub fn gather(corpora: &Path, dictionary: &Dictionary) -> Result<Gathered, Error> {
    let mut gathered = Gathered::default();
    let (names, _) = Names::read(corpora)?;
    let (mut documents, mut told) = (Vec::new(), Vec::new());
    let (mut defined, mut explained) = (HashSet::new(), HashSet::new());
    if let Some(file) = find(corpora, "definitions.jsonl") {
        let aliases = aliases();
        read_lines(&file, |definition: Definition| {
            defined.insert(common::key(&definition.term));
            // "Tocilizumab is an antibody ..." begins the definition of the tocilizumab drug pathway.
            if definition.source == "pathway-ontology" && terms(&definition.licence) == Terms::Open {
                let of_source = documents.len();
                let found = names.definition_sentences(&definition.definition, "textbook", of_source);
                let found =
                    found.into_iter().filter(|told| common::key(&told.term) != common::key(&definition.term));
                told.extend(found);
                let (name, release) = collection(&definition.source);
                let source =
                    Source { name, release: release.to_owned(), licence: definition.licence.clone() };
                let id = definition.id.clone().unwrap_or_default();
                let title = definition.term.clone();
                documents.push((source, Document { id, title, ..Document::default() }));
            }
            let outcome = match definition_entry(&definition, &aliases) {
                Ok(mut entry) => {
                    entry.synonyms.retain(|name| leads_on(name, &entry.id, dictionary));
                    if entry.rank == rank::FACT_SHEET {
                        explained.insert(common::key(&entry.term));
                        explained.extend(entry.synonyms.iter().map(|name| common::key(name)));
                    }
                    gathered.entries.push(entry);
                    "kept"
                }
                Err(reason) => reason,
            };
            *gathered.counts.entry((definition.source, outcome)).or_default() += 1;
            Ok(())
        })?;
    }
    if let Some(file) = find(corpora, "chebi_roles.tsv") {
        let roles = roles(&file)?;
        gathered.counts.insert(("chebi-roles".to_owned(), "kept"), roles.len() as u64);
        gathered.entries.extend(roles);
    }
    sentences_of_prose(corpora, &names, &mut told, &mut documents, &mut gathered)?;
    for (term, of_term) in definition_sentences::best(told) {
        let first = of_term.first().map(|told| told.term.clone()).unwrap_or_default();
        let meanings = dictionary.meanings(&first);
        let chemical = meanings.iter().any(|meaning| meaning.kind == terms::Kind::Chemical);
        for told in of_term {
            let (source, document) = documents[told.source].clone();
            // The sheet on the term itself says it better.
            let said = source.name.starts_with(FACT_SHEET) && explained.contains(&term);
            let known = defined.contains(&term) || !meanings.is_empty();
            if !said && if told.before { chemical } else { known } {
                gathered.entries.push(sentence(told, source, document));
            }
        }
    }
    let kept = gathered.entries.iter().filter(|entry| entry.nature == Nature::Sentence).count();
    gathered.counts.insert(("sentences".to_owned(), "kept"), kept as u64);
    Ok(gathered)
}

/// Whether a name is needed to find the entry with this id: the dictionary leads there from the names that it has for it.
fn leads_on(name: &str, id: &str, dictionary: &Dictionary) -> bool {
    let systematic = name.contains(|c: char| c.is_ascii_digit()) && name.contains(['(', '[', '{', ',']);
    let known = || {
        let concepts = dictionary.meanings(name).into_iter().flat_map(|meaning| meaning.concepts);
        concepts.map(|concept| concept.joined()).any(|known| known == id)
    };
    name.len() <= LONGEST_SYNONYM && !systematic && (id.is_empty() || !known())
}

fn definition_entry(
    definition: &Definition,
    aliases: &HashMap<String, Vec<String>>,
) -> Result<Entry, &'static str> {
    if terms(&definition.licence) != Terms::Open {
        return Err("licence");
    }
    let (name, release) = collection(&definition.source);
    let mut entry = Entry {
        term: definition.term.clone(),
        synonyms: definition.synonyms.clone(),
        text: definition.definition.trim().to_owned(),
        nature: Nature::Definition,
        kind: if definition.kind == "medquad" || definition.kind == "glossary" {
            String::new()
        } else {
            definition.kind.clone()
        },
        id: definition.id.clone().unwrap_or_default(),
        source: Source { name, release: release.to_owned(), licence: definition.licence.clone() },
        document: None,
        rank: 0,
    };
    entry.rank = match definition.source.as_str() {
        source if source.starts_with("medquad") => {
            let (text, directness) =
                excerpt(&entry.term, &entry.synonyms, &entry.text).ok_or("does not say what it is")?;
            entry.text = text.to_owned();
            if directness == Directness::AtOnce { rank::FACT_SHEET } else { rank::INDIRECT_FACT_SHEET }
        }
        source if source.starts_with("openstax") => rank::TEXTBOOK_GLOSSARY,
        "disease-ontology" => rank::DISEASES,
        "hpo" => rank::PHENOTYPES,
        source if source.contains("chebi") => {
            if entry.text.contains(" formula ") && entry.text.split_whitespace().count() < FORMULA_WORDS {
                return Err("says a formula only");
            }
            if says_what_for(&entry.text) {
                rank::STRUCTURE_AND_USE
            } else {
                entry.nature = Nature::Structure;
                rank::STRUCTURE
            }
        }
        "go-2013" if is_formulaic(&entry.text) => return Err("formulaic"),
        _ => rank::OTHER_ONTOLOGIES,
    };
    if entry.text.split_whitespace().count() < 2 {
        return Err("says too little");
    }
    entry.synonyms.extend(aliases.get(&common::key(&entry.term)).into_iter().flatten().cloned());
    Ok(entry)
}

/// Whether a definition of a substance says what it does: the others say how it is built.
fn says_what_for(text: &str) -> bool {
    let lower = text.to_lowercase();
    let use_of = [
        "used ",
        "treat",
        "inhibits",
        "prevents",
        "hormone",
        "antibiotic",
        "drug",
        "vitamin",
        "neurotransmitter",
        "toxin",
        "produces loss of",
        "relieves",
        "induces",
        "stimulates",
    ];
    let kind_of = [
        " agent",
        "inhibitor",
        "antagonist",
        "agonist",
        "blocker",
        "monoclonal antibody",
        "analgesic",
        "vaccine",
    ];
    use_of.iter().chain(&kind_of).any(|word| lower.contains(word))
}

/// What a collection of definitions is called, and its release where one is known.
fn collection(source: &str) -> (String, &'static str) {
    const HPO: &str = "2025-01-16";
    const AS_IN_EMBOSS: &str = "2013";
    let imported = |name: &str| (format!("{name}, as imported by the Human Phenotype Ontology"), HPO);
    match source {
        "hpo" => ("Human Phenotype Ontology".to_owned(), HPO),
        "disease-ontology" => ("Human Disease Ontology".to_owned(), ""),
        "cell-ontology" => ("Cell Ontology".to_owned(), ""),
        "go-2013" => ("Gene Ontology".to_owned(), AS_IN_EMBOSS),
        "chebi-2013" => ("ChEBI".to_owned(), CHEBI_RELEASE),
        "pathway-ontology" => ("Pathway Ontology".to_owned(), AS_IN_EMBOSS),
        "openstax-nursing" => ("OpenStax Nursing, glossaries".to_owned(), ""),
        "hpo-import-chebi" => imported("ChEBI"),
        "hpo-import-cl" => imported("Cell Ontology"),
        "hpo-import-go" => imported("Gene Ontology"),
        "hpo-import-mpath" => imported("Mouse Pathology Ontology"),
        "hpo-import-nbo" => imported("Neuro Behavior Ontology"),
        "hpo-import-pr" => imported("Protein Ontology"),
        "medquad-cancergov" => ("National Cancer Institute (MedQuAD)".to_owned(), ""),
        "medquad-cdc" => ("Centers for Disease Control and Prevention (MedQuAD)".to_owned(), ""),
        "medquad-gard" => ("Genetic and Rare Diseases Information Center (MedQuAD)".to_owned(), ""),
        "medquad-ghr" => ("Genetics Home Reference (MedQuAD)".to_owned(), ""),
        "medquad-mplushealthtopics" => ("MedlinePlus Health Topics (MedQuAD)".to_owned(), ""),
        "medquad-nhlbi" => ("National Heart, Lung, and Blood Institute (MedQuAD)".to_owned(), ""),
        "medquad-niddk" => {
            ("National Institute of Diabetes and Digestive and Kidney Diseases (MedQuAD)".to_owned(), "")
        }
        "medquad-nihseniorhealth" => ("NIHSeniorHealth (MedQuAD)".to_owned(), ""),
        "medquad-ninds" => {
            ("National Institute of Neurological Disorders and Stroke (MedQuAD)".to_owned(), "")
        }
        other => (other.to_owned(), ""),
    }
}

/// One line for all roles of a substance. The words are ChEBI's.
fn roles(file: &Path) -> Result<Vec<Entry>, Error> {
    let mut by_id: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    read_text_lines(file, |number, line| {
        let cells: Vec<&str> = line.trim_end().split('\t').collect();
        match cells[..] {
            _ if number == 1 => {}
            [id, name, _, role] => {
                let (_, roles) = by_id.entry(id.to_owned()).or_insert_with(|| (name.to_owned(), Vec::new()));
                if !roles.iter().any(|other| other == role) {
                    roles.push(role.to_owned());
                }
            }
            _ => return Err(Error::malformed(file, format!("line {number}"), "four columns are expected")),
        }
        Ok(())
    })?;
    let general = |role: &String| GENERAL_ROLES.contains(&role.as_str());
    by_id.retain(|_, (_, roles)| !roles.iter().all(general));
    let entry = |(id, (term, mut roles)): (String, (String, Vec<String>))| {
        // What few substances do says most.
        roles.sort_by_key(general);
        // What everybody calls calcium is "calcium atom" there.
        let synonyms = term.strip_suffix(" atom").map(str::to_owned).into_iter().collect();
        Entry {
            term,
            synonyms,
            text: format!("Roles (ChEBI {CHEBI_RELEASE}): {}", roles.join("; ")),
            nature: Nature::Roles,
            kind: "chemical".to_owned(),
            id,
            source: Source {
                name: "ChEBI, roles".to_owned(),
                release: CHEBI_RELEASE.to_owned(),
                licence: "CC BY 4.0 (ChEBI)".to_owned(),
            },
            document: None,
            rank: rank::ROLES,
        }
    };
    Ok(by_id.into_iter().map(entry).collect())
}

/// The sentences of prose that say what one of the names is, and the documents that their numbers stand for.
fn sentences_of_prose(
    corpora: &Path,
    names: &Names,
    told: &mut Vec<DefinitionSentence>,
    documents: &mut Vec<(Source, Document)>,
    gathered: &mut Gathered,
) -> Result<(), Error> {
    let folder = corpora.join("prose");
    for file in if folder.is_dir() { jsonl_files(&folder)? } else { Vec::new() } {
        read_lines(&file, |record: Record| {
            let count = &mut gathered.counts;
            if terms(&record.licence) != Terms::Open {
                *count.entry((record.source, "licence")).or_default() += 1;
                return Ok(());
            }
            let found = names.definition_sentences(&record.text, &record.kind, documents.len());
            if !found.is_empty() {
                *count.entry((record.source.clone(), "sentences found")).or_default() += found.len() as u64;
                told.extend(found);
                documents.push(document(record));
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn sentence(told: DefinitionSentence, source: Source, document: Document) -> Entry {
    let worse = u8::try_from(told.distance).unwrap_or(u8::MAX);
    Entry {
        term: told.term,
        synonyms: Vec::new(),
        text: told.quote,
        nature: Nature::Sentence,
        kind: String::new(),
        id: String::new(),
        source,
        document: Some(document),
        rank: rank::SENTENCE.saturating_add(worse).min(rank::LAST_SENTENCE),
    }
}

fn document(record: Record) -> (Source, Document) {
    let of_id = record.id.strip_prefix("PMID").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    let pmid = record.pmid.clone().or_else(|| of_id.map(str::to_owned)).unwrap_or_default();
    let (kind, in_collection) = match record.kind.as_str() {
        "qa" => (FACT_SHEET, collection(&record.source).0),
        "abstract" => ("Abstract", record.source.clone()),
        "textbook" => ("Textbook", record.source.clone()),
        "passage" => ("Passage of an abstract", record.source.clone()),
        _ => ("Article", record.source.clone()),
    };
    let source =
        Source { name: format!("{kind}: {in_collection}"), release: String::new(), licence: record.licence };
    (source, Document { id: record.id, pmid, doi: String::new(), title: record.title.unwrap_or_default() })
}

/// Everyday names by the [`common::key`] of the term that they are for.
fn aliases() -> HashMap<String, Vec<String>> {
    let mut aliases: HashMap<String, Vec<String>> = HashMap::new();
    for line in include_str!("../data/aliases.tsv").lines().filter(|line| !line.starts_with('#')) {
        if let Some((alias, term)) = line.split_once('\t') {
            aliases.entry(common::key(term)).or_default().push(alias.to_owned());
        }
    }
    aliases
}
