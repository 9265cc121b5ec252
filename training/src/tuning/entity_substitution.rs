//! Copies of documents with other names in them: who learns from them learns to copy what the text says, and not which
//! drug does what.

use std::collections::{BTreeMap, BTreeSet};

use documents::Document;
use tasks::candidates::{Finder, groups};
use tasks::{Kind, RelationTask, Stated};
use terms::Terms;

use super::data::{Annotated, Paired};
use super::{Gold, Pair};
use crate::windows::SplitMix;

/// Names to put in, by kind; those of one concept together.
#[derive(Debug, Clone, Default)]
pub struct OtherNames(BTreeMap<Kind, Vec<Vec<String>>>);

/// Longer names are chemical formulas and definitions: what they teach takes too many tokens.
const LONGEST_NAME: usize = 32;

impl OtherNames {
    /// The readable names of a dictionary.
    #[must_use]
    pub fn of(terms: &Terms) -> Self {
        let readable = |name: &String| {
            let letters = name.chars().filter(char::is_ascii_alphabetic).count();
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || " -".contains(c));
            plain && letters >= 3 && name.len() <= LONGEST_NAME
        };
        let of_kind = |kind| {
            let concepts = terms.concepts_of(kind).into_iter().map(|mut names| {
                names.retain(readable);
                names
            });
            (kind, concepts.filter(|names| !names.is_empty()).collect())
        };
        Self([Kind::Chemical, Kind::Disease, Kind::Gene].map(of_kind).into())
    }

    fn draw(&self, kind: Kind, random: &mut SplitMix) -> Option<&[String]> {
        let concepts = self.0.get(&kind).filter(|concepts| !concepts.is_empty())?;
        Some(&concepts[(random.next() % concepts.len() as u64) as usize])
    }
}

/// Adds `copies` of each document that has relations or pairs, every name in it replaced by another of its kind, the same
/// in the text and in what is said of it. Documents without any name stay alone.
pub fn add_swapped(gold: &mut Gold, names: &OtherNames, finder: &Finder, copies: usize, seed: u64) {
    let mut random = SplitMix(seed);
    for (task, documents) in &mut gold.relations {
        let originals = documents.len();
        for number in 0..originals {
            let found = entities(*task, &documents[number], finder);
            for _ in 0..copies {
                documents.extend(annotated(&documents[number], &found, names, &mut random));
            }
        }
    }
    for (task, documents) in &mut gold.pairs {
        let originals = documents.len();
        for number in 0..originals {
            for _ in 0..copies {
                documents.extend(paired(*task, &documents[number], names, &mut random));
            }
        }
    }
}

/// What a text names: its kind and the forms of its name, in lower case.
type Named = (Kind, Vec<String>);

fn kinds(task: RelationTask) -> [Kind; 2] {
    match task {
        RelationTask::Bc5cdr => [Kind::Chemical, Kind::Disease],
        RelationTask::Ddi => [Kind::Chemical, Kind::Chemical],
        RelationTask::KdDti => [Kind::Chemical, Kind::Gene],
    }
}

/// The names of the relations with the other forms that the text has for them, and all others of their kinds.
fn entities(task: RelationTask, (document, relations): &Annotated, finder: &Finder) -> Vec<Named> {
    let mentions = finder.mentions(document);
    let mut found: Vec<Named> = Vec::new();
    let mut taken = BTreeSet::new();
    let mut add = |kind: Kind, forms: Vec<String>| {
        let own: Vec<String> = forms.into_iter().filter(|form| taken.insert(form.clone())).collect();
        if !own.is_empty() {
            found.push((kind, own));
        }
    };
    let wanted: BTreeSet<Kind> = kinds(task).into();
    for kind in wanted {
        for group in groups(&mentions, kind) {
            add(kind, group.mentions.iter().map(|number| mentions[*number].lower()).collect());
        }
    }
    for relation in relations {
        for (kind, name) in kinds(task).into_iter().zip([&relation.head, &relation.tail]) {
            add(kind, vec![name.to_lowercase()]);
        }
    }
    found
}

fn annotated(
    (document, relations): &Annotated,
    found: &[Named],
    names: &OtherNames,
    random: &mut SplitMix,
) -> Option<Annotated> {
    let swap = Swap::draw(found, names, random)?;
    let pieces: Vec<(&str, String)> = document
        .passages
        .iter()
        .filter_map(|passage| Some((passage.kind.as_str(), swap.text(passage.span.slice(&document.text)?))))
        .collect();
    let pieces: Vec<(&str, &str)> = pieces.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
    let relations = relations
        .iter()
        .map(|relation| Stated::new(swap.name(&relation.head), swap.name(&relation.tail), &relation.kind));
    Some((Document::from_parts(&document.id, &pieces), relations.collect()))
}

fn paired(
    task: RelationTask,
    (source, pairs): &Paired,
    names: &OtherNames,
    random: &mut SplitMix,
) -> Option<Paired> {
    let mut found: Vec<Named> = Vec::new();
    let [head, tail] = kinds(task);
    for pair in pairs {
        for (kind, forms) in [(head, &pair.heads), (tail, &pair.tails)] {
            if !found.iter().any(|(_, known)| known.iter().any(|form| forms.contains(form))) {
                found.push((kind, forms.clone()));
            }
        }
    }
    let swap = Swap::draw(&found, names, random)?;
    let all = |forms: &[String]| {
        let forms: BTreeSet<String> = forms.iter().map(|form| swap.name(form)).collect();
        forms.into_iter().collect()
    };
    let pairs = pairs.iter().map(|pair| Pair {
        heads: all(&pair.heads),
        tails: all(&pair.tails),
        kind: pair.kind.clone(),
    });
    Some((swap.text(source), pairs.collect()))
}

/// New names by old ones, the longest old one first.
struct Swap(Vec<(String, String)>);

impl Swap {
    /// A new concept for each entity, no two of them the same. `None` if there is nothing to replace, or nothing to
    /// replace it with.
    fn draw(found: &[Named], names: &OtherNames, random: &mut SplitMix) -> Option<Self> {
        let (mut pairs, mut used) = (Vec::new(), BTreeSet::new());
        for (kind, forms) in found {
            let mut fresh = names.draw(*kind, random)?;
            for _ in 0..16 {
                if !fresh.iter().any(|name| used.contains(name)) {
                    break;
                }
                fresh = names.draw(*kind, random)?;
            }
            used.extend(fresh.iter().cloned());
            pairs.extend(
                forms.iter().enumerate().map(|(i, form)| (form.clone(), fresh[i % fresh.len()].clone())),
            );
        }
        pairs.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
        (!pairs.is_empty()).then_some(Self(pairs))
    }

    fn name(&self, old: &str) -> String {
        let lower = old.to_lowercase();
        self.0.iter().find(|(known, _)| *known == lower).map_or(lower, |(_, new)| new.clone())
    }

    /// The text in lower case, as the relation tasks read it, with new names where whole old ones stood.
    fn text(&self, text: &str) -> String {
        let lower = text.to_lowercase();
        let (mut new, mut rest, mut inside) = (String::with_capacity(lower.len()), lower.as_str(), false);
        while let Some(next) = rest.chars().next() {
            let ends = |old: &str| !rest[old.len()..].starts_with(char::is_alphanumeric);
            let found = self.0.iter().find(|(old, _)| !inside && rest.starts_with(old.as_str()) && ends(old));
            let (written, taken) = match found {
                Some((old, name)) => (name.as_str(), old.len()),
                None => (&rest[..next.len_utf8()], next.len_utf8()),
            };
            new.push_str(written);
            inside = found.is_some() || next.is_alphanumeric();
            rest = &rest[taken..];
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use terms::{Builder, Row};

    use super::*;

    fn terms(rows: &[(&str, &str, Kind)]) -> Terms {
        let mut builder = Builder::new("test");
        for (name, id, kind) in rows {
            let (name, id, source) = ((*name).to_owned(), (*id).to_owned(), String::new());
            builder.add(&Row { name, id, kind: *kind, source });
        }
        Terms::from_bytes(builder.finish().unwrap().0).unwrap()
    }

    fn others() -> OtherNames {
        OtherNames::of(&terms(&[
            ("quinapril", "MESH:1", Kind::Chemical),
            ("lorazepam", "MESH:2", Kind::Chemical),
            ("ativan", "MESH:2", Kind::Chemical),
            ("scurvy", "MESH:3", Kind::Disease),
            ("measles", "MESH:4", Kind::Disease),
            ("1,2-bis(dimethylamino)ethane hydrochloride salt", "MESH:5", Kind::Chemical),
        ]))
    }

    #[test]
    fn names_change_alike_in_the_text_and_in_what_is_said_of_it() {
        let known = terms(&[
            ("methotrexate", "MESH:8", Kind::Chemical),
            ("fever", "MESH:9", Kind::Disease),
            ("hay fever", "MESH:10", Kind::Disease),
        ]);
        let finder = Finder::new(vec![Arc::new(known)]);
        let text = "Methotrexate (MTX) led to fever, and MTX-induced fever but no hay fever. Feverish.";
        let document = Document::from_parts("1", &[("title", "Methotrexate"), ("abstract", text)]);
        let relations = vec![Stated::new("methotrexate", "fever", "CID")];
        let mut gold = Gold {
            relations: vec![(RelationTask::Bc5cdr, vec![(document.clone(), relations.clone())])],
            ..Gold::default()
        };
        add_swapped(&mut gold, &others(), &finder, 3, 7);
        let documents = &gold.relations[0].1;
        assert_eq!(documents.len(), 4);
        assert_eq!(documents[0], (document, relations), "the original stays as it is");
        for (copy, relations) in &documents[1..] {
            let [Stated { head, tail, kind }] = relations.as_slice() else { unreachable!() };
            assert_eq!(kind, "CID");
            for gone in ["methotrexate", "mtx", " fever,", "hay fever"] {
                assert!(!copy.text.contains(gone), "{gone} in {}", copy.text);
            }
            assert!(copy.text.contains(&format!("led to {tail}, and")), "{tail} in {}", copy.text);
            assert!(copy.text.contains(head.as_str()) && copy.text.ends_with("feverish."), "{}", copy.text);
            assert_eq!(copy.passages.len(), 2);
        }
    }

    #[test]
    fn pairs_keep_their_verdicts_and_their_forms() {
        let pair = |tail: &str, kind: Option<&str>| Pair {
            heads: vec!["methotrexate".to_owned(), "mtx".to_owned()],
            tails: vec![tail.to_owned()],
            kind: kind.map(str::to_owned),
        };
        let source = "methotrexate (mtx): fever, no anemia.".to_owned();
        let pairs = vec![pair("fever", Some("CID")), pair("anemia", None)];
        let mut gold = Gold { pairs: vec![(RelationTask::Bc5cdr, vec![(source, pairs)])], ..Gold::default() };
        add_swapped(&mut gold, &others(), &Finder::default(), 1, 3);
        let (text, pairs) = &gold.pairs[0].1[1];
        assert_eq!((pairs[0].kind.as_deref(), pairs[1].kind.as_deref()), (Some("CID"), None));
        assert_eq!(pairs[0].heads, pairs[1].heads);
        for name in pairs.iter().flat_map(|pair| pair.heads.iter().chain(&pair.tails)) {
            assert!(text.contains(name.as_str()), "{name} in {text}");
        }
        assert_ne!(pairs[0].tails, pairs[1].tails);
        assert!(!text.contains("mtx") && !text.contains("fever"), "{text}");
    }
}
