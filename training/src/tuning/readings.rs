//! What texts that are read in both directions teach: mentions, relations of pairs, classes.

use std::collections::BTreeMap;
use std::path::Path;

use biogpt::heads::{ClassifierShape, HeadsShape, PairsShape, TaggerShape};
use documents::Document;
use tasks::tagging::{HINTS, KINDS};
use tasks::{Finder, RelationTask, answer, classify};
use tokenizer::Tokenizer;

use super::marked::{self, Marked, Related};
use super::{Gold, tokens};
use crate::examples::{Example, Task};
use crate::reading::{Classes, Reading};
use crate::windows::SplitMix;

/// Heads that learn from data that may be redistributed, and whose losses reach the shared weights.
pub const OPEN: usize = 0;
/// Heads that learn from data for research only. The shared weights are constants to them.
pub const RESEARCH: usize = 1;
/// The terms of [`RESEARCH`].
pub const RESEARCH_TERMS: &str = "for research only: learned from DDI 2013 (CC BY-NC 4.0), KD-DTI (relations of DrugBank, \
    CC BY-NC 4.0) and HoC (GPL-3.0)";

/// The kinds of relations of BioRED, "none" first.
const BIORED_LABELS: [&str; 9] = [
    "none",
    "Association",
    "Positive_Correlation",
    "Negative_Correlation",
    "Bind",
    "Cotreatment",
    "Comparison",
    "Drug_Interaction",
    "Conversion",
];
/// The pairs of kinds that BioRED relates, as indices of [`KINDS`].
const BIORED_SIDES: [(usize, usize); 8] = [(1, 2), (0, 1), (2, 2), (0, 2), (0, 0), (0, 3), (1, 3), (3, 3)];

/// The tasks of the recipe that read whole texts: the gold sets and corpora of `labelled/`.
pub const READINGS: [&str; 8] = [
    "read-bc5cdr",
    "read-biored",
    "read-ncbi-disease",
    "read-bc2gm",
    "read-pubmedqa",
    "read-ddi",
    "read-kd-dti",
    "read-hoc",
];

fn labels(task: RelationTask) -> Vec<String> {
    std::iter::once("none").chain(task.kinds().iter().copied()).map(str::to_owned).collect()
}

/// The heads of a model for which these tasks are mixed; the open ones before those for research.
#[must_use]
pub fn shapes(times: &BTreeMap<String, f64>) -> Vec<HeadsShape> {
    if !READINGS.iter().any(|name| times.contains_key(*name)) {
        return Vec::new();
    }
    let pairs = |name: &str, labels: Vec<String>| PairsShape {
        name: name.to_owned(),
        labels,
        inner: 128,
        heads: 4,
        block: 16,
    };
    let classes = |name: &str, labels: Vec<String>, exclusive: bool| ClassifierShape {
        name: name.to_owned(),
        labels,
        exclusive,
        inner: 128,
    };
    let owned = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
    let answers = answer::Answer::ALL.map(|answer| answer.word().to_owned()).to_vec();
    let open = HeadsShape {
        mentions: Some(TaggerShape { kinds: owned(&KINDS), hints: HINTS, inner: 256 }),
        pairs: vec![
            pairs(RelationTask::Bc5cdr.name(), labels(RelationTask::Bc5cdr)),
            pairs("biored", owned(&BIORED_LABELS)),
        ],
        classes: vec![classes("pubmedqa", answers, true)],
    };
    let research = HeadsShape {
        mentions: None,
        pairs: [RelationTask::Ddi, RelationTask::KdDti].map(|task| pairs(task.name(), labels(task))).to_vec(),
        classes: vec![classes("hoc", owned(&classify::HALLMARKS), false)],
    };
    vec![open, research]
}

/// Examples that are read whole.
pub struct Readings {
    name: &'static str,
    examples: Vec<Example>,
}

impl Task for Readings {
    fn name(&self) -> &str {
        self.name
    }
    fn count(&self) -> usize {
        self.examples.len()
    }
    fn example(&self, number: usize, _: &mut SplitMix) -> Example {
        self.examples[number].clone()
    }
}

/// All reading tasks of one part of the gold sets and of the corpora in `labelled`, those that `times` names.
///
/// # Errors
/// If a corpus is missing or damaged.
pub fn readings(
    tokenizer: &Tokenizer,
    finder: &Finder,
    gold: &Gold,
    labelled: &Path,
    is_dev: bool,
    times: &BTreeMap<String, f64>,
    longest: usize,
) -> Result<Vec<Readings>, corpus::Error> {
    let shapes = shapes(times);
    let [open, research] = shapes.as_slice() else { return Ok(Vec::new()) };
    let part = if is_dev { "dev" } else { "train" };
    let wanted = |name: &str| times.get(name).is_some_and(|times| *times > 0.0);
    let read = |marked: &[Marked], related: Option<&Related<'_>>| -> Vec<Example> {
        let of = |marked: &Marked| {
            let (ids, reading) = marked::reading(tokenizer, finder, marked, related, longest);
            Example::read_whole(ids, reading)
        };
        marked.iter().map(of).collect()
    };
    let mut found = Vec::new();
    let mut add = |name: &'static str, examples: Vec<Example>| found.push(Readings { name, examples });
    if wanted("read-bc5cdr") {
        let related = Related { file: OPEN, head: 0, labels: &open.pairs[0].labels, sides: &[(0, 1)] };
        add("read-bc5cdr", read(&marked::bc5cdr(gold.abstracts.clone()), Some(&related)));
    }
    if wanted("read-biored") {
        let related = Related { file: OPEN, head: 1, labels: &open.pairs[1].labels, sides: &BIORED_SIDES };
        add("read-biored", read(&marked::labelled(labelled, marked::BIORED, part)?, Some(&related)));
    }
    if wanted("read-ncbi-disease") {
        add("read-ncbi-disease", read(&marked::labelled(labelled, marked::NCBI_DISEASE, part)?, None));
    }
    if wanted("read-bc2gm") {
        add("read-bc2gm", read(&marked::labelled(labelled, marked::BC2GM, part)?, None));
    }
    if wanted("read-ddi") {
        let related =
            Related { file: RESEARCH, head: 0, labels: &research.pairs[0].labels, sides: &[(0, 0)] };
        let part = if is_dev { "valid" } else { "train" };
        add("read-ddi", read(&marked::labelled(labelled, marked::DDI, part)?, Some(&related)));
    }
    if wanted("read-kd-dti") {
        let related =
            Related { file: RESEARCH, head: 1, labels: &research.pairs[1].labels, sides: &[(0, 2)] };
        let documents = gold.relations.iter().filter(|(task, _)| *task == RelationTask::KdDti);
        let documents = documents.flat_map(|(_, documents)| documents);
        let marked: Vec<Marked> =
            documents.map(|(document, stated)| marked::kd_dti(finder, document, stated)).collect();
        add("read-kd-dti", read(&marked, Some(&related)));
    }
    if wanted("read-pubmedqa") {
        let answer = |question: &documents::corpora::pubmedqa::Question| {
            let answer = answer::Answer::from_word(question.answer.as_deref()?)?;
            let document: Document = question.document();
            let source = answer::prompt(&question.question, &document, tasks::source::whole(&document));
            let place = answer::Answer::ALL.iter().position(|known| *known == answer)?;
            let labels = (0..answer::Answer::ALL.len()).map(|i| i == place).collect();
            let ids = cut(tokens(tokenizer, &source), longest);
            let all = 0..ids.len() + 1;
            let parts = vec![all];
            let classes =
                Classes { file: OPEN, head: 0, exclusive: true, parts, labels, weight: CLASS_WEIGHT };
            Some(Example::read_whole(ids, Reading { classes: vec![classes], ..Reading::default() }))
        };
        add("read-pubmedqa", gold.questions.iter().filter_map(answer).collect());
    }
    if wanted("read-hoc") {
        let sentence = |(text, hallmarks): &(String, Vec<String>)| {
            let ids = cut(tokens(tokenizer, text), longest);
            let holds = |label: &&str| hallmarks.iter().any(|own| own.eq_ignore_ascii_case(label));
            let labels = classify::HALLMARKS.iter().map(holds).collect();
            let all = 0..ids.len() + 1;
            let parts = vec![all];
            let classes =
                Classes { file: RESEARCH, head: 0, exclusive: false, parts, labels, weight: CLASS_WEIGHT };
            Example::read_whole(ids, Reading { classes: vec![classes], ..Reading::default() })
        };
        add("read-hoc", gold.sentences.iter().map(sentence).collect());
    }
    Ok(found)
}

/// How much a text's class counts against one predicted token.
const CLASS_WEIGHT: f32 = 8.0;

fn cut(mut ids: Vec<u32>, longest: usize) -> Vec<u32> {
    ids.truncate(longest.saturating_sub(1));
    ids
}
