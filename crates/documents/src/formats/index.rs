//! Finding the parts of a document by id or concept in one step, and giving out ids that are unique.

use std::collections::{HashMap, HashSet};

use crate::{Concept, Document, Entity, Relation, Target};

/// The mentions and relations of a document, by id.
pub(super) struct Index<'d> {
    entities: HashMap<&'d str, &'d Entity>,
    by_concept: HashMap<&'d Concept, &'d Entity>,
    relations: HashSet<&'d str>,
}

impl<'d> Index<'d> {
    pub fn of(document: &'d Document) -> Self {
        let mut by_concept = HashMap::new();
        for entity in &document.entities {
            for concept in &entity.concepts {
                by_concept.entry(concept).or_insert(entity);
            }
        }
        Self {
            entities: document.entities.iter().map(|entity| (entity.id.as_str(), entity)).collect(),
            by_concept,
            relations: document.relations.iter().map(|relation| relation.id.as_str()).collect(),
        }
    }

    pub fn entity(&self, id: &str) -> Option<&'d Entity> {
        self.entities.get(id).copied()
    }

    /// The first mention that has the concept among its ids.
    pub fn mention_of(&self, concept: &Concept) -> Option<&'d Entity> {
        self.by_concept.get(concept).copied()
    }

    /// What an id names: a mention, else a relation.
    pub fn target(&self, id: &str) -> Option<Target> {
        if self.entities.contains_key(id) {
            return Some(Target::Entity(id.to_owned()));
        }
        self.relations.contains(id).then(|| Target::Relation(id.to_owned()))
    }
}

/// Which of the relations can be kept, where `holds` tells it of each alone: leaving one out takes the ground from those
/// that name it, and so on.
pub(super) fn grounded(relations: &[Relation], holds: impl Fn(&Relation) -> bool) -> Vec<bool> {
    let mut dependents: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut fallen: Vec<usize> = Vec::new();
    for (index, relation) in relations.iter().enumerate() {
        if !holds(relation) {
            fallen.push(index);
        }
        for argument in &relation.arguments {
            if let Target::Relation(id) = &argument.target {
                dependents.entry(id).or_default().push(index);
            }
        }
    }
    let mut kept = vec![true; relations.len()];
    while let Some(index) = fallen.pop() {
        let (Some(relation), Some(is_kept)) = (relations.get(index), kept.get_mut(index)) else { continue };
        if std::mem::replace(is_kept, false) {
            fallen.extend(dependents.get(relation.id.as_str()).into_iter().flatten());
        }
    }
    kept
}

/// Gives out ids, numbered where a file repeats or leaves them out.
#[derive(Default)]
pub(super) struct UniqueIds {
    given: HashSet<String>,
    next: HashMap<String, usize>,
}

impl UniqueIds {
    /// `id` if it is new; else `id.2` ..., or for an empty one `letter` and a number.
    pub fn give(&mut self, id: &str, letter: &str) -> String {
        if !id.is_empty() && self.given.insert(id.to_owned()) {
            return id.to_owned();
        }
        let start = if id.is_empty() { 1 } else { 2 };
        let number = self.next.entry(id.to_owned()).or_insert(start);
        loop {
            let numbered = if id.is_empty() { format!("{letter}{number}") } else { format!("{id}.{number}") };
            *number += 1;
            if self.given.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UniqueIds;

    #[test]
    fn numbers_what_repeats_or_has_no_id() {
        let mut ids = UniqueIds::default();
        let given: Vec<String> =
            ["a", "a", "", "T2", "", "a.2", "a"].iter().map(|id| ids.give(id, "T")).collect();
        assert_eq!(given, ["a", "a.2", "T1", "T2", "T3", "a.2.2", "a.3"]);
    }
}
