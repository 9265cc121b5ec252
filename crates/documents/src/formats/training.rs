//! Training JSON Lines: what curators decided, one line per document and task, to train on.
//!
//! A line is one of [JSON Lines](super::Format::Jsonl) with offsets in code points, and beyond it:
//! - `task`: `bc5cdr`, `ddi`, `kd-dti`, `answer`, `classify` ...;
//! - `question`: of an `answer` task;
//! - `labels`: `[{"label": "yes", "decision": "accepted"}]`, of `answer` and `classify`;
//! - in each relation `decision`: `accepted`, `rejected` or `open` (not decided: neither right nor wrong);
//! - `decisions`: how many relations and labels are `accepted`, `rejected` and `open`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::import::Intake;
use super::jsonl::{self, Line};
use super::{DECISION, Issue, ReadError, WriteOptions, json};
use crate::limits::Limits;
use crate::{Document, Infons, Relation};

/// What a curator decided about a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is right.
    Accepted,
    /// It is wrong.
    Rejected,
    /// Nobody has decided.
    #[default]
    Open,
}

impl Decision {
    /// As written in a [`DECISION`] infon; `None` for what is not decided.
    #[must_use]
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::Accepted => Some("accepted"),
            Self::Rejected => Some("rejected"),
            Self::Open => None,
        }
    }

    /// The decision about a relation, from its [`DECISION`] infon.
    #[must_use]
    pub fn of(relation: &Relation) -> Self {
        match relation.infons.get(DECISION).map(String::as_str) {
            Some("accepted") => Self::Accepted,
            Some("rejected") => Self::Rejected,
            _ => Self::Open,
        }
    }
}

/// A label of the whole document, such as an answer or a hallmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// `yes`, `cellular energetics` ...
    pub label: String,
    /// Whether it is right.
    #[serde(default)]
    pub decision: Decision,
}

/// One document with the decisions made for one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// `bc5cdr`, `ddi`, `kd-dti`, `answer`, `classify` ...
    pub task: String,
    /// The question, where the task has one.
    pub question: Option<String>,
    /// Labels of the whole document.
    pub labels: Vec<Label>,
    /// Text, mentions and relations; each relation's decision is in its [`DECISION`] infon.
    pub document: Document,
    /// Reproducibility records of the runs that the relations name.
    pub runs: BTreeMap<String, Infons>,
}

impl Example {
    /// A document as an example of a task. Its infons `question`, `answer` and `labels` (joined by `|`), as the gold
    /// readers give them, become the example's.
    #[must_use]
    pub fn of(document: &Document, task: &str) -> Self {
        let gold = ["answer", "labels"].iter().filter_map(|key| document.infons.get(*key));
        let labels = gold.flat_map(|labels| labels.split('|')).filter(|label| !label.is_empty());
        let accepted = |label: &str| Label { label: label.to_owned(), decision: Decision::Accepted };
        Self {
            task: task.to_owned(),
            question: document.infons.get("question").cloned(),
            labels: labels.map(accepted).collect(),
            document: document.clone(),
            runs: BTreeMap::new(),
        }
    }

    /// The relations that a curator accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Relation> {
        self.document.relations.iter().filter(|relation| Decision::of(relation) == Decision::Accepted)
    }

    /// The relations that a curator rejected: hard negatives.
    pub fn rejected(&self) -> impl Iterator<Item = &Relation> {
        self.document.relations.iter().filter(|relation| Decision::of(relation) == Decision::Rejected)
    }
}

/// Writes one example a line.
#[must_use]
pub fn write(examples: &[Example]) -> String {
    let mut lines = String::new();
    for example in examples {
        lines.push_str(&line(example).to_string());
        lines.push('\n');
    }
    lines
}

/// Reads examples; a bad line is an issue and the others are read. `name` is the file's name, for messages.
///
/// # Errors
/// Where no line can be read.
pub fn read(text: &str, name: &str) -> Result<(Vec<Example>, Vec<Issue>), ReadError> {
    let limits = Limits::default();
    let mut intake = Intake::new(name, &limits);
    intake.repeats = true;
    let details = read_lines(text, &mut intake);
    let import = intake.finish(super::Format::Training)?;
    let examples = details.into_iter().zip(import.documents).map(|(details, document)| Example {
        task: details.task,
        question: details.question,
        labels: details.labels,
        document,
        runs: details.runs,
    });
    Ok((examples.collect(), import.issues))
}

pub(super) fn read_documents(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    for details in read_lines(text, intake) {
        intake.runs.extend(details.runs);
    }
    Ok(())
}

pub(super) fn write_documents(documents: &[Document], options: &WriteOptions) -> String {
    let mut examples: Vec<Example> =
        documents.iter().map(|document| Example::of(document, &options.task)).collect();
    if let Some(first) = examples.first_mut() {
        first.runs.clone_from(&options.runs);
    }
    write(&examples)
}

/// What a line holds beside its document.
struct Details {
    task: String,
    question: Option<String>,
    labels: Vec<Label>,
    runs: BTreeMap<String, Infons>,
}

/// Takes each line's document in and gives its details, as many as documents were taken.
fn read_lines(text: &str, intake: &mut Intake<'_>) -> Vec<Details> {
    let mut all = Vec::new();
    let found = json::records(text, intake.lines_before);
    for (place, record) in found.records {
        let Ok(Value::Object(mut record)) = serde_json::from_str::<Value>(record.get()) else {
            intake.issue(place, "It is not a record with named fields.", "Write one JSON object a line.");
            continue;
        };
        let details = details(&mut record);
        let Some(document) = jsonl::document(record, &place, intake) else {
            continue;
        };
        if intake.document(document, place) {
            all.push(details);
        }
    }
    for (place, problem) in found.problems {
        intake.issue(place, problem, "Correct that place, or export the file again.");
    }
    all
}

fn details(record: &mut Map<String, Value>) -> Details {
    record.remove("decisions");
    let task = record.remove("task").as_ref().and_then(json::scalar).unwrap_or_default();
    let question = record.remove("question").as_ref().and_then(json::scalar);
    let labels =
        record.remove("labels").and_then(|labels| serde_json::from_value(labels).ok()).unwrap_or_default();
    let runs = record.remove("runs").and_then(|runs| serde_json::from_value(runs).ok()).unwrap_or_default();
    for relation in record.get_mut("relations").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(relation) = relation.as_object_mut() else {
            continue;
        };
        let decision = relation.remove("decision").as_ref().and_then(json::scalar);
        if let Some(decision) = decision.filter(|decision| decision != "open") {
            let infons = relation.entry("infons").or_insert_with(|| Value::Object(Map::new()));
            if let Some(infons) = infons.as_object_mut() {
                infons.insert(DECISION.to_owned(), Value::String(decision));
            }
        }
    }
    Details { task, question, labels, runs }
}

fn line(example: &Example) -> Value {
    let Ok(Value::Object(line)) = serde_json::to_value(Line::of(&example.document)) else {
        return Value::Null;
    };
    let mut counts: BTreeMap<&str, usize> = ["accepted", "rejected", "open"].map(|key| (key, 0)).into();
    let mut count = |decision: Decision| *counts.entry(decision.key().unwrap_or("open")).or_default() += 1;
    let mut line = line;
    let relations = line.get_mut("relations").and_then(Value::as_array_mut).into_iter().flatten();
    for (written, relation) in relations.zip(&example.document.relations) {
        let decision = Decision::of(relation);
        count(decision);
        let Some(written) = written.as_object_mut() else {
            continue;
        };
        let key = decision.key().unwrap_or("open");
        written.insert("decision".to_owned(), Value::from(key));
        // Other words than the two decisions are a property like any other.
        if decision != Decision::Open
            && let Some(infons) = written.get_mut("infons").and_then(Value::as_object_mut)
        {
            infons.remove(DECISION);
        }
    }
    example.labels.iter().for_each(|label| count(label.decision));
    line.insert("task".to_owned(), Value::from(example.task.as_str()));
    if let Some(question) = &example.question {
        line.insert("question".to_owned(), Value::from(question.as_str()));
    }
    line.insert("labels".to_owned(), serde_json::to_value(&example.labels).unwrap_or_default());
    line.insert("decisions".to_owned(), serde_json::to_value(&counts).unwrap_or_default());
    if !example.runs.is_empty() {
        line.insert("runs".to_owned(), serde_json::to_value(&example.runs).unwrap_or_default());
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, read as read_any};
    use crate::{Argument, Target};

    fn example() -> Example {
        let mut document =
            Document::from_parts("7", &[("title", "β-blockers and asthma"), ("abstract", "They harm.")]);
        let named = |role: &str| Argument {
            role: role.to_owned(),
            target: Target::Concept(crate::Concept { vocabulary: "name".to_owned(), id: role.to_owned() }),
        };
        for (id, decision) in [("R1", Some("accepted")), ("R2", Some("rejected")), ("R3", None)] {
            let mut relation = Relation::new(id, "CID", vec![named("Chemical"), named("Disease")]);
            relation.infons.extend(decision.map(|decision| (DECISION.to_owned(), decision.to_owned())));
            document.relations.push(relation);
        }
        let mut example = Example::of(&document, "bc5cdr");
        example.labels.push(Label { label: "maybe".to_owned(), decision: Decision::Rejected });
        example.question = Some("Do they?".to_owned());
        example.runs.insert("r1".to_owned(), Infons::from([("seed".to_owned(), "7".to_owned())]));
        example
    }

    #[test]
    fn reads_back_what_it_writes() {
        let lines = write(&[example(), Example { task: "ddi".to_owned(), ..example() }]);
        let broken = format!("{lines}{{\"task\": \n");
        let (examples, issues) = read(&broken, "train.jsonl").unwrap();
        assert_eq!(examples[0], example());
        assert_eq!((examples[1].task.as_str(), examples[1].document.id.as_str()), ("ddi", "7"));
        assert_eq!(issues[0].place, "line 3");
        assert_eq!(examples[0].accepted().map(|relation| relation.id.as_str()).collect::<Vec<_>>(), ["R1"]);
        assert_eq!(examples[0].rejected().count(), 1);
    }

    #[test]
    fn is_told_from_other_json_lines() {
        let lines = write(&[example()]);
        assert!(lines.contains(r#""decisions":{"accepted":1,"open":1,"rejected":2}"#), "{lines}");
        let import = read_any(lines.as_bytes(), "a.jsonl").unwrap();
        assert_eq!(import.format, Format::Training);
        assert_eq!(import.runs["r1"]["seed"], "7");
    }
}
