//! DDI and KD-DTI: hard match of triples, with and without the abbreviation at the end of a name.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::f1;
use crate::relations::Stated;

/// The scores as the reference prints them: four decimals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TripleScores {
    /// Documents compared.
    pub num_sample: usize,
    /// Predicted documents that have no gold; they are left out.
    pub missing: usize,
    /// Gold triples, each document's distinct.
    pub num_gold: usize,
    /// Predicted triples, each document's distinct.
    pub num_pred: usize,
    /// Mean over documents of common / union, for each slot.
    pub sample_acc: SlotScores,
    /// Mean precision of the documents.
    pub sample_p: f64,
    /// Mean recall of the documents.
    pub sample_r: f64,
    /// Mean of the documents' F1.
    pub sample_micro_f1: f64,
    /// F1 of the mean precision and the mean recall. This is the figure of the BioGPT paper.
    pub sample_macro_f1: f64,
    /// F1 over the slot's values in all documents together.
    pub ontology_f1: SlotScores,
    /// Precision over the triples of all documents together.
    pub ontology_p: f64,
    /// Recall over the triples of all documents together.
    pub ontology_r: f64,
    /// F1 over the triples of all documents together.
    pub ontology_triple_f1: f64,
}

/// A score for each slot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SlotScores {
    /// Drugs.
    pub d: f64,
    /// Targets.
    pub t: f64,
    /// Interactions.
    pub i: f64,
}

/// The F1 of one document, in full precision.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentF1 {
    /// The document.
    pub id: String,
    /// Its F1.
    pub f1: f64,
}

type Triple = [String; 3];

/// Compares predicted documents with the gold of the same id.
#[must_use]
pub fn triples(
    predicted: &[(String, Vec<Stated>)],
    gold: &HashMap<String, Vec<Stated>>,
) -> (TripleScores, Vec<DocumentF1>) {
    let mut documents = Vec::new();
    let mut accuracies = [0.0; 3];
    let (mut precisions, mut recalls, mut f1s) = (0.0, 0.0, 0.0);
    let (mut missing, mut num_gold, mut num_pred) = (0, 0, 0);
    let (mut all_predicted, mut all_gold) = (BTreeSet::new(), BTreeSet::new());
    for (id, relations) in predicted {
        let Some(gold) = gold.get(id) else {
            missing += 1;
            continue;
        };
        let (relations, gold) = (spaceless(relations), spaceless(gold));
        for (slot, accuracy) in accuracies.iter_mut().enumerate() {
            *accuracy += Comparison::new(&slot_of(&relations, slot), &slot_of(&gold, slot)).accuracy;
        }
        let comparison = Comparison::new(&relations, &gold);
        precisions += comparison.precision;
        recalls += comparison.recall;
        f1s += comparison.f1();
        documents.push(DocumentF1 { id: id.clone(), f1: comparison.f1() });
        num_pred += relations.len();
        num_gold += gold.len();
        all_predicted.extend(relations);
        all_gold.extend(gold);
    }
    let count = documents.len().max(1) as f64;
    let (precision, recall) = (precisions / count, recalls / count);
    let ontology = Comparison::new(&all_predicted, &all_gold);
    let ontology_slot =
        |slot| Comparison::new(&slot_of(&all_predicted, slot), &slot_of(&all_gold, slot)).f1();
    let scores = TripleScores {
        num_sample: documents.len(),
        missing,
        num_gold,
        num_pred,
        sample_acc: SlotScores::rounded(|slot| accuracies[slot] / count),
        sample_p: rounded(precision),
        sample_r: rounded(recall),
        sample_micro_f1: rounded(f1s / count),
        sample_macro_f1: rounded(f1(precision, recall)),
        ontology_f1: SlotScores::rounded(ontology_slot),
        ontology_p: rounded(ontology.precision),
        ontology_r: rounded(ontology.recall),
        ontology_triple_f1: rounded(ontology.f1()),
    };
    (scores, documents)
}

impl SlotScores {
    fn rounded(score: impl Fn(usize) -> f64) -> Self {
        Self { d: rounded(score(0)), t: rounded(score(1)), i: rounded(score(2)) }
    }
}

/// Four decimals, the half to the even neighbor of the decimal that is meant, as Python's `round` does.
fn rounded(value: f64) -> f64 {
    format!("{value:.4}").parse().unwrap_or(value)
}

fn spaceless(relations: &[Stated]) -> BTreeSet<Triple> {
    let part = |text: &str| text.to_lowercase().replace(' ', "");
    relations
        .iter()
        .map(|relation| [part(&relation.head), part(&relation.tail), part(&relation.kind)])
        .collect()
}

fn slot_of(triples: &BTreeSet<Triple>, slot: usize) -> BTreeSet<[String; 1]> {
    triples.iter().map(|triple| [triple[slot].clone()]).collect()
}

struct Comparison {
    precision: f64,
    recall: f64,
    accuracy: f64,
}

impl Comparison {
    /// Each figure is the better of two comparisons: by the abbreviation in the last brackets, and by what is before.
    fn new<const N: usize>(predicted: &BTreeSet<[String; N]>, gold: &BTreeSet<[String; N]>) -> Self {
        let by_abbreviation = Self::of_sets(&mapped(predicted, abbreviation), &mapped(gold, abbreviation));
        let by_body = Self::of_sets(&mapped(predicted, body), &mapped(gold, body));
        Self {
            precision: by_abbreviation.precision.max(by_body.precision),
            recall: by_abbreviation.recall.max(by_body.recall),
            accuracy: by_abbreviation.accuracy.max(by_body.accuracy),
        }
    }

    fn of_sets<const N: usize>(predicted: &BTreeSet<[String; N]>, gold: &BTreeSet<[String; N]>) -> Self {
        let common = predicted.intersection(gold).count();
        let union = predicted.len() + gold.len() - common;
        // Nothing predicted is right where there is nothing to predict, and wrong elsewhere.
        let ratio = |whole: usize| {
            if whole == 0 { f64::from(union == 0) } else { common as f64 / whole as f64 }
        };
        Self { precision: ratio(predicted.len()), recall: ratio(gold.len()), accuracy: ratio(union) }
    }

    fn f1(&self) -> f64 {
        f1(self.precision, self.recall)
    }
}

fn mapped<const N: usize>(set: &BTreeSet<[String; N]>, map: fn(&str) -> String) -> BTreeSet<[String; N]> {
    set.iter().map(|values| values.each_ref().map(|value| map(value))).collect()
}

/// The place of the last opening bracket of a name that ends with a closing one.
fn last_bracket(name: &str) -> Option<usize> {
    name.strip_suffix(')').and_then(|inner| inner.rfind('('))
}

fn abbreviation(name: &str) -> String {
    let name = name.trim();
    match last_bracket(name) {
        Some(at) => normalized(&name[at + 1..name.len() - 1]),
        None => normalized(name),
    }
}

fn body(name: &str) -> String {
    let name = name.trim();
    match last_bracket(name) {
        Some(at) => normalized(&name[..at]),
        None => normalized(name),
    }
}

/// A single digit at the end becomes a Roman numeral, `-type` goes, then everything but ASCII letters and digits.
fn normalized(name: &str) -> String {
    const ROMAN: [&str; 10] = ["0", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    let mut name = name.trim().to_owned();
    let mut from_end = name.chars().rev();
    let last_digit = from_end.next().filter(char::is_ascii_digit).and_then(|digit| digit.to_digit(10));
    if let (Some(digit), Some(before)) = (last_digit, from_end.next())
        && from_end.next().is_some()
        && !before.is_numeric()
    {
        name.pop();
        name.push_str(ROMAN[digit as usize]);
    }
    name.replace("-type", "").chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_with_and_without_their_abbreviation() {
        assert_eq!(abbreviation("cyclooxygenase-2(cox-2)"), "coxII");
        assert_eq!(body("cyclooxygenase-2(cox-2)"), "cyclooxygenaseII");
        assert_eq!(normalized("h1-type"), "h1");
        assert_eq!(normalized("p450"), "p450");
        assert_eq!(normalized("β2"), "2", "a name of two characters keeps its digit");
    }

    #[test]
    fn an_empty_prediction_is_right_only_where_the_gold_is_empty() {
        let gold = HashMap::from([
            ("a".to_owned(), vec![]),
            ("b".to_owned(), vec![Stated::new("Drug A", "x (y)", "effect")]),
        ]);
        let predicted = vec![
            ("a".to_owned(), vec![]),
            ("b".to_owned(), vec![Stated::new("druga", "z (y)", "Effect")]),
            ("c".to_owned(), vec![]),
        ];
        let (scores, documents) = triples(&predicted, &gold);
        assert_eq!((scores.num_sample, scores.missing, scores.num_pred), (2, 1, 1));
        assert_eq!(scores.sample_macro_f1, 1.0);
        assert_eq!(documents[1].f1, 1.0);
        let (scores, _) = triples(&[("b".to_owned(), vec![])], &gold);
        assert_eq!((scores.sample_p, scores.sample_r, scores.sample_acc.d), (0.0, 0.0, 0.0));
    }
}
