//! The gold sets on disk, split into what is learned from and what choices are made on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use documents::corpora::{bc5cdr, ddi, hoc, kd_dti, pubmedqa};
use documents::{Document, Target};
use tasks::candidates::{Finder, Mention, groups};
use tasks::lexicon::{Entry, Lexicon};
use tasks::{Kind, RelationTask, Stated, exhaustive, sentences};

use super::Pair;

/// Why a gold set cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A corpus of `labelled/`.
    #[error(transparent)]
    Corpus(#[from] corpus::Error),
    /// The system refuses.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not the file it should be.
    #[error("{path}: {reason}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// What a part of the data is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Learning.
    Train,
    /// Reporting, once.
    Test,
    /// Choosing: BC5CDR's and DDI's valid, a part of KD-DTI's valid and of HoC's train by document, PubMedQA's dev.
    Dev,
}

/// A document with its relations in words.
pub type Annotated = (Document, Vec<Stated>);
/// A source text with its pairs of names.
pub type Paired = (String, Vec<Pair>);

/// Examples of all tasks, as read.
#[derive(Debug, Default)]
pub struct Gold {
    /// Documents with relations in words, by task.
    pub relations: Vec<(RelationTask, Vec<Annotated>)>,
    /// Source texts with pairs of names, by task.
    pub pairs: Vec<(RelationTask, Vec<Paired>)>,
    /// BC5CDR's abstracts with the places of their names.
    pub abstracts: Vec<Document>,
    /// Questions with answers.
    pub questions: Vec<pubmedqa::Question>,
    /// Sentences with hallmarks.
    pub sentences: Vec<(String, Vec<String>)>,
}

/// Every tenth document of sets that have no part for choosing is set aside.
const DEV_EVERY: usize = 10;

/// Reads one part of the gold sets under `folder` (`bc5cdr/`, `ddi/`, `kd-dti/`, `pubmedqa/`, `hoc/`). `finder` gives
/// names that are no part of any gold relation, for pairs that are not related.
///
/// # Errors
/// Names the file that is missing or not what it should be.
pub fn read(folder: &Path, part: Part, finder: &Finder) -> Result<Gold, DataError> {
    let mut gold = Gold::default();
    let file = match part {
        Part::Train => "train.json",
        Part::Dev => "valid.json",
        Part::Test => "test.json",
    };
    let path = folder.join("bc5cdr").join(file);
    let text = load(&path)?;
    let records = all(bc5cdr::read(&text, file), &path)?;
    gold.relations.push((
        RelationTask::Bc5cdr,
        records.iter().map(|r| (r.document(), tasks::relations::bc5cdr::gold(r))).collect(),
    ));

    gold.abstracts = abstracts(folder, part)?;
    let pairs = gold.abstracts.iter().map(|document| {
        let mentions = Finder::default().mentions(document);
        (source(RelationTask::Bc5cdr, document), chemical_disease_pairs(document, &mentions))
    });
    gold.pairs.push((RelationTask::Bc5cdr, pairs.collect()));

    let path = folder.join("ddi").join(file);
    let text = load(&path)?;
    let records: Vec<(Document, Vec<Stated>)> = all(ddi::read(&text, file), &path)?
        .iter()
        .map(|r| (r.document(), tasks::relations::ddi::gold(r)))
        .collect();
    let lexicons = lexicons(folder, finder)?;
    let knowing = |task: RelationTask| match lexicons.get(task.name()) {
        Some(lexicon) => finder.clone().with_lexicon(lexicon),
        None => finder.clone(),
    };
    let paired = |task: RelationTask, records: &[Annotated]| -> Vec<Paired> {
        let finder = knowing(task);
        let pairs = |(document, relations): &Annotated| {
            (source(task, document), name_pairs(task, document, relations, &finder.mentions(document)))
        };
        records.iter().map(pairs).collect()
    };
    gold.pairs.push((RelationTask::Ddi, paired(RelationTask::Ddi, &records)));
    gold.relations.push((RelationTask::Ddi, records));

    // KD-DTI's train set is not to be had: its valid set is split, as is HoC's train set, whose valid set is its test set.
    let name = if part == Part::Test { "test.names.json" } else { "valid.names.json" };
    let path = folder.join("kd-dti").join(name);
    let text = load(&path)?;
    let records = all(kd_dti::read(&text, name), &path)?;
    let records = records.iter().map(|r| (r.document(), tasks::relations::kd_dti::gold(r)));
    let records = own_part(records, part);
    gold.pairs.push((RelationTask::KdDti, paired(RelationTask::KdDti, &records)));
    gold.relations.push((RelationTask::KdDti, records));

    gold.questions = questions(folder, part)?;
    gold.sentences = hallmarks(folder, part)?;
    Ok(gold)
}

/// BC5CDR's abstracts with the places of their names.
///
/// # Errors
/// As [`read`].
pub fn abstracts(folder: &Path, part: Part) -> Result<Vec<Document>, DataError> {
    let name = match part {
        Part::Train => "CDR_TrainingSet.PubTator.txt",
        Part::Dev => "CDR_DevelopmentSet.PubTator.txt",
        Part::Test => "CDR_TestSet.PubTator.txt",
    };
    let path = folder.join("bc5cdr").join(name);
    Ok(bc5cdr::read_pubtator(&load(&path)?, name).map_err(content(&path))?.documents)
}

/// PubMedQA's questions.
///
/// # Errors
/// As [`read`].
pub fn questions(folder: &Path, part: Part) -> Result<Vec<pubmedqa::Question>, DataError> {
    let name = match part {
        Part::Train => "pqal_fold0/train_set.json",
        Part::Dev => "pqal_fold0/dev_set.json",
        Part::Test => "test_set.json",
    };
    let path = folder.join("pubmedqa").join(name);
    all(pubmedqa::read(&load(&path)?, name), &path)
}

/// HoC's sentences with their hallmarks.
///
/// # Errors
/// As [`read`].
pub fn hallmarks(folder: &Path, part: Part) -> Result<Vec<(String, Vec<String>)>, DataError> {
    if part == Part::Test {
        let path = folder.join("hoc").join("test.tsv");
        let text = load(&path)?;
        let sentences = hoc::read(&text, "test.tsv").map(|sentence| {
            let sentence = sentence.map_err(content(&path))?;
            let labels = sentence.hallmarks().map(str::to_owned).collect();
            Ok((sentence.text, labels))
        });
        return sentences.collect();
    }
    let path = folder.join("hoc").join("documents.jsonl");
    let text = load(&path)?;
    let documents: Vec<_> = hoc::read_documents(&text, "documents.jsonl").filter_map(Result::ok).collect();
    let training = documents.into_iter().filter(|d| d.split == "train");
    let own = own_part(training, part).into_iter();
    let sentences = own.flat_map(|document| document.sentences);
    Ok(sentences
        .map(|sentence| {
            let labels = sentence.hallmarks();
            (sentence.text, labels)
        })
        .collect())
}

/// What the training parts teach about names, by task.
///
/// # Errors
/// As [`read`].
pub fn lexicons(folder: &Path, finder: &Finder) -> Result<BTreeMap<String, Lexicon>, DataError> {
    let name = "CDR_TrainingSet.PubTator.txt";
    let path = folder.join("bc5cdr").join(name);
    let import = bc5cdr::read_pubtator(&load(&path)?, name).map_err(content(&path))?;
    let chemicals_and_diseases = Lexicon::learn(&import.documents, finder);

    let path = folder.join("ddi").join("train.json");
    let records = all(ddi::read(&load(&path)?, "train.json"), &path)?;
    let drugs: BTreeSet<String> = records
        .iter()
        .flat_map(tasks::relations::ddi::gold)
        .flat_map(|stated| [stated.head.to_lowercase(), stated.tail.to_lowercase()])
        .collect();
    let entry = |name| Entry { name, kind: Kind::Chemical.name().to_owned(), id: String::new() };
    let drugs = Lexicon { names: drugs.into_iter().map(entry).collect(), rejected: Vec::new() };

    let path = folder.join("kd-dti").join("valid.names.json");
    let records = all(kd_dti::read(&load(&path)?, "valid.names.json"), &path)?;
    let targets = tasks::relations::kd_dti::lexicon(&own_part(records.into_iter(), Part::Train));
    let found = [
        (RelationTask::Bc5cdr, chemicals_and_diseases),
        (RelationTask::Ddi, drugs),
        (RelationTask::KdDti, targets),
    ];
    Ok(found.map(|(task, lexicon)| (task.name().to_owned(), lexicon)).into())
}

/// The records for choosing (every tenth), or the others, of a set that has no part of its own for that.
pub(super) fn own_part<T>(records: impl Iterator<Item = T>, part: Part) -> Vec<T> {
    let is_dev = |number: usize| number % DEV_EVERY == DEV_EVERY - 1;
    let wanted = |number| part == Part::Test || is_dev(number) == (part == Part::Dev);
    records.enumerate().filter(|(n, _)| wanted(*n)).map(|(_, record)| record).collect()
}

fn load(path: &Path) -> Result<String, DataError> {
    fs::read_to_string(path).map_err(|source| DataError::Io { path: path.to_owned(), source })
}

fn content<E: ToString>(path: &Path) -> impl Fn(E) -> DataError {
    let path = path.to_owned();
    move |error| DataError::Content { path: path.clone(), reason: error.to_string() }
}

/// All records of a file; a bad one is an error, since gold sets are whole.
fn all<T, E: ToString>(
    records: Result<impl Iterator<Item = Result<T, E>>, E>,
    path: &Path,
) -> Result<Vec<T>, DataError> {
    records.map_err(content(path))?.collect::<Result<_, _>>().map_err(content(path))
}

fn source(task: RelationTask, document: &Document) -> String {
    task.prompt(document, tasks::source::whole(document))
}

/// The forms that a group of mentions has in the text, each once.
fn forms(mentions: &[Mention], numbers: &[usize]) -> Vec<String> {
    let all: BTreeSet<String> = numbers.iter().map(|n| mentions[*n].lower()).collect();
    all.into_iter().collect()
}

fn chemical_disease_pairs(document: &Document, mentions: &[Mention]) -> Vec<Pair> {
    let related: BTreeSet<(&str, &str)> = document
        .relations
        .iter()
        .filter_map(|relation| match relation.arguments.as_slice() {
            [head, tail] => match (&head.target, &tail.target) {
                (Target::Concept(head), Target::Concept(tail)) => Some((head.id.as_str(), tail.id.as_str())),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let mut pairs = Vec::new();
    let tails = groups(mentions, Kind::Disease);
    for head in groups(mentions, Kind::Chemical) {
        for tail in &tails {
            let (Some(h), Some(t)) = (head.concepts.first(), tail.concepts.first()) else { continue };
            let holds = related.contains(&(h.id.as_str(), t.id.as_str()));
            pairs.push(Pair {
                heads: forms(mentions, &head.mentions),
                tails: forms(mentions, &tail.mentions),
                kind: holds.then(|| "CID".to_owned()),
            });
        }
    }
    pairs
}

/// Pairs of names that could be related, and every gold pair whether its names were found or not.
fn name_pairs(
    task: RelationTask,
    document: &Document,
    relations: &[Stated],
    mentions: &[Mention],
) -> Vec<Pair> {
    let key = |head: &str, tail: &str| (head.to_lowercase(), tail.to_lowercase());
    let mut known = BTreeSet::new();
    let mut pairs: Vec<Pair> = relations
        .iter()
        .filter(|r| known.insert(key(&r.head, &r.tail)))
        .map(|r| Pair {
            heads: vec![r.head.to_lowercase()],
            tails: vec![r.tail.to_lowercase()],
            kind: Some(r.kind.clone()),
        })
        .collect();
    for candidate in exhaustive::candidates(task, &sentences::of(document), mentions) {
        let Stated { head, tail, .. } = &candidate.stated;
        if known.contains(&key(tail, head)) || !known.insert(key(head, tail)) {
            continue;
        }
        pairs.push(Pair { heads: vec![head.to_lowercase()], tails: vec![tail.to_lowercase()], kind: None });
    }
    pairs
}
