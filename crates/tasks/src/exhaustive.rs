//! The second way of decoding: every pair of names that could be related is scored, and those above a threshold are kept.

use documents::Span;
use terms::Kind;

use crate::candidates::{Group, Mention, groups};
use crate::relations::{RelationTask, Stated};
use crate::sentences;

/// A relation that could hold, with the text to score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateRelation {
    /// The relation in words.
    pub stated: Stated,
    /// The text that states it alone, as the task's target does; its log-probability after the prompt is its score.
    pub target: String,
    /// The same with the names swapped, to compare with; absent where that states the same kind of relation.
    pub swapped: Option<String>,
    /// Numbers of the mentions of the first name.
    pub head: Vec<usize>,
    /// Numbers of the mentions of the second name.
    pub tail: Vec<usize>,
}

/// All relations that a task could state between the mentions of a document with these sentences, in a fixed order.
///
/// BC5CDR relates concepts, wherever they are mentioned. DDI relates drugs of one sentence, the first one first, as its
/// annotators did (97 % of the training relations). KD-DTI relates every drug with every target.
#[must_use]
pub fn candidates(task: RelationTask, sentences: &[Span], mentions: &[Mention]) -> Vec<CandidateRelation> {
    match task {
        RelationTask::Bc5cdr => {
            pairs(task, &groups(mentions, Kind::Chemical), &groups(mentions, Kind::Disease))
        }
        RelationTask::KdDti => {
            pairs(task, &by_name(mentions, Kind::Chemical), &by_name(mentions, Kind::Gene))
        }
        RelationTask::Ddi => in_one_sentence(task, sentences, mentions),
    }
}

fn pairs(task: RelationTask, heads: &[Group], tails: &[Group]) -> Vec<CandidateRelation> {
    let mut candidates = Vec::new();
    for head in heads {
        for tail in tails {
            candidates.extend(of_pair(task, head, tail));
        }
    }
    candidates
}

fn of_pair(task: RelationTask, head: &Group, tail: &Group) -> impl Iterator<Item = CandidateRelation> {
    task.kinds().iter().map(move |kind| {
        let stated = Stated::new(&head.name, &tail.name, *kind);
        let swapped = Stated::new(&tail.name, &head.name, *kind);
        CandidateRelation {
            target: task.target(std::slice::from_ref(&stated), ""),
            swapped: (task != RelationTask::Ddi).then(|| task.target(&[swapped], "")),
            stated,
            head: head.mentions.clone(),
            tail: tail.mentions.clone(),
        }
    })
}

/// Mentions with the same words, in the order of their first place. Names are KD-DTI's and DDI's units.
fn by_name(mentions: &[Mention], kind: Kind) -> Vec<Group> {
    let without_ids: Vec<Mention> =
        mentions.iter().map(|mention| Mention { concepts: Vec::new(), ..mention.clone() }).collect();
    groups(&without_ids, kind)
        .into_iter()
        .map(|group| Group { concepts: mentions[group.mentions[0]].concepts.clone(), ..group })
        .collect()
}

fn in_one_sentence(task: RelationTask, sentences: &[Span], mentions: &[Mention]) -> Vec<CandidateRelation> {
    let drugs = by_name(mentions, Kind::Chemical);
    let sentence_of: Vec<Option<usize>> =
        mentions.iter().map(|mention| sentences::containing(sentences, mention.cover())).collect();
    let mut candidates = Vec::new();
    for head in &drugs {
        for tail in drugs.iter().filter(|tail| tail.name != head.name) {
            let together = head.mentions.iter().any(|first| {
                tail.mentions.iter().any(|second| {
                    mentions[*first].cover().start < mentions[*second].cover().start
                        && sentence_of[*first].is_some()
                        && sentence_of[*first] == sentence_of[*second]
                })
            });
            if together {
                candidates.extend(of_pair(task, head, tail));
            }
        }
    }
    candidates
}

#[cfg(test)]
mod tests {
    use documents::{Concept, Document};

    use super::*;
    use crate::candidates::Origin;

    fn mention(document: &Document, text: &str, kind: Kind, id: &str) -> Mention {
        let start = document.text.find(text).unwrap();
        let concepts = vec![Concept { vocabulary: "MESH".to_owned(), id: id.to_owned() }];
        let spans = vec![Span::new(start, start + text.len())];
        Mention { spans, text: text.to_owned(), kind, origin: Origin::Given, concepts }
    }

    #[test]
    fn concepts_are_paired_once_under_their_longest_name() {
        let document = Document::from_parts("1", &[("abstract", "MTX, Methotrexate: anemia, fever.")]);
        let mentions = [
            mention(&document, "MTX", Kind::Chemical, "1"),
            mention(&document, "Methotrexate", Kind::Chemical, "1"),
            mention(&document, "anemia", Kind::Disease, "2"),
            mention(&document, "fever", Kind::Disease, "3"),
        ];
        let candidates = candidates(RelationTask::Bc5cdr, &sentences::of(&document), &mentions);
        let targets: Vec<&str> = candidates.iter().map(|candidate| candidate.target.as_str()).collect();
        assert_eq!(
            targets,
            [
                "the relation between methotrexate and anemia exists.",
                "the relation between methotrexate and fever exists."
            ]
        );
        assert_eq!(candidates[0].head, [0, 1]);
        assert_eq!(
            candidates[0].swapped.as_deref(),
            Some("the relation between anemia and methotrexate exists.")
        );
    }

    #[test]
    fn drugs_are_paired_within_a_sentence_in_order() {
        let document =
            Document::from_parts("1", &[("abstract", "Aspirin raises warfarin. Digoxin is not studied.")]);
        let mentions =
            ["Aspirin", "warfarin", "Digoxin"].map(|name| mention(&document, name, Kind::Chemical, name));
        let candidates = candidates(RelationTask::Ddi, &sentences::of(&document), &mentions);
        assert_eq!(candidates.len(), 4, "one pair, four types");
        assert_eq!(candidates[1].target, "the interaction between aspirin and warfarin is mechanism.");
    }
}
