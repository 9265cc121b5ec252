//! What the training part of a corpus teaches about names: which ones its annotators mark and with which id, and which
//! names of the dictionary they never mark. It is fitted by the training crate and stored with the weights.

use std::collections::{BTreeMap, BTreeSet};

use documents::Document;
use serde::{Deserialize, Serialize};
use terms::words::{fold, is_symbol};
use terms::{Builder, Kind, Row, Terms};

use crate::candidates::{Finder, Origin};

/// Names that count and names that do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lexicon {
    /// Names with their ids.
    pub names: Vec<Entry>,
    /// Names of the dictionary that are to be passed over, folded.
    pub rejected: Vec<Rejected>,
}

/// A name that counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The name as it was first written.
    pub name: String,
    /// `Chemical`, `Disease` or `Gene`.
    pub kind: String,
    /// `VOCABULARY:id`; empty for a name without id.
    pub id: String,
}

/// A name that does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rejected {
    /// The name, folded.
    pub name: String,
    /// As what it does not count.
    pub kind: String,
}

/// How a name fared in the training documents.
#[derive(Debug, Default)]
struct Count {
    found: usize,
    marked: usize,
    ids: BTreeMap<String, usize>,
    name: String,
}

/// A name is learned if at least this part of its places is marked, and passed over if less than [`REJECT_BELOW`] is.
/// Both were chosen on the training part of BC5CDR by leaving out each fifth in turn.
const LEARN_FROM: f64 = 0.5;
/// See [`LEARN_FROM`].
const REJECT_BELOW: f64 = 0.25;
/// Places needed before a name of the dictionary is passed over.
const REJECT_AFTER: usize = 2;

impl Lexicon {
    /// Learns from documents whose entities are gold. `finder` is what the lexicon is to be added to.
    #[must_use]
    pub fn learn(documents: &[Document], finder: &Finder) -> Self {
        let all = Self::marked(documents);
        let mut counts: BTreeMap<(Kind, String), Count> = BTreeMap::new();
        let with_all = finder.clone().with_lexicon(&all);
        for document in documents {
            let bare = Document { entities: Vec::new(), ..document.clone() };
            let gold: BTreeMap<_, _> = document
                .entities
                .iter()
                .map(|entity| ((entity.spans.as_slice(), Kind::of_type(&entity.kind)), entity))
                .collect();
            for mention in
                with_all.mentions(&bare).iter().filter(|mention| mention.origin == Origin::Dictionary)
            {
                let count = counts.entry((mention.kind, fold(&mention.text))).or_default();
                count.found += 1;
                if let Some(entity) = gold.get(&(mention.spans.as_slice(), mention.kind)) {
                    count.marked += 1;
                    if count.name.is_empty() {
                        count.name.clone_from(&mention.text);
                    }
                    for concept in entity.concepts.iter().filter(|concept| concept.id != "-1") {
                        *count.ids.entry(format!("{}:{}", concept.vocabulary, concept.id)).or_default() += 1;
                    }
                }
            }
        }
        let mut lexicon = Self::default();
        for ((kind, name), count) in counts {
            let part = count.marked as f64 / count.found as f64;
            let kind_name = kind.name().to_owned();
            if part >= LEARN_FROM && !is_symbol(&count.name) {
                let most = count.ids.values().max().copied().unwrap_or_default();
                let id = count.ids.iter().find(|(_, times)| **times == most);
                let id = id.map(|(id, _)| id.clone()).unwrap_or_default();
                lexicon.names.push(Entry { name: count.name, kind: kind_name, id });
            } else if part < REJECT_BELOW && count.found >= REJECT_AFTER {
                lexicon.rejected.push(Rejected { name, kind: kind_name });
            }
        }
        lexicon
    }

    /// All names that are marked anywhere.
    fn marked(documents: &[Document]) -> Self {
        let names: BTreeSet<Entry> = documents
            .iter()
            .flat_map(|document| &document.entities)
            .filter(|entity| entity.spans.len() == 1 && !is_symbol(&entity.text))
            .map(|entity| Entry {
                name: entity.text.clone(),
                kind: Kind::of_type(&entity.kind).name().to_owned(),
                id: String::new(),
            })
            .collect();
        Self { names: names.into_iter().collect(), rejected: Vec::new() }
    }

    /// Its names as a dictionary; `None` if there are none.
    pub(crate) fn terms(&self) -> Option<Terms> {
        let mut builder = Builder::new("learned from a task's training data");
        for entry in &self.names {
            builder.add(&Row {
                name: entry.name.clone(),
                id: entry.id.clone(),
                kind: Kind::of_type(&entry.kind),
                source: String::new(),
            });
        }
        let (bytes, summary) = builder.finish()?;
        if summary.names == 0 { None } else { Terms::from_bytes(bytes).ok() }
    }

    pub(crate) fn rejected(&self) -> BTreeSet<(Kind, String)> {
        self.rejected.iter().map(|rejected| (Kind::of_type(&rejected.kind), rejected.name.clone())).collect()
    }
}
