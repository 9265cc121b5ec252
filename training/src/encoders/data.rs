//! The texts of each task, as an encoder reads them.

use std::path::Path;

use corpus::Labelled;
use documents::{Document, Span};
use tasks::sentences;
use tasks::tagging::KINDS;

use super::{CHEMPROT, EncoderTask, context};
use crate::tuning::marked::{self, Marked};
use crate::tuning::{self, DataError, Part};

/// What is to be learned of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gold {
    /// The places of names, and of the sentences that are learned from one by one.
    Names {
        /// In bytes, in the order of the text.
        names: Vec<Span>,
        /// In bytes, in the order of the text.
        sentences: Vec<Span>,
    },
    /// The numbers of its classes: exactly one, but where classes are independent of each other.
    Classes(Vec<usize>),
}

/// A text, or a pair of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text, or the first one.
    pub text: String,
    /// The second one.
    pub pair: Option<String>,
    /// What is to be learned of it.
    pub gold: Gold,
}

/// The texts of a task: documents where names are marked, sentences with a masked pair, sentences, or questions and abstracts.
/// `tasks` is the folder of the gold sets, `labelled` that of the corpora in one form.
///
/// # Errors
/// Names the file that is missing or damaged, or the task whose corpus has no such part here.
pub fn read(task: EncoderTask, tasks: &Path, labelled: &Path, part: Part) -> Result<Vec<Text>, DataError> {
    let own = |corpus: &str, dev: &str| match part {
        Part::Train => Ok(format!("{corpus}.train")),
        Part::Dev => Ok(format!("{corpus}.{dev}")),
        Part::Test => Err(DataError::Content {
            path: labelled.to_owned(),
            reason: format!(
                "there is no test part of {corpus} here. Measure on the development part: say --dev"
            ),
        }),
    };
    let marked = |teaches: marked::Teaches| {
        let name = own(teaches.file, "dev")?;
        let part = name.rsplit('.').next().unwrap_or_default();
        Ok::<_, DataError>(marked::labelled(labelled, teaches, part)?)
    };
    let classes = |text: String, pair: Option<String>, classes: Vec<usize>| Text {
        text,
        pair,
        gold: Gold::Classes(classes),
    };
    let labels = task.labels();
    let number = |name: &str| labels.iter().position(|label| label == name);
    Ok(match task {
        EncoderTask::Bc5cdrChemical | EncoderTask::Bc5cdrDisease => {
            with_names(task, marked::bc5cdr(tuning::abstracts(tasks, part)?))
        }
        EncoderTask::NcbiDisease => with_names(task, marked(marked::NCBI_DISEASE)?),
        EncoderTask::Bc2gm => with_names(task, marked(marked::BC2GM)?),
        EncoderTask::Chemprot | EncoderTask::Ddi => {
            let dev = if task == EncoderTask::Ddi { "valid" } else { "dev" };
            let texts = corpus::labelled(labelled, &own(task.name(), dev)?)?;
            texts.iter().flat_map(|text| pairs(task, &labels, text)).collect()
        }
        EncoderTask::Hoc => {
            let sentences = tuning::hallmarks(tasks, part)?.into_iter();
            let own = |own: Vec<String>| own.iter().filter_map(|name| number(name)).collect();
            sentences.map(|(text, names)| classes(text, None, own(names))).collect()
        }
        EncoderTask::Pubmedqa => {
            let questions = tuning::questions(tasks, part)?.into_iter();
            let text = |question: documents::corpora::pubmedqa::Question| {
                let answer = number(question.answer.as_deref()?)?;
                let context = context(&question);
                Some(classes(question.question, Some(context), vec![answer]))
            };
            questions.filter_map(text).collect()
        }
    })
}

fn with_names(task: EncoderTask, documents: Vec<Marked>) -> Vec<Text> {
    let kind = task.kind().and_then(|own| KINDS.iter().position(|kind| *kind == own));
    let text = |marked: Marked| {
        let own = marked.names.iter().filter(|name| Some(name.kind) == kind);
        let mut names: Vec<Span> = own.filter_map(|name| cover(&name.spans)).collect();
        names.sort_unstable();
        names.dedup();
        let sentences = sentences::of(&marked.document);
        Text { text: marked.document.text, pair: None, gold: Gold::Names { names, sentences } }
    };
    documents.into_iter().map(text).collect()
}

fn cover(spans: &[Span]) -> Option<Span> {
    Some(Span::new(spans.first()?.start, spans.last()?.end))
}

/// Each pair of names that could be related and stands in one sentence, with both names masked. A pair that the corpus does not
/// relate is taught as not related: of ChemProt only names are given that some relation has, and relations of groups that are not
/// evaluated are not given, so that these are a part of those that BLURB takes.
fn pairs(task: EncoderTask, labels: &[String], labelled: &Labelled) -> Vec<Text> {
    let Some(marking) = task.marking() else { return Vec::new() };
    let document = Document::from_parts(&labelled.id, &[("abstract", &labelled.text)]);
    let sentences = match task {
        // Its texts are sentences already.
        EncoderTask::Chemprot => vec![Span::new(0, labelled.text.len())],
        _ => sentences::of(&document),
    };
    let places: Vec<(&str, &str, Span)> = (labelled.mentions.iter())
        .filter_map(|mention| {
            let span = Span::new(mention.spans.first()?.start, mention.spans.last()?.end);
            Some((mention.id.as_str(), mention.kind.as_str(), span))
        })
        .collect();
    let label = |head: &str, tail: &str| {
        let is = |own: &&corpus::LabelledRelation| own.head == head && own.tail == tail;
        let kind = labelled.relations.iter().find(is)?.kind.as_str();
        let group = CHEMPROT.iter().find(|(_, kinds)| kinds.contains(&kind)).map(|(group, _)| *group);
        let name = if task == EncoderTask::Chemprot { group? } else { kind };
        labels.iter().position(|label| label == name)
    };
    let mut found = Vec::new();
    for (number, (head, head_kind, head_span)) in places.iter().enumerate() {
        for (other, (tail, tail_kind, tail_span)) in places.iter().enumerate() {
            let fits = match task {
                EncoderTask::Chemprot => *head_kind == "chemical" && *tail_kind != "chemical",
                // The first drug of a sentence is the head.
                _ => number != other && head_span < tail_span,
            };
            let sentence = sentences.iter().find(|own| own.contains(*head_span) && own.contains(*tail_span));
            let Some(sentence) = sentence.filter(|_| fits) else { continue };
            let inside = |span: &Span| span.start - sentence.start..span.end - sentence.start;
            let words = sentence.slice(&labelled.text).unwrap_or_default();
            let Some((text, pair)) = marking.shown(words, inside(head_span), inside(tail_span)) else {
                continue;
            };
            let class = label(head, tail).or_else(|| label(tail, head)).unwrap_or(0);
            found.push(Text { text, pair, gold: Gold::Classes(vec![class]) });
        }
    }
    found
}
