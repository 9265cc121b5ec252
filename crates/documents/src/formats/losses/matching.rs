//! Which mention and which relation of a file that was read back is which of the original: told by what they say, for
//! formats give ids of their own and put mentions in another order.

use std::collections::{HashMap, VecDeque};

use super::places::Places;
use crate::{Argument, Document, Entity, Relation, Target};

/// For each original its counterpart. `key` says at each level what a thing is alike by, the most telling first; its last
/// argument is whether the thing was read back. What is alike is matched in order; an empty key matches nothing.
fn matched<'b, T>(
    original: &[T],
    back: &'b [T],
    levels: u8,
    key: &dyn Fn(&T, u8, bool) -> String,
) -> Vec<Option<&'b T>> {
    let mut found: Vec<Option<&'b T>> = vec![None; original.len()];
    let mut free: Vec<bool> = vec![true; back.len()];
    for level in 0..levels {
        let mut waiting: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (index, one) in back.iter().enumerate().filter(|(index, _)| free.get(*index) == Some(&true)) {
            waiting.entry(key(one, level, true)).or_default().push_back(index);
        }
        for (one, place) in original.iter().zip(&mut found).filter(|(_, place)| place.is_none()) {
            let key = key(one, level, false);
            let Some(index) = waiting.get_mut(&key).filter(|_| !key.is_empty()).and_then(VecDeque::pop_front)
            else {
                continue;
            };
            *place = back.get(index);
            if let Some(free) = free.get_mut(index) {
                *free = false;
            }
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    found
}

/// The counterparts of the mentions.
pub(super) fn entities<'b>(
    original: &Document,
    back: &'b Document,
    places: (&Places, &Places),
) -> Vec<Option<&'b Entity>> {
    matched(&original.entities, &back.entities, 6, &|entity, level, is_back| {
        let places = if is_back { places.1 } else { places.0 };
        let whole = || format!("{:?}", places.of(&entity.spans));
        let extent = || format!("{:?}", places.extent(&entity.spans));
        match level {
            0 => format!("{} {} {} {}", whole(), entity.kind, entity.text, entity.id),
            1 => format!("{} {} {}", whole(), entity.kind, entity.text),
            2 => whole(),
            3 => format!("{} {}", extent(), entity.kind),
            4 => extent(),
            _ => entity.id.clone(),
        }
    })
}

/// The counterparts of the relations. `ids` are the ids that the original's mentions have now.
pub(super) fn relations<'b>(
    original: &Document,
    back: &'b Document,
    ids: &HashMap<&str, &str>,
) -> Vec<Option<&'b Relation>> {
    let index: HashMap<&str, &Entity> = original.entities.iter().map(|one| (one.id.as_str(), one)).collect();
    let kinds = |document: &'_ Document| -> HashMap<String, String> {
        document.relations.iter().map(|one| (one.id.clone(), one.kind.clone())).collect()
    };
    let (kinds_now, kinds_then) = (kinds(back), kinds(original));
    let target = |argument: &Argument, is_back: bool| -> String {
        match &argument.target {
            Target::Entity(id) if is_back => format!("mention {id}"),
            Target::Entity(id) => format!("mention {}", ids.get(id.as_str()).copied().unwrap_or("none")),
            Target::Concept(concept) => format!("id {}:{}", concept.vocabulary, concept.id),
            Target::Relation(id) => {
                let kinds = if is_back { &kinds_now } else { &kinds_then };
                format!("relation {}", kinds.get(id).map_or("", String::as_str))
            }
        }
    };
    // A mention as the id that some formats write for it.
    let by_concept = |argument: &Argument| -> String {
        let concept = match &argument.target {
            Target::Entity(id) => index.get(id.as_str()).and_then(|entity| entity.concepts.first()),
            Target::Concept(concept) => Some(concept),
            Target::Relation(_) => None,
        };
        concept.map(super::super::identifiers::write_one).unwrap_or_default()
    };
    let all = |relation: &Relation, write: &dyn Fn(&Argument) -> String| -> String {
        relation.arguments.iter().map(write).collect::<Vec<_>>().join(" | ")
    };
    let by = |relation: &Relation, level: u8, is_back: bool| -> String {
        let targets = all(relation, &|argument| target(argument, is_back));
        let roles = all(relation, &|argument| argument.role.clone());
        match level {
            0 => format!("{} {} {targets} {roles}", relation.id, relation.kind),
            1 => format!("{} {targets} {roles}", relation.kind),
            2 => format!("{} {targets}", relation.kind),
            3 => format!("{} {}", relation.kind, all(relation, &by_concept)),
            4 => targets,
            5 => format!("{} {}", relation.id, relation.arguments.len()),
            _ => format!("{} {}", relation.kind, relation.arguments.len()),
        }
    };
    matched(&original.relations, &back.relations, 7, &by)
}
