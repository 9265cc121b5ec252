//! Curators' decisions as examples: Osler's training JSON Lines beside the gold sets.
//!
//! What was accepted is right, what was rejected is a hard negative, what nobody decided is neither: a document with an
//! open relation teaches about its decided pairs, but not which relations to list.

use std::fs;
use std::path::Path;

use documents::Document;
use documents::corpora::pubmedqa::Question;
use documents::formats::training::{self, Decision, Example};
use tasks::relations::stated;
use tasks::{RelationTask, Stated};

use super::data::DataError;
use super::{Gold, Pair};

/// What a file of decisions gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrected {
    /// Lines that are learned from.
    pub used: usize,
    /// Lines without a decision that a task here learns from.
    pub unused: usize,
    /// Lines that could not be read: place, and why.
    pub problems: Vec<String>,
}

/// Adds the decisions in `path` to what is learned from.
///
/// # Errors
/// If the file cannot be read, or no line of it.
pub fn add_corrections(gold: &mut Gold, path: &Path) -> Result<Corrected, DataError> {
    let text = fs::read_to_string(path).map_err(|source| DataError::Io { path: path.to_owned(), source })?;
    let (examples, issues) = training::read(&text, &path.display().to_string())
        .map_err(|error| DataError::Content { path: path.to_owned(), reason: error.to_string() })?;
    let mut corrected = Corrected::default();
    for example in &examples {
        *(if add(gold, example) { &mut corrected.used } else { &mut corrected.unused }) += 1;
    }
    corrected.problems = issues.iter().map(|issue| format!("{}: {}", issue.place, issue.message)).collect();
    Ok(corrected)
}

fn add(gold: &mut Gold, example: &Example) -> bool {
    match (RelationTask::named(&example.task), example.task.as_str()) {
        (Some(task), _) => add_relations(gold, task, &example.document),
        (None, "answer" | "pubmedqa") => add_answer(gold, example),
        (None, "classify" | "hoc") => add_labels(gold, example),
        _ => false,
    }
}

fn add_relations(gold: &mut Gold, task: RelationTask, document: &Document) -> bool {
    let decided = |wanted: Decision| -> Vec<Stated> {
        let mut only = document.clone();
        only.relations.retain(|relation| Decision::of(relation) == wanted);
        stated(&only)
    };
    let (accepted, rejected) = (decided(Decision::Accepted), decided(Decision::Rejected));
    let is_open = document.relations.iter().any(|relation| Decision::of(relation) == Decision::Open);
    if accepted.is_empty() && rejected.is_empty() {
        return false;
    }
    let pair = |relation: &Stated, kind: Option<String>| Pair {
        heads: vec![relation.head.to_lowercase()],
        tails: vec![relation.tail.to_lowercase()],
        kind,
    };
    let right = accepted.iter().map(|relation| pair(relation, Some(relation.kind.clone())));
    let pairs = right.chain(rejected.iter().map(|relation| pair(relation, None))).collect();
    let source = task.prompt(document, tasks::source::whole(document));
    of(&mut gold.pairs, task).push((source, pairs));
    if !is_open {
        of(&mut gold.relations, task).push((document.clone(), accepted));
    }
    true
}

/// The examples of a task, which is added if it is not there.
fn of<T>(all: &mut Vec<(RelationTask, Vec<T>)>, task: RelationTask) -> &mut Vec<T> {
    let place = all.iter().position(|(other, _)| *other == task).unwrap_or_else(|| {
        all.push((task, Vec::new()));
        all.len() - 1
    });
    &mut all[place].1
}

fn add_answer(gold: &mut Gold, example: &Example) -> bool {
    let right = example.labels.iter().find(|label| label.decision == Decision::Accepted);
    let (Some(right), Some(question)) = (right, &example.question) else { return false };
    let document = &example.document;
    let pieces = tasks::source::pieces(document, tasks::source::whole(document));
    gold.questions.push(Question {
        pmid: document.id.clone(),
        question: question.clone(),
        contexts: pieces.into_iter().map(str::to_owned).collect(),
        labels: Vec::new(),
        meshes: Vec::new(),
        year: None,
        long_answer: String::new(),
        answer: Some(right.label.clone()),
    });
    true
}

fn add_labels(gold: &mut Gold, example: &Example) -> bool {
    let decided = |wanted| example.labels.iter().filter(move |label| label.decision == wanted);
    if example.labels.is_empty() || decided(Decision::Open).next().is_some() {
        return false;
    }
    // All suggestions rejected: the text speaks of no hallmark.
    let labels = decided(Decision::Accepted).map(|label| label.label.clone());
    let labels = labels.filter(|label| label != tasks::classify::EMPTY).collect();
    gold.sentences.push((example.document.text.trim().to_owned(), labels));
    true
}

#[cfg(test)]
mod tests {
    use documents::formats::DECISION;
    use documents::formats::training::{Label, write};
    use documents::{Argument, Concept, Relation, Target};

    use super::*;

    fn document(relations: &[(&str, Option<&str>)]) -> Document {
        let mut document =
            Document::from_parts("7", &[("title", "MTX and fever"), ("abstract", "Not anemia.")]);
        let name = |role: &str, name: &str| Argument {
            role: role.to_owned(),
            target: Target::Concept(Concept { vocabulary: "name".to_owned(), id: name.to_owned() }),
        };
        for (tail, decision) in relations {
            let mut relation =
                Relation::new(*tail, "CID", vec![name("Chemical", "MTX"), name("Disease", tail)]);
            relation.infons.extend(decision.map(|decision| (DECISION.to_owned(), decision.to_owned())));
            document.relations.push(relation);
        }
        document
    }

    fn read(examples: &[Example]) -> (Gold, Corrected) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.jsonl");
        fs::write(&path, write(examples) + "{\"task\":").unwrap();
        let mut gold = Gold::default();
        let corrected = add_corrections(&mut gold, &path).unwrap();
        (gold, corrected)
    }

    #[test]
    fn what_is_right_is_listed_and_what_is_wrong_is_a_pair_without_relation() {
        let decided = document(&[("fever", Some("accepted")), ("anemia", Some("rejected"))]);
        let open = document(&[("fever", None), ("anemia", Some("rejected"))]);
        let undecided = document(&[("fever", None)]);
        let all = [decided, open, undecided].map(|document| Example::of(&document, "bc5cdr"));
        let (gold, corrected) = read(&all);
        assert_eq!((corrected.used, corrected.unused, corrected.problems.len()), (2, 1, 1));
        let (task, documents) = &gold.relations[0];
        assert_eq!((*task, documents.len()), (RelationTask::Bc5cdr, 1), "the open one lists nothing");
        assert_eq!(documents[0].1, [Stated::new("MTX", "fever", "CID")]);
        let kinds: Vec<Vec<(&str, bool)>> = gold.pairs[0]
            .1
            .iter()
            .map(|(_, pairs)| pairs.iter().map(|p| (p.tails[0].as_str(), p.kind.is_some())).collect())
            .collect();
        assert_eq!(kinds, [vec![("fever", true), ("anemia", false)], vec![("anemia", false)]]);
    }

    #[test]
    fn a_document_of_which_all_was_rejected_teaches_that_there_is_none() {
        let (gold, _) = read(&[Example::of(&document(&[("anemia", Some("rejected"))]), "bc5cdr")]);
        assert!(gold.relations[0].1[0].1.is_empty());
    }

    #[test]
    fn answers_and_hallmarks_count_once_they_are_decided() {
        let label = |label: &str, decision| Label { label: label.to_owned(), decision };
        let text = Document::from_parts("9", &[("abstract", "It helps.")]);
        let example = |task: &str, labels: Vec<Label>| Example {
            question: Some("Does it?".to_owned()),
            labels,
            ..Example::of(&text, task)
        };
        let (gold, corrected) = read(&[
            example("answer", vec![label("yes", Decision::Rejected), label("no", Decision::Accepted)]),
            example("answer", vec![label("yes", Decision::Open)]),
            example("classify", vec![label("inducing angiogenesis", Decision::Accepted)]),
            example("classify", vec![label("resisting cell death", Decision::Rejected)]),
        ]);
        assert_eq!((corrected.used, corrected.unused), (3, 1));
        assert_eq!(gold.questions[0].answer.as_deref(), Some("no"));
        let labels: Vec<usize> = gold.sentences.iter().map(|(_, labels)| labels.len()).collect();
        assert_eq!(labels, [1, 0]);
    }
}
