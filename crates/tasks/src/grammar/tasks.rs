//! The grammars of the tasks.

use std::collections::BTreeSet;

use terms::Kind;

use super::{Alternative, END, Grammar, Tag, Value};
use crate::answer::{self, Answer};
use crate::candidates::{Mention, single_blanks};
use crate::classify;
use crate::reading::breaks_reading;
use crate::relations::RelationTask;

/// The most relations of one output. The largest DDI text has 37, the largest BC5CDR abstract 23.
const MOST_RELATIONS: usize = 40;

/// `the answer to the question given the context is yes|no|maybe.`
#[must_use]
pub fn answers() -> Grammar {
    let values = Answer::ALL.map(|answer| answer.word());
    Grammar {
        nodes: vec![vec![literal(answer::STEM, 1)], slot(0, &values, 2, false), vec![end(".")]],
        slots: vec![values.iter().map(|text| verbatim(text)).collect()],
        different: false,
        most_items: 1,
    }
}

/// `the type of this document is {label}|{label}.`, each of the ten hallmarks at most once, or `empty`.
#[must_use]
pub fn labels() -> Grammar {
    let hallmarks = slot(0, &classify::HALLMARKS, 2, false);
    let again = Alternative { text: "|".to_owned(), glued: true, tag: Tag::Again, next: 3 };
    Grammar {
        nodes: vec![
            vec![literal(classify::STEM, 1)],
            hallmarks.iter().cloned().chain([literal(classify::EMPTY, 4)]).collect(),
            vec![again, end(".")],
            hallmarks.into_iter().map(|label| Alternative { glued: true, ..label }).collect(),
            vec![end(".")],
        ],
        slots: vec![classify::HALLMARKS.iter().map(|text| verbatim(text)).collect()],
        different: false,
        most_items: classify::HALLMARKS.len(),
    }
}

/// The relations that a task can state between the given mentions, each at most once, or that there is none.
///
/// The names of BC5CDR and DDI are those of the mentions, lower-cased. KD-DTI's may also be names that a dictionary or the
/// training data has for a mentioned thing; they are marked as not verbatim.
#[must_use]
pub fn relations(
    task: RelationTask,
    mentions: &[Mention],
    aliases: &dyn Fn(&Mention) -> Vec<String>,
) -> Grammar {
    let names = |kind: Kind| -> Vec<Value> {
        let mentions = || mentions.iter().filter(move |mention| mention.kind == kind);
        let mut values: Vec<Value> = mentions().map(|mention| verbatim(&mention.lower())).collect();
        if task == RelationTask::KdDti {
            values.extend(mentions().flat_map(aliases).map(|text| Value { text, verbatim: false }));
        }
        writable(values)
    };
    let (heads, tails) = match task {
        RelationTask::Bc5cdr => (names(Kind::Chemical), names(Kind::Disease)),
        RelationTask::Ddi => (names(Kind::Chemical), names(Kind::Chemical)),
        RelationTask::KdDti => (names(Kind::Chemical), names(Kind::Gene)),
    };
    let different = task == RelationTask::Ddi;
    let possible = !heads.is_empty() && tails.len() > usize::from(different);
    let stem = task.stem();
    let texts = |values: &[Value]| values.iter().map(|value| value.text.clone()).collect::<Vec<_>>();
    let mut nodes = vec![vec![literal(task.none_words(), 6)]];
    if possible {
        nodes[0].insert(0, literal(stem, 1));
    }
    nodes.push(slot(0, &texts(&heads), 2, false));
    nodes.push(vec![literal("and", 3)]);
    nodes.push(slot(1, &texts(&tails), 4, false));
    let again = Alternative { text: ";".to_owned(), glued: true, tag: Tag::Again, next: 7 };
    let mut slots = vec![heads, tails];
    if task == RelationTask::Bc5cdr {
        nodes.push(vec![literal("exists", 5)]);
        nodes.push(vec![again, end(".")]);
    } else {
        nodes.push(vec![literal("is", 8)]);
        nodes.push(vec![again, end(".")]);
        slots.push(task.kinds().iter().map(|kind| verbatim(kind)).collect());
    }
    nodes.push(vec![end(".")]);
    nodes.push(vec![literal(stem, 1)]);
    if slots.len() == 3 {
        nodes.push(slot(2, task.kinds(), 5, false));
    }
    Grammar { nodes, slots, different, most_items: MOST_RELATIONS }
}

/// Distinct values that can be written and read again.
fn writable(values: Vec<Value>) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    values
        .into_iter()
        .map(|value| Value { text: single_blanks(&value.text.to_lowercase()), ..value })
        .filter(|value| !value.text.is_empty() && !breaks_reading(&value.text))
        .filter(|value| seen.insert(value.text.clone()))
        .collect()
}

fn verbatim(text: &str) -> Value {
    Value { text: text.to_owned(), verbatim: true }
}

fn literal(text: &str, next: u32) -> Alternative {
    Alternative { text: text.to_owned(), glued: false, tag: Tag::Literal, next }
}

fn end(text: &str) -> Alternative {
    Alternative { text: text.to_owned(), glued: true, tag: Tag::End, next: END }
}

fn slot<S: AsRef<str>>(slot: usize, values: &[S], next: u32, glued: bool) -> Vec<Alternative> {
    let alternative = |(text, value): (&S, u32)| Alternative {
        text: text.as_ref().to_owned(),
        glued,
        tag: Tag::Value { slot, value },
        next,
    };
    values.iter().zip(0..).map(alternative).collect()
}
