//! BioC's relations to Osler's: their participants are nodes, or are named by ids among the infons.

use std::collections::{HashMap, HashSet};

use super::super::identifiers;
use super::{BiocRelation, ExactRelation, keys, take_score};
use crate::{Argument, Concept, Entity, Infons, Relation, Span, Target};

/// `to_byte` converts an offset of the document.
pub(super) fn relation(
    source: BiocRelation,
    id: String,
    target: &dyn Fn(&str) -> Option<Target>,
    known: &Known,
    to_byte: &dyn Fn(i64) -> Option<usize>,
) -> Relation {
    let mut infons = source.infons;
    let evidence = infons.get(keys::EVIDENCE).and_then(|field| parse_evidence(field, to_byte));
    if evidence.is_some() {
        infons.remove(keys::EVIDENCE);
    }
    let evidence = evidence.unwrap_or_default();
    let exact = infons.remove(keys::EXACT).and_then(|json| serde_json::from_str::<ExactRelation>(&json).ok());
    if let Some(exact) = exact {
        let ExactRelation { kind, arguments, note, score, infons } = exact;
        return Relation { id, kind, arguments, evidence, note, score, infons };
    }
    let kind = [keys::TYPE, "relation", "relation type"]
        .iter()
        .find_map(|key| infons.remove(*key))
        .unwrap_or_default();
    let mut arguments: Vec<Argument> = Vec::new();
    let mut dangling: Vec<Argument> = Vec::new();
    for node in source.nodes {
        match target(&node.refid) {
            Some(target) => arguments.push(Argument { role: node.role, target }),
            None => dangling.push(Argument { role: node.role, target: Target::Entity(node.refid) }),
        }
    }
    let concepts = if arguments.is_empty() { concept_arguments(&mut infons, known) } else { Vec::new() };
    if concepts.is_empty() {
        // What dangles is left for the intake to refuse, with its reason.
        arguments.extend(dangling);
    } else {
        arguments = concepts;
    }
    let note = infons.remove(keys::NOTE);
    let score = take_score(&mut infons);
    Relation { id, kind, arguments, evidence, note, score, infons }
}

/// The ids and types of a document's mentions: what tells a participant among a relation's infons.
pub(super) struct Known {
    concepts: HashMap<String, Concept>,
    kinds: HashSet<String>,
}

impl Known {
    pub(super) fn of(entities: &[Entity]) -> Self {
        let mut concepts = HashMap::new();
        for concept in entities.iter().flat_map(|entity| &entity.concepts) {
            concepts.entry(concept.id.clone()).or_insert_with(|| concept.clone());
            concepts.insert(identifiers::write_one(concept), concept.clone());
        }
        Self { concepts, kinds: entities.iter().map(|entity| entity.kind.clone()).collect() }
    }

    /// The participant that an infon names, if it names one.
    fn concept(&self, key: &str, value: &str) -> Option<Concept> {
        let concept = self.concepts.get(value).cloned();
        concept.or_else(|| self.kinds.contains(key).then(|| identifiers::parse_one(value)))
    }
}

/// Participants that are written as infons: `entity1`, `role1` ..., or (BC5CDR) any key whose value is an id that a
/// mention of the document has.
fn concept_arguments(infons: &mut Infons, known: &Known) -> Vec<Argument> {
    let numbered: Vec<String> = (1..=9)
        .flat_map(|number| [format!("entity{number}"), format!("role{number}")])
        .filter(|key| infons.contains_key(key))
        .collect();
    if !numbered.is_empty() {
        let argument = |key: String| {
            let id = infons.remove(&key)?;
            Some(Argument { role: String::new(), target: Target::Concept(identifiers::parse_one(&id)) })
        };
        return numbered.into_iter().filter_map(argument).collect();
    }
    let found: Vec<(String, Concept)> = infons
        .iter()
        .filter_map(|(key, value)| known.concept(key, value).map(|concept| (key.clone(), concept)))
        .collect();
    found
        .into_iter()
        .map(|(role, concept)| {
            infons.remove(&role);
            Argument { role, target: Target::Concept(concept) }
        })
        .collect()
}

fn parse_evidence(field: &str, to_byte: &dyn Fn(i64) -> Option<usize>) -> Option<Vec<Span>> {
    let span = |pair: &str| {
        let (offset, length) = pair.split_once(':')?;
        let (offset, length): (i64, i64) = (offset.parse().ok()?, length.parse().ok()?);
        Some(Span::new(to_byte(offset)?, to_byte(offset.checked_add(length)?)?))
    };
    field.split_whitespace().map(span).collect::<Option<Vec<_>>>().filter(|spans| !spans.is_empty())
}
