//! Ids of other vocabularies that mean the same as one of MeSH, found by the names that both share.

use std::collections::{BTreeMap, BTreeSet};

use crate::concepts::Kind;

/// The vocabulary that the others are linked to.
const FIRST_VOCABULARY: &str = "MESH:";

/// Folded names with the ids they have; whether a name counts only where it is written as a symbol is.
pub(crate) type Names = BTreeMap<String, BTreeSet<(Kind, String, bool)>>;

/// An id and what it is.
pub(crate) type Id<'a> = (Kind, &'a str);

/// For each id of another vocabulary the MeSH id with which it shares most names, if there is one such. MeSH counts drugs
/// that are peptides among the proteins, so a chemical may be linked to one of those; and a chemical may have the name of
/// a salt that MeSH knows by its base, or the other way round.
pub(crate) fn links(names: &Names) -> BTreeMap<Id<'_>, Id<'_>> {
    let mut groups: BTreeMap<String, BTreeSet<(Kind, &str, bool)>> = BTreeMap::new();
    for (name, ids) in names.iter().filter(|(name, _)| name.len() > 3) {
        let base = base(name);
        let salt = base.split(' ').count() < name.split(' ').count();
        groups.entry(base).or_default().extend(ids.iter().map(|(kind, id, _)| (*kind, id.as_str(), salt)));
    }
    let mut shared: BTreeMap<Id<'_>, BTreeMap<Id<'_>, usize>> = BTreeMap::new();
    for ids in groups.values() {
        for (first_kind, first, first_salt) in
            ids.iter().filter(|(_, id, _)| id.starts_with(FIRST_VOCABULARY))
        {
            for (kind, other, salt) in
                ids.iter().filter(|(_, id, _)| !id.is_empty() && !id.starts_with(FIRST_VOCABULARY))
            {
                let weight = match (kind == first_kind, salt == first_salt) {
                    (true, true) => 100,
                    (true, false) => 10,
                    (false, true) if *kind == Kind::Chemical && *first_kind == Kind::Gene => 1,
                    _ => continue,
                };
                *shared.entry((*kind, other)).or_default().entry((*first_kind, first)).or_default() += weight;
            }
        }
    }
    shared
        .into_iter()
        .filter_map(|(other, counts)| {
            let most = *counts.values().max()?;
            let mut best = counts.iter().filter(|(_, count)| **count == most);
            let (first, _) = best.next()?;
            best.next().is_none().then_some((other, *first))
        })
        .collect()
}

/// A name without the salt at its end and without plurals.
fn base(name: &str) -> String {
    const SALTS: [&str; 24] = [
        "hydrochloride",
        "hcl",
        "dihydrochloride",
        "hydrobromide",
        "sulfate",
        "sodium",
        "disodium",
        "potassium",
        "calcium",
        "maleate",
        "mesylate",
        "tartrate",
        "citrate",
        "phosphate",
        "acetate",
        "fumarate",
        "succinate",
        "bromide",
        "chloride",
        "nitrate",
        "tosylate",
        "besylate",
        "monohydrate",
        "anhydrous",
    ];
    let mut words: Vec<&str> = name.split(' ').collect();
    while words.len() > 1 && words.last().is_some_and(|word| SALTS.contains(word)) {
        words.pop();
    }
    let singular = |word: &str| match word.strip_suffix('s') {
        Some(stem) if word.len() > 4 && !stem.ends_with(['s', 'i', 'u']) => stem.to_owned(),
        _ => word.to_owned(),
    };
    words.into_iter().map(singular).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_shared_names_decide_and_a_tie_decides_nothing() {
        let mut names = Names::new();
        let mut add = |name: &str, kind, id: &str| {
            names.entry(name.to_owned()).or_default().insert((kind, id.to_owned(), false));
        };
        for (name, id) in
            [("tumor", "MESH:1"), ("cancer", "MESH:1"), ("growth", "MESH:2"), ("lump", "MESH:2")]
        {
            add(name, Kind::Disease, id);
        }
        for name in ["tumors", "cancer", "growth"] {
            add(name, Kind::Disease, "MONDO:1");
        }
        for name in ["tumor", "growth"] {
            add(name, Kind::Disease, "MONDO:2");
        }
        add("enalapril", Kind::Gene, "MESH:3");
        add("enalapril maleate", Kind::Chemical, "UNII:1");
        add("enalapril", Kind::Chemical, "UNII:2");
        let links = links(&names);
        assert_eq!(links.get(&(Kind::Disease, "MONDO:1")), Some(&(Kind::Disease, "MESH:1")));
        assert_eq!(links.get(&(Kind::Disease, "MONDO:2")), None);
        assert_eq!(links.get(&(Kind::Chemical, "UNII:2")), Some(&(Kind::Gene, "MESH:3")));
    }
}
