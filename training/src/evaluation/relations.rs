//! BC5CDR, DDI and KD-DTI: every pair of names is asked about.

use std::collections::{BTreeSet, HashMap};

use biogpt::decode::DecodeError;
use documents::{Document, Target};
use rayon::prelude::*;
use tasks::calibration::Calibration;
use tasks::scores::best_threshold;
use tasks::{RelationTask, Stated, evaluation, exhaustive, source, verdicts};

use super::{Evaluator, Figures, ROOM, calibration_error, margin};

type Labelled = (Document, Vec<Stated>);

/// A pair of names, the relation it most likely stands in, and the log-odds that it stands in any.
struct Scored {
    relation: Stated,
    score: f64,
    /// MeSH ids of both, where the dictionary has them.
    ids: Option<(String, String)>,
}

pub(super) fn prompt_name(task: RelationTask) -> String {
    format!("{}-pairs", task.name())
}

/// Pairs of one document that are asked about at most: longer lists are cut, and count as misses.
const MOST_PAIRS: usize = 150;

impl Evaluator<'_> {
    fn pairs(&self, task: RelationTask, document: &Document) -> Result<Vec<Scored>, DecodeError> {
        let mentions = self.finder.mentions(document);
        let mut seen = BTreeSet::new();
        let mut pairs = exhaustive::candidates(task, document, &mentions);
        pairs.retain(|pair| seen.insert((pair.stated.head.clone(), pair.stated.tail.clone())));
        pairs.truncate(MOST_PAIRS);
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let text = task.prompt(document, source::whole(document));
        let reader = self.read(&prompt_name(task), &text, ROOM)?;
        let answers = verdicts::all(task);
        let mut questions = Vec::new();
        for pair in &pairs {
            let stem = verdicts::stem(task, &pair.stated.head, &pair.stated.tail);
            let asked = self.tokens(&stem).len();
            questions.extend(answers.iter().map(|(_, words)| (asked, self.tokens(&(stem.clone() + words)))));
        }
        let continuations: Vec<&[u32]> = questions.iter().map(|(_, tokens)| tokens.as_slice()).collect();
        let found = self.decoder.score(&reader, &continuations)?;
        let sums: Vec<f64> = questions
            .iter()
            .zip(found)
            .map(|((asked, _), tokens)| tokens.iter().skip(*asked).map(|p| f64::from(*p)).sum())
            .collect();
        let id = |numbers: &[usize]| {
            let concept = numbers.iter().find_map(|n| mentions[*n].concepts.first())?;
            (concept.vocabulary.eq_ignore_ascii_case("mesh")).then(|| concept.id.clone())
        };
        let scored = pairs.iter().zip(sums.chunks(answers.len())).map(|(pair, sums)| {
            let (mut best, mut any) = (1, 0.0);
            for (kind, sum) in sums.iter().enumerate().skip(1) {
                any += sum.exp();
                best = if *sum > sums[best] { kind } else { best };
            }
            let kind = answers[best].0.unwrap_or_default();
            Scored {
                relation: Stated::new(&pair.stated.head, &pair.stated.tail, kind),
                score: any.max(f64::MIN_POSITIVE).ln() - sums[0],
                ids: id(&pair.head).zip(id(&pair.tail)),
            }
        });
        Ok(scored.collect())
    }

    fn all_pairs(&self, task: RelationTask, documents: &[Labelled]) -> Result<Vec<Vec<Scored>>, DecodeError> {
        documents.par_iter().map(|(document, _)| self.pairs(task, document)).collect()
    }

    pub(super) fn fit_relations(
        &self,
        task: RelationTask,
        documents: &[Labelled],
    ) -> Result<Figures, DecodeError> {
        let found = self.all_pairs(task, documents)?;
        let mut scored = Vec::new();
        let mut gold_count = 0;
        for ((document, stated), pairs) in documents.iter().zip(found) {
            let gold = Keys::of(task, document, stated);
            gold_count += gold.0.len();
            scored.extend(pairs.iter().map(|pair| (pair.score, gold.has(task, pair))));
        }
        let name = task.name();
        let mut figures = Figures::new();
        if let Some(threshold) = best_threshold(&scored, gold_count) {
            figures.insert(format!("{name}.threshold"), threshold.at);
            figures.insert(format!("{name}.dev_f1"), 100.0 * threshold.f1);
        }
        if let Some(Calibration::Platt { slope, intercept }) = Calibration::fit_platt(&scored) {
            figures.insert(format!("{name}.platt_slope"), slope);
            figures.insert(format!("{name}.platt_intercept"), intercept);
        }
        Ok(figures)
    }

    pub(super) fn measure_relations(
        &self,
        task: RelationTask,
        documents: &[Labelled],
        fitted: &Figures,
    ) -> Result<Figures, DecodeError> {
        let name = task.name();
        let found = self.all_pairs(task, documents)?;
        let threshold = margin(fitted, &format!("{name}.threshold"));
        let platt = Calibration::Platt {
            slope: margin(fitted, &format!("{name}.platt_slope")),
            intercept: margin(fitted, &format!("{name}.platt_intercept")),
        };
        let (mut predicted, mut gold_ids, mut predicted_ids) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let (mut gold_words, mut probabilities) = (HashMap::new(), Vec::new());
        let (mut without, mut alarms, mut reachable, mut gold_count) = (0, 0, 0, 0);
        for ((document, stated), pairs) in documents.iter().zip(found) {
            let gold = Keys::of(task, document, stated);
            probabilities
                .extend(pairs.iter().map(|pair| (platt.probability(pair.score), gold.has(task, pair))));
            reachable += pairs.iter().filter(|pair| gold.has(task, pair)).count();
            gold_count += gold.0.len();
            let kept: Vec<&Scored> = pairs.iter().filter(|pair| pair.score >= threshold).collect();
            if stated.is_empty() {
                without += 1;
                alarms += usize::from(!kept.is_empty());
            }
            let id = document.id.clone();
            gold_ids.extend(gold.0.into_iter().map(|[head, tail, _]| (id.clone(), head, tail)));
            for pair in &kept {
                let unknown = || ("-1".to_owned(), pair.relation.tail.clone());
                let (head, tail) = pair.ids.clone().unwrap_or_else(unknown);
                predicted_ids.insert((id.clone(), head, tail));
            }
            gold_words.insert(id.clone(), stated.clone());
            predicted.push((id, kept.iter().map(|pair| pair.relation.clone()).collect()));
        }
        let mut figures = Figures::new();
        let mut add = |key: &str, value: f64| figures.insert(format!("{name}.{key}"), value);
        if task == RelationTask::Bc5cdr {
            let scores = evaluation::chemical_disease(&predicted_ids, &gold_ids);
            add("precision", 100.0 * scores.precision);
            add("recall", 100.0 * scores.recall);
            add("f1", 100.0 * scores.f);
        } else {
            let (scores, _) = evaluation::triples(&predicted, &gold_words);
            add("precision", 100.0 * scores.sample_p);
            add("recall", 100.0 * scores.sample_r);
            add("f1", 100.0 * scores.sample_macro_f1);
            add("triple_f1", 100.0 * scores.ontology_triple_f1);
        }
        add("reachable_recall", 100.0 * reachable as f64 / gold_count.max(1) as f64);
        add("calibration_error", calibration_error(&probabilities));
        add("documents", documents.len() as f64);
        if without > 0 {
            add("false_alarm_rate", 100.0 * alarms as f64 / without as f64);
            add("documents_without_relation", without as f64);
        }
        Ok(figures)
    }
}

/// What tells whether a pair is gold: ids for BC5CDR, words and kind elsewhere.
struct Keys(BTreeSet<[String; 3]>);

impl Keys {
    fn of(task: RelationTask, document: &Document, stated: &[Stated]) -> Self {
        if task != RelationTask::Bc5cdr {
            return Self(stated.iter().map(words).collect());
        }
        let ids = document.relations.iter().filter_map(|relation| match relation.arguments.as_slice() {
            [head, tail] => match (&head.target, &tail.target) {
                (Target::Concept(head), Target::Concept(tail)) => {
                    Some([head.id.clone(), tail.id.clone(), String::new()])
                }
                _ => None,
            },
            _ => None,
        });
        Self(ids.collect())
    }

    fn has(&self, task: RelationTask, pair: &Scored) -> bool {
        if task != RelationTask::Bc5cdr {
            return self.0.contains(&words(&pair.relation));
        }
        let ids = pair.ids.clone();
        ids.is_some_and(|(head, tail)| self.0.contains(&[head, tail, String::new()]))
    }
}

fn words(relation: &Stated) -> [String; 3] {
    [&relation.head, &relation.tail, &relation.kind].map(|part| part.to_lowercase().replace(' ', ""))
}
