//! How good a tuned encoder is: strict F1 of names, micro F1 of relations and hallmarks, accuracy of answers.

use bert::{Model, Tokens};
use documents::{Document, Span};
use inference::{Checksums, Encoder, TaskContext, find_mentions};
use tasks::tagging::{KINDS, place_of};
use tasks::{Finder, evaluation};

use super::run::EncoderError;
use super::{EncoderTask, Gold, Text};
use crate::evaluation::{Figures, NameCounts};
use crate::tuning::Part;

/// Texts that are read side by side.
const BATCH: usize = 16;

/// The figures of a task on one part of its corpus, in percent. Names are found as the app finds them, with no dictionary beside
/// the model, and are right where kind, beginning and end are; the micro F1 of relations leaves out "none"; that of hallmarks
/// counts "no hallmark" as one, as BioGPT's script does. Figures of the development part begin with `dev_`.
///
/// # Errors
/// If the device fails, or the model is not one of the task.
pub fn measure(model: Model, task: EncoderTask, texts: &[Text], part: Part) -> Result<Figures, EncoderError> {
    if model.config.labels != task.labels() {
        return Err(EncoderError::OtherTask { task: task.name(), labels: model.config.labels.join(", ") });
    }
    let (found, counted) = match task {
        _ if task.kind().is_some() => (names(model, task, texts)?, "documents"),
        EncoderTask::Pubmedqa => (vec![("accuracy", accuracy(&classes(&model, texts)?, texts))], "questions"),
        EncoderTask::Hoc => (vec![("micro_f1", hallmarks(&classes(&model, texts)?, texts))], "sentences"),
        _ => (vec![("micro_f1", relations(&classes(&model, texts)?, texts))], "sentences"),
    };
    let name = |figure: &str| match part {
        Part::Test => format!("{}.{figure}", task.name()),
        Part::Dev | Part::Train => format!("{}.dev_{figure}", task.name()),
    };
    let mut figures: Figures =
        found.into_iter().map(|(figure, value)| (name(figure), 100.0 * value)).collect();
    if part == Part::Test {
        // Tells that the test part was used.
        figures.insert(name(counted), texts.len() as f64);
    }
    Ok(figures)
}

/// Precision, recall and F1 of names.
fn names(model: Model, task: EncoderTask, texts: &[Text]) -> Result<Vec<(&'static str, f64)>, EncoderError> {
    let kind = KINDS.iter().position(|kind| Some(*kind) == task.kind());
    let device = String::new();
    let mut encoder = Encoder::new(model, task.name(), device, Checksums::default(), task.guidance())?;
    let mut counts = NameCounts::default();
    for text in texts {
        let Gold::Names { names, .. } = &text.gold else { continue };
        let document = Document::from_parts("", &[("abstract", &text.text)]);
        let found = find_mentions(&mut TaskContext::new(&mut encoder), &document, &Finder::default())?;
        let own = found.mentions.iter().filter(|(mention, _)| place_of(mention.kind) == kind);
        let found: Vec<Span> = own.map(|(mention, _)| mention.cover()).collect();
        counts.add(&found, names);
    }
    Ok(vec![("precision", counts.precision()), ("recall", counts.recall()), ("f1", counts.f1())])
}

/// The classes that the model gives each text: the likeliest, or those that are likelier than not.
fn classes(model: &Model, texts: &[Text]) -> Result<Vec<Vec<usize>>, EncoderError> {
    let limit = Some(model.config.max_positions());
    let mut found = Vec::with_capacity(texts.len());
    for texts in texts.chunks(BATCH) {
        let encode = |text: &Text| model.tokenizer.encode(&text.text, text.pair.as_deref(), limit);
        let encodings = texts.iter().map(encode).collect::<Result<Vec<_>, _>>()?;
        let tokens: Vec<Tokens> = encodings.iter().map(Tokens::from).collect();
        found.extend(model.logits(&tokens)?.into_iter().map(|logits| {
            let numbered = logits.iter().enumerate();
            if model.config.multi_label {
                return numbered.filter(|(_, logit)| **logit > 0.0).map(|(class, _)| class).collect();
            }
            numbered.max_by(|a, b| a.1.total_cmp(b.1)).map(|(class, _)| class).into_iter().collect()
        }));
    }
    Ok(found)
}

fn gold(text: &Text) -> &[usize] {
    match &text.gold {
        Gold::Classes(classes) => classes,
        Gold::Names { .. } => &[],
    }
}

fn accuracy(found: &[Vec<usize>], texts: &[Text]) -> f64 {
    let right = found.iter().zip(texts).filter(|(found, text)| found.as_slice() == gold(text)).count();
    right as f64 / texts.len().max(1) as f64
}

/// Micro F1 over all classes but the first, "none".
fn relations(found: &[Vec<usize>], texts: &[Text]) -> f64 {
    let related = |classes: &[usize]| classes.iter().filter(|class| **class > 0).count();
    let (mut right, mut all) = (0, 0);
    for (found, text) in found.iter().zip(texts) {
        all += related(found) + related(gold(text));
        right += found.iter().filter(|class| **class > 0 && gold(text).contains(class)).count();
    }
    2.0 * right as f64 / all.max(1) as f64
}

fn hallmarks(found: &[Vec<usize>], texts: &[Text]) -> f64 {
    let labels = EncoderTask::Hoc.labels();
    let field = |classes: &[usize]| {
        let names: Vec<&str> =
            classes.iter().filter_map(|class| labels.get(*class)).map(String::as_str).collect();
        if names.is_empty() { tasks::classify::EMPTY.to_owned() } else { names.join("|") }
    };
    let predicted: Vec<Option<String>> = found.iter().map(|classes| Some(field(classes))).collect();
    let wanted: Vec<String> = texts.iter().map(|text| field(gold(text))).collect();
    evaluation::labels(&predicted, &wanted).micro_f1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(classes: &[&[usize]]) -> Vec<Text> {
        let text = |classes: &&[usize]| Text {
            text: String::new(),
            pair: None,
            gold: Gold::Classes(classes.to_vec()),
        };
        classes.iter().map(text).collect()
    }

    #[test]
    fn figures_are_those_of_the_field() {
        let gold = texts(&[&[0], &[1], &[2], &[2]]);
        let found = [vec![0], vec![1], vec![1], vec![0]];
        assert_eq!(accuracy(&found, &gold), 0.5);
        // One of two found and of three wanted relations is right.
        assert!((relations(&found, &gold) - 0.4).abs() < 1e-12);
        let gold = texts(&[&[], &[1, 3]]);
        // "No hallmark" and one of the two are right: two of two found, two of three wanted.
        assert!((hallmarks(&[vec![], vec![3]], &gold) - 0.8).abs() < 1e-12);
    }
}
