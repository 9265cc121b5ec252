//! KD-DTI: drugs that act on targets. Its names are DrugBank's and often do not occur in the text.

use std::collections::{BTreeMap, BTreeSet};

use documents::corpora::kd_dti::Abstract;
use documents::{Concept, Document, Span};
use terms::Kind;

use super::{Reading, Stated, interaction};
use crate::candidates::{Finder, Mention};
use crate::grounding::NAME_VOCABULARY;
use crate::lexicon::{Entry, Lexicon};
use crate::source;

/// The legal types, most frequent first: DrugBank's actions, as the corpus's development part uses them.
pub const KINDS: [&str; 29] = [
    "inhibitor",
    "antagonist",
    "agonist",
    "modulator",
    "binder",
    "positive allosteric modulator",
    "cofactor",
    "activator",
    "ligand",
    "inducer",
    "antibody",
    "negative modulator",
    "adduct",
    "blocker",
    "other",
    "product of",
    "other/unknown",
    "chelator",
    "partial agonist",
    "allosteric modulator",
    "stimulator",
    "downregulator",
    "potentiator",
    "cross-linking/alkylation",
    "substrate",
    "intercalation",
    "chaperone",
    "partial antagonist",
    "inverse agonist",
];

/// The parts of the two names.
pub const ROLES: [&str; 2] = ["drug", "target"];

/// The training target of a document without relations; the wording is Osler's, as BioGPT leaves them out.
pub const NONE: &str = interaction::NONE;

/// Title and abstract, lower-cased.
#[must_use]
pub fn prompt(document: &Document, window: Span) -> String {
    source::lower_cased(document, window)
}

/// `the interaction between {drug} and {target} is {type}; ... .` in the order that BioGPT's data has, or [`NONE`].
/// `prompt` is the source text, by which the relations are ordered.
#[must_use]
pub fn target(relations: &[Stated], prompt: &str) -> String {
    interaction::target(relations, prompt)
}

/// The gold triples of an abstract in words.
#[must_use]
pub fn gold(record: &Abstract) -> Vec<Stated> {
    record
        .triples
        .iter()
        .map(|triple| Stated::new(&triple.drug, &triple.target, &triple.interaction))
        .collect()
}

/// Splits at `; ` and takes every part that begins like an interaction; names reach as far as they can.
#[must_use]
pub fn read(output: &str) -> Reading {
    interaction::read(output)
}

/// The names of the training data: a text that has the name, the text before its last brackets, or the text in
/// them (`Cyclooxygenase 2 (COX-2)`), mentions the thing of that name.
#[must_use]
pub fn lexicon(records: &[Abstract]) -> Lexicon {
    let mut names = BTreeSet::new();
    for triple in records.iter().flat_map(|record| &record.triples) {
        for (name, kind) in [(&triple.drug, Kind::Chemical), (&triple.target, Kind::Gene)] {
            for form in forms(name) {
                names.insert(Entry {
                    name: form.to_owned(),
                    kind: kind.name().to_owned(),
                    id: format!("{NAME_VOCABULARY}:{name}"),
                });
            }
        }
    }
    Lexicon { names: names.into_iter().collect(), rejected: Vec::new() }
}

/// The name, its body and its abbreviation, without what is too short to mean anything.
fn forms(name: &str) -> Vec<&str> {
    let mut forms = vec![name];
    if let Some((body, rest)) = name.trim().rsplit_once('(')
        && let Some(abbreviation) = rest.strip_suffix(')')
    {
        forms.extend([body, abbreviation]);
    }
    forms.into_iter().map(str::trim).filter(|form| form.chars().count() > 2).collect()
}

/// Names that a model may write for mentioned things though they do not occur in the text.
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    names: BTreeMap<(Kind, Concept), Vec<String>>,
}

/// The most dictionary names per thing.
const MOST_ALIASES: usize = 16;

impl Aliases {
    /// The names of the training data and of the dictionaries for everything that is mentioned.
    #[must_use]
    pub fn new(finder: &Finder, mentions: &[Mention]) -> Self {
        let concepts: BTreeSet<(Kind, &Concept)> = mentions
            .iter()
            .flat_map(|mention| mention.concepts.iter().map(|concept| (mention.kind, concept)))
            .filter(|(_, concept)| concept.vocabulary != NAME_VOCABULARY)
            .collect();
        let mut names: BTreeMap<(Kind, Concept), Vec<String>> = BTreeMap::new();
        for (kind, concept) in concepts {
            let wanted =
                terms::Concept { kind, vocabulary: concept.vocabulary.clone(), id: concept.id.clone() };
            let layers = finder.dictionary().layers().iter();
            let mut known: Vec<String> = layers.flat_map(|layer| layer.names_of(&wanted)).collect();
            known.sort_by_key(String::len);
            known.truncate(MOST_ALIASES);
            names.insert((kind, concept.clone()), known);
        }
        Self { names }
    }

    /// The names for what a mention may stand for.
    #[must_use]
    pub fn of(&self, mention: &Mention) -> Vec<String> {
        let of_concept = |concept: &Concept| match concept.vocabulary.as_str() {
            NAME_VOCABULARY => vec![concept.id.clone()],
            _ => self.names.get(&(mention.kind, concept.clone())).cloned().unwrap_or_default(),
        };
        mention.concepts.iter().flat_map(of_concept).collect()
    }
}

#[cfg(test)]
mod tests {
    use documents::corpora::kd_dti::Triple;

    use super::*;

    #[test]
    fn a_target_is_known_by_its_abbreviation() {
        let record = Abstract {
            pmid: "1".to_owned(),
            title: "Celecoxib and COX-2.".to_owned(),
            text: String::new(),
            triples: vec![Triple {
                drug: "Celecoxib".to_owned(),
                target: "Cyclooxygenase 2 (COX-2)".to_owned(),
                interaction: "inhibitor".to_owned(),
            }],
        };
        let finder = Finder::default().with_lexicon(&lexicon(std::slice::from_ref(&record)));
        let mentions = finder.mentions(&record.document());
        assert_eq!(mentions.len(), 2);
        let aliases = Aliases::new(&finder, &mentions);
        assert_eq!(aliases.of(&mentions[1]), ["Cyclooxygenase 2 (COX-2)"]);
    }
}
