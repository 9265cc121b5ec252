//! What a published classifier is used for, and what its labels mean: guessed from its labels, corrected by the user at import,
//! and kept in the model's `tasks.json`.

use std::collections::BTreeMap;

use super::{KindTable, LEFT_OUT, LabelsError};
use crate::RelationTask;
use crate::guidance::{Guidance, TaskGuidance};
use crate::marking::Marking;

/// What a classifier is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelTask {
    /// Names, by the labels of tokens.
    Mentions,
    /// Classes of sentences.
    Classify,
    /// Relations between marked pairs of names.
    Pairs(RelationTask),
}

impl LabelTask {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mentions => "mentions",
            Self::Classify => "classify",
            Self::Pairs(task) => task.name(),
        }
    }

    /// The task with this [`name`](Self::name); `hoc`, as tuned models call it, is classifying.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mentions" => Some(Self::Mentions),
            "classify" | "hoc" => Some(Self::Classify),
            _ => RelationTask::named(name).map(Self::Pairs),
        }
    }

    /// The task's name among a model's guidance.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Mentions | Self::Classify => self.name().to_owned(),
            Self::Pairs(task) => format!("{}-pairs", task.name()),
        }
    }
}

/// What a classifier is used for, and what its labels mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What it is used for.
    pub task: LabelTask,
    /// From its labels, or the kinds in them, to what they mean: kinds of names, classes, kinds of relation, or [`LEFT_OUT`].
    pub labels: BTreeMap<String, String>,
    /// How pairs of names are shown to it, where it is used for them.
    pub marking: Option<Marking>,
}

impl Plan {
    /// What a classifier is likely to be for. `of_tokens`: whether it gives tokens labels, and not whole texts; `of` is its name.
    /// Labels are guessed by [`Plan::completed`].
    #[must_use]
    pub fn likely(of_tokens: bool, labels: &[String], of: &str) -> Self {
        let task = if of_tokens { LabelTask::Mentions } else { likely_task(labels, of) };
        let marking = match task {
            LabelTask::Pairs(task) => Some(Marking::usual(task)),
            _ => None,
        };
        Self { task, labels: BTreeMap::new(), marking }
    }

    /// The same with a meaning for every label that the model has, those that it says itself first.
    ///
    /// # Errors
    /// If the model's head cannot be used for the task, the table does not fit its labels, or its labels do not fit the task.
    pub fn completed(mut self, of_tokens: bool, labels: &[String], of: &str) -> Result<Self, LabelsError> {
        let other =
            |does, instead| Err(LabelsError::OtherTask { does, task: self.task.name().to_owned(), instead });
        match self.task {
            LabelTask::Mentions if !of_tokens => {
                return other("classifies whole texts", "classify, bc5cdr, ddi or kd-dti");
            }
            LabelTask::Classify | LabelTask::Pairs(_) if of_tokens => {
                return other("marks names in a text", "mentions");
            }
            LabelTask::Mentions => {
                for (own, kind) in KindTable::read(labels, &self.labels, of)?.names() {
                    self.labels.entry(own).or_insert(kind);
                }
                return Ok(self);
            }
            LabelTask::Classify | LabelTask::Pairs(_) => {}
        }
        if let Some(label) = self.labels.keys().find(|label| !labels.contains(label)) {
            return Err(LabelsError::NotOfTheModel { label: label.clone(), labels: labels.join(", ") });
        }
        for label in labels {
            self.labels.entry(label.clone()).or_insert_with(|| meaning(self.task, label, labels));
        }
        if let LabelTask::Pairs(task) = self.task {
            if !self.labels.values().any(|meaning| is_none(meaning)) {
                let example = labels.first().cloned().unwrap_or_default();
                return Err(LabelsError::NoNone { labels: labels.join(", "), example });
            }
            let marking = self.marking.get_or_insert_with(|| Marking::usual(task));
            marking.check().map_err(LabelsError::Marking)?;
        }
        Ok(self)
    }

    /// A row for each of the model's labels, or kinds in them, with what it means: to look at and to correct. What cannot be guessed
    /// is empty.
    #[must_use]
    pub fn rows(&self, labels: &[String], of: &str) -> Vec<(String, String)> {
        if self.task == LabelTask::Mentions {
            let read = KindTable::read(labels, &self.labels, of).map(|table| table.names());
            return match read {
                Ok(names) => names.into_iter().collect(),
                Err(_) => labels.iter().map(|label| (label.clone(), String::new())).collect(),
            };
        }
        let said = |label: &String| self.labels.get(label).cloned();
        let guessed = |label: &String| meaning(self.task, label, labels);
        labels.iter().map(|label| (label.clone(), said(label).unwrap_or_else(|| guessed(label)))).collect()
    }

    /// As a model's `tasks.json` keeps it.
    #[must_use]
    pub fn guidance(&self) -> Guidance {
        let own = TaskGuidance {
            labels: self.labels.clone(),
            marking: self.marking.clone(),
            ..TaskGuidance::default()
        };
        Guidance([(self.task.key(), own)].into())
    }

    /// What a model's `tasks.json` keeps, if it says anything about labels.
    #[must_use]
    pub fn of_guidance(guidance: &Guidance) -> Option<Self> {
        let pairs = RelationTask::ALL.into_iter().map(LabelTask::Pairs);
        [LabelTask::Mentions, LabelTask::Classify].into_iter().chain(pairs).find_map(|task| {
            let own = guidance.of(&task.key()).filter(|own| !own.labels.is_empty())?;
            Some(Self { task, labels: own.labels.clone(), marking: own.marking.clone() })
        })
    }

    /// What a label means: `None` where it says that there is nothing to say.
    #[must_use]
    pub fn meaning(&self, label: &str) -> Option<&str> {
        let meaning = self.labels.get(label).map(String::as_str)?;
        (!is_none(meaning)).then_some(meaning)
    }
}

fn is_none(meaning: &str) -> bool {
    meaning.is_empty() || meaning.eq_ignore_ascii_case(LEFT_OUT)
}

/// A label without capitals and punctuation.
fn plain(label: &str) -> String {
    label.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What the labels of published models call pairs that are not related, and texts without a class.
const NOTHING: [&str; 16] = [
    "none",
    "false",
    "negative",
    "neg",
    "no",
    "norelation",
    "norel",
    "notrelated",
    "unrelated",
    "null",
    "na",
    "empty",
    "other",
    "0",
    "noclass",
    "ddifalse",
];

/// What a class is likely to mean.
fn meaning(task: LabelTask, label: &str, all: &[String]) -> String {
    let own = plain(label);
    let LabelTask::Pairs(task) = task else {
        // Elsewhere "no", "other" and "negative" are classes in their own right.
        let nothing = ["none", "empty", "null", "norelation", "noclass"].contains(&own.as_str());
        return if nothing { LEFT_OUT.to_owned() } else { label.to_owned() };
    };
    let numbered = |number: &str| own == format!("label{number}");
    if NOTHING.contains(&own.as_str()) || (all.len() == 2 && numbered("0")) {
        return LEFT_OUT.to_owned();
    }
    if let [only] = task.kinds() {
        return (*only).to_owned();
    }
    let bare = own.strip_prefix("ddi").unwrap_or(&own);
    let bare = if bare == "advice" { "advise" } else { bare };
    let known = task.kinds().iter().find(|kind| plain(kind) == bare);
    known.map_or_else(|| label.to_owned(), |kind| (*kind).to_owned())
}

/// What a classifier of texts is likely to be for, by its labels and its name.
fn likely_task(labels: &[String], of: &str) -> LabelTask {
    let own: Vec<String> = labels.iter().map(|label| plain(label)).collect();
    let has = |names: &[&str]| own.iter().any(|label| names.contains(&label.as_str()));
    let words: Vec<String> = of.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let named = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    let begins = |start: &str| own.iter().any(|label| label.starts_with(start));
    if begins("ddi") || has(&["mechanism"]) && has(&["effect"]) || named(&["ddi"]) {
        LabelTask::Pairs(RelationTask::Ddi)
    } else if has(&["cid"]) || named(&["cdr", "bc5cdr", "cid"]) {
        LabelTask::Pairs(RelationTask::Bc5cdr)
    } else if begins("cpr") || has(&["inhibitor", "agonist", "substrate"]) || named(&["chemprot", "drugprot"])
    {
        LabelTask::Pairs(RelationTask::KdDti)
    } else {
        LabelTask::Classify
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    fn plan(of_tokens: bool, labels: &[&str], of: &str) -> Result<Plan, LabelsError> {
        let labels = owned(labels);
        Plan::likely(of_tokens, &labels, of).completed(of_tokens, &labels, of)
    }

    #[test]
    fn what_a_classifier_is_for_is_guessed_from_its_labels_and_its_name() {
        let ddi = plan(false, &["DDI-false", "DDI-advise", "DDI-effect", "DDI-int"], "x").unwrap();
        assert_eq!(ddi.task, LabelTask::Pairs(RelationTask::Ddi));
        assert_eq!((ddi.meaning("DDI-false"), ddi.meaning("DDI-int")), (None, Some("int")));
        let cdr = plan(false, &["LABEL_0", "LABEL_1"], "biobert-cdr").unwrap();
        assert_eq!(cdr.task, LabelTask::Pairs(RelationTask::Bc5cdr));
        assert_eq!((cdr.meaning("LABEL_0"), cdr.meaning("LABEL_1")), (None, Some("CID")));
        let chemprot = plan(false, &["false", "CPR:3", "CPR:4"], "x").unwrap();
        assert_eq!(chemprot.task, LabelTask::Pairs(RelationTask::KdDti));
        assert_eq!((chemprot.meaning("false"), chemprot.meaning("CPR:4")), (None, Some("CPR:4")));
        let classes = plan(false, &["none", "cellular energetics", "other"], "x").unwrap();
        assert_eq!((classes.task, classes.meaning("none")), (LabelTask::Classify, None));
        assert_eq!(classes.meaning("other"), Some("other"));
        let names = plan(true, &["O", "B-CHEM"], "x").unwrap();
        assert_eq!((names.task, names.meaning("CHEM")), (LabelTask::Mentions, Some("Chemical")));
    }

    #[test]
    fn a_plan_is_kept_in_the_guidance_and_read_from_it() {
        for plan in [
            plan(true, &["O", "B-CHEM", "B-Anatomy"], "x").unwrap(),
            plan(false, &["none", "a"], "x").unwrap(),
            plan(false, &["DDI-false", "DDI-int"], "x").unwrap(),
        ] {
            let text = serde_json::to_string(&plan.guidance()).unwrap();
            let read: Guidance = serde_json::from_str(&text).unwrap();
            assert_eq!(Plan::of_guidance(&read), Some(plan));
        }
        assert_eq!(Plan::of_guidance(&Guidance::default()), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_remedy() {
        let labels = owned(&["up", "down"]);
        let pairs = Plan { task: LabelTask::Pairs(RelationTask::Ddi), ..Plan::likely(false, &labels, "x") };
        let error = pairs.clone().completed(false, &labels, "x").unwrap_err().to_string();
        assert!(error.contains("up=none"), "{error}");
        let labelled = Plan { labels: [("up".to_owned(), "none".to_owned())].into(), ..pairs.clone() };
        assert_eq!(labelled.completed(false, &labels, "x").unwrap().meaning("down"), Some("down"));
        let error = pairs.completed(true, &labels, "x").unwrap_err().to_string();
        assert!(error.contains("cannot be used for ddi. Say mentions"), "{error}");
        let mentions = Plan { task: LabelTask::Mentions, ..Plan::likely(false, &labels, "x") };
        assert!(mentions.completed(false, &labels, "x").unwrap_err().to_string().contains("Say classify"));
        let strange =
            Plan { labels: [("x".to_owned(), "y".to_owned())].into(), ..Plan::likely(false, &labels, "x") };
        assert!(strange.completed(false, &labels, "x").unwrap_err().to_string().contains("up, down"));
    }
}
