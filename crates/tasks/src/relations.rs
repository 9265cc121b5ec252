//! Relation extraction: one module per corpus that BioGPT was tuned on, each with `prompt`, `target` and `read`.

use documents::{Document, Entity, Span, Target};
use serde::{Deserialize, Serialize};

pub mod bc5cdr;
pub mod ddi;
mod interaction;
pub mod kd_dti;

/// A relation in words, as a model states it or as it is to be trained: two names and what holds between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stated {
    /// The first name: a chemical (BC5CDR) or a drug.
    pub head: String,
    /// The second name: a disease (BC5CDR), a drug (DDI) or a target (KD-DTI).
    pub tail: String,
    /// `CID` for BC5CDR, else the type that the model writes (`effect`, `inhibitor` ...).
    pub kind: String,
}

impl Stated {
    /// A relation in words.
    pub fn new(head: impl Into<String>, tail: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { head: head.into(), tail: tail.into(), kind: kind.into() }
    }
}

/// What was understood of an output, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Relations in the order of the output, repeats included.
    pub relations: Vec<Stated>,
    /// Whether the output says that there is none.
    pub none: bool,
    /// Parts of the output that state no relation.
    pub unread: Vec<String>,
}

impl Reading {
    /// Whether the output is no answer at all: neither a relation nor "there is none".
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.relations.is_empty() && !self.none
    }
}

/// The relation tasks, for callers that choose one at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationTask {
    /// Chemicals that induce diseases.
    Bc5cdr,
    /// Drugs that interact.
    Ddi,
    /// Drugs that act on targets.
    KdDti,
}

impl RelationTask {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bc5cdr, Self::Ddi, Self::KdDti];

    /// The name used on the command line and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bc5cdr => "bc5cdr",
            Self::Ddi => "ddi",
            Self::KdDti => "kd-dti",
        }
    }

    /// The task with this [`name`](Self::name).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }

    /// The types a relation can have, as the model writes them; BC5CDR's only one is never written.
    #[must_use]
    pub const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Bc5cdr => &bc5cdr::KINDS,
            Self::Ddi => &ddi::KINDS,
            Self::KdDti => &kd_dti::KINDS,
        }
    }

    /// The parts that head and tail take in a relation, as [`documents::Argument::role`].
    #[must_use]
    pub const fn roles(self) -> [&'static str; 2] {
        match self {
            Self::Bc5cdr => bc5cdr::ROLES,
            Self::Ddi => ddi::ROLES,
            Self::KdDti => kd_dti::ROLES,
        }
    }

    /// What a target says before the first name of each relation.
    pub(crate) const fn stem(self) -> &'static str {
        match self {
            Self::Bc5cdr => "the relation between",
            Self::Ddi | Self::KdDti => "the interaction between",
        }
    }

    /// What a target says where there is no relation, without the stop.
    pub(crate) fn none_words(self) -> &'static str {
        match self {
            Self::Bc5cdr => bc5cdr::NONE,
            Self::Ddi => ddi::NONE,
            Self::KdDti => kd_dti::NONE,
        }
        .trim_end_matches('.')
    }

    /// The source text.
    #[must_use]
    pub fn prompt(self, document: &Document, window: Span) -> String {
        match self {
            Self::Bc5cdr => bc5cdr::prompt(document, window),
            Self::Ddi => ddi::prompt(document, window),
            Self::KdDti => kd_dti::prompt(document, window),
        }
    }

    /// The text that the model is trained to write after `prompt`.
    #[must_use]
    pub fn target(self, relations: &[Stated], prompt: &str) -> String {
        match self {
            Self::Bc5cdr => bc5cdr::target(relations),
            Self::Ddi => ddi::target(relations, prompt),
            Self::KdDti => kd_dti::target(relations, prompt),
        }
    }

    /// The relations that an output states.
    #[must_use]
    pub fn read(self, output: &str) -> Reading {
        match self {
            Self::Bc5cdr => bc5cdr::read(output),
            Self::Ddi => ddi::read(output),
            Self::KdDti => kd_dti::read(output),
        }
    }
}

/// The relations of a curated document in words, for training on a curator's corrections: an argument that is a mention
/// gives its text, a concept the longest mention with that id (or its name, if the source gives names only). Relations
/// with an argument that has no name in the text, or without two arguments, are left out.
#[must_use]
pub fn stated(document: &Document) -> Vec<Stated> {
    document
        .relations
        .iter()
        .filter_map(|relation| {
            let [head, tail] = relation.arguments.as_slice() else {
                return None;
            };
            let [head, tail] = [&head.target, &tail.target].map(|target| name_in(document, target));
            Some(Stated::new(head?, tail?, &relation.kind))
        })
        .collect()
}

fn name_in<'a>(document: &'a Document, target: &'a Target) -> Option<&'a str> {
    let mentions = |wanted: &dyn Fn(&Entity) -> bool| {
        longest(document.entities.iter().filter(|entity| wanted(entity)).map(|entity| entity.text.as_str()))
    };
    match target {
        Target::Entity(id) => mentions(&|entity| entity.id == *id),
        Target::Concept(concept) if concept.vocabulary == "name" => Some(&concept.id),
        Target::Concept(concept) => mentions(&|entity| entity.concepts.contains(concept)),
        Target::Relation(_) => None,
    }
}

/// The longest name in characters; the first of equals.
fn longest<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.fold(None, |best: Option<&str>, name| match best {
        Some(best) if best.chars().count() >= name.chars().count() => Some(best),
        _ => Some(name),
    })
}

#[cfg(test)]
mod tests {
    use documents::{Argument, Concept, Infons, Relation};

    use super::*;

    #[test]
    fn names_of_tasks_are_distinct_and_found_again() {
        for task in RelationTask::ALL {
            assert_eq!(RelationTask::named(task.name()), Some(task));
        }
        assert_eq!(RelationTask::named("hoc"), None);
    }

    #[test]
    fn a_concept_is_stated_by_its_longest_mention() {
        let mut document =
            Document::from_parts("1", &[("abstract", "MTX (methotrexate) caused renal failure.")]);
        let mesh = |id: &str| Concept { vocabulary: "MESH".to_owned(), id: id.to_owned() };
        for (number, (name, id)) in
            [("MTX", "D008727"), ("methotrexate", "D008727"), ("renal failure", "D051437")].iter().enumerate()
        {
            let start = document.text.find(name).unwrap();
            document.entities.push(Entity {
                id: format!("T{number}"),
                kind: String::new(),
                spans: vec![Span::new(start, start + name.len())],
                text: (*name).to_owned(),
                concepts: vec![mesh(id)],
                note: None,
                score: None,
                infons: Infons::new(),
            });
        }
        let argument = |target| Argument { role: String::new(), target };
        document.relations.push(Relation::new(
            "R1",
            "CID",
            vec![argument(Target::Concept(mesh("D008727"))), argument(Target::Entity("T2".to_owned()))],
        ));
        document.relations.push(Relation::new("R2", "CID", vec![argument(Target::Concept(mesh("D1")))]));
        assert_eq!(stated(&document), [Stated::new("methotrexate", "renal failure", "CID")]);
    }
}
