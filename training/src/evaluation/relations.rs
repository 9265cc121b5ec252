//! BC5CDR, DDI and KD-DTI as the exhaustive mode does them: every pair of names is asked about, and what the text shows
//! about the two, signs and learned words, is weighed with the answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use documents::{Document, Target};
use inference::relations::{JudgedPair, NamePair};
use inference::{InferenceError, LanguageModel, TaskContext};
use rayon::prelude::*;
use tasks::calibration::Calibration;
use tasks::guidance::{RELATED, TaskGuidance};
use tasks::linear::{Features, Linear, Penalty};
use tasks::pair_features::{MentionContext, PairFeatures};
use tasks::scores::best_threshold;
use tasks::{RelationTask, Stated, evaluation, verdicts};

use super::pairs::{Labelled, Scored, Window, ids};
use super::{Evaluator, Figures, best_weight, calibration_error};

impl Evaluator {
    /// Learns the words that tell whether and how two names are related.
    fn learn_words(
        &self,
        task: RelationTask,
        documents: &[Labelled],
    ) -> Result<BTreeMap<String, Linear>, InferenceError> {
        let finder = self.finders.of(self.model.profile(), task.name());
        let rows: Vec<Vec<(Features, Features, Option<String>)>> =
            self.in_parallel(documents, |context, (document, stated)| {
                let gold = Keys::of(task, document, stated);
                let mut rows = Vec::new();
                for window in Window::all(context, task, document, &finder)? {
                    let places = MentionContext::new(document, &window.sentences, &window.mentions);
                    rows.extend(window.pairs.iter().map(|pair| {
                        let kind = gold.kind(task, &pair.head, &pair.tail, ids(pair, &window.mentions));
                        let (head, tail) = (&pair.head_mentions, &pair.tail_mentions);
                        let related = verdicts::features(&places, head, tail);
                        (related, places.words(head, tail), kind.map(str::to_owned))
                    }));
                }
                Ok(rows)
            })?;
        let rows: Vec<_> = rows.into_iter().flatten().collect();
        let related = rows.iter().map(|(signs, _, kind)| (signs, kind.is_some())).collect::<Vec<_>>();
        let mut learned = BTreeMap::from([(RELATED.to_owned(), Linear::fit(&related, PENALTY))]);
        if task.kinds().len() > 1 {
            learned.extend(
                task.kinds()
                    .par_iter()
                    .map(|kind| {
                        let of_kind: Vec<(&Features, bool)> = rows
                            .iter()
                            .filter_map(|(_, words, own)| {
                                Some((words, own.as_ref()?.eq_ignore_ascii_case(kind)))
                            })
                            .collect();
                        ((*kind).to_owned(), Linear::fit(&of_kind, PENALTY))
                    })
                    .collect::<Vec<_>>(),
            );
        }
        Ok(learned)
    }

    /// Learns words on one part; fits on the other how they, the other signs and the model are weighed, and the threshold.
    /// The figures are of each half of that with what the other half gave.
    pub(super) fn fit_relations(
        &self,
        task: RelationTask,
        train: &[Labelled],
        documents: &[Labelled],
    ) -> Result<(Figures, TaskGuidance), InferenceError> {
        let mut guidance = TaskGuidance { signs: self.learn_words(task, train)?, ..TaskGuidance::default() };
        let found = self.scored_pairs(task, &guidance, documents)?;
        let name = task.name();
        let mut figures = Figures::new();
        if task.kinds().len() > 1 {
            let (weight, accuracy) = self.weigh_kinds(task, &guidance, documents, &found)?;
            guidance.model_weight = weight;
            figures.insert(format!("{name}.dev_kind_accuracy"), 100.0 * accuracy);
            figures.insert(format!("{name}.kind_model_weight"), weight);
        }
        let mut halves: [Vec<Row>; 2] = Default::default();
        let (mut gold_count, mut keys) = (0, 0);
        for (number, ((document, stated), (_, pairs))) in documents.iter().zip(&found).enumerate() {
            let gold = Keys::of(task, document, stated);
            gold_count += gold.0.len();
            let mut known: HashMap<(&str, &str), usize> = HashMap::new();
            for scored in pairs {
                let NamePair { head, tail, .. } = &scored.pair.pair;
                let key = *known.entry((head.as_str(), tail.as_str())).or_insert_with(|| {
                    keys += 1;
                    keys
                });
                halves[number % 2].push(Row {
                    key,
                    log_odds: scored.pair.log_odds,
                    evidence: scored.pair.evidence,
                    right: gold.of_pair(task, scored).is_some(),
                });
            }
        }
        let silent = halves
            .clone()
            .map(|half| half.into_iter().map(|row| Row { log_odds: 0.0, ..row }).collect::<Vec<_>>());
        let (together, signs) = (judged_across(&halves), judged_across(&silent));
        // A network whose verdicts do not help is not listened to.
        let heard = log_likelihood(&together) > log_likelihood(&signs);
        let (judged, fitted_on) = if heard { (&together, &halves) } else { (&signs, &silent) };
        if let Some(threshold) = best_threshold(judged, gold_count) {
            guidance.threshold = Some(threshold.at);
            figures.insert(format!("{name}.dev_pair_f1"), 100.0 * threshold.f1);
            figures.insert(format!("{name}.dev_calibration_error"), calibration_error(judged));
        }
        let model = surest(halves.iter().flatten().map(|row| (row.key, row.log_odds, row.right)));
        for (key, scored) in [("model_alone", model), ("signs_alone", signs), ("both", together)] {
            if let Some(best) = best_threshold(&scored, gold_count) {
                figures.insert(format!("{name}.dev_pair_f1_of_{key}"), 100.0 * best.f1);
            }
        }
        guidance.calibration = fitted(&fitted_on.concat());
        Ok((figures, guidance))
    }

    /// How much the model's own choice of a kind counts beside words, and which part of the related pairs gets its kind so.
    fn weigh_kinds(
        &self,
        task: RelationTask,
        guidance: &TaskGuidance,
        documents: &[Labelled],
        found: &[(Vec<Window>, Vec<Scored>)],
    ) -> Result<(f64, f64), InferenceError> {
        let labelled: Vec<_> = documents.iter().zip(found).collect();
        let known: Vec<Vec<(&Features, Vec<f64>, usize)>> =
            self.in_parallel(&labelled, |context, ((document, stated), (windows, pairs))| {
                let gold = Keys::of(task, document, stated);
                let place = |scored: &Scored| {
                    let kind = gold.of_pair(task, scored)?;
                    task.kinds().iter().position(|own| own.eq_ignore_ascii_case(kind))
                };
                let mut known = Vec::new();
                for (number, window) in windows.iter().enumerate() {
                    let right: Vec<(&Scored, usize)> = pairs
                        .iter()
                        .filter(|scored| scored.window == number)
                        .filter_map(|scored| Some((scored, place(scored)?)))
                        .collect();
                    let own: Vec<NamePair> = right.iter().map(|(one, _)| one.pair.pair.clone()).collect();
                    if own.is_empty() {
                        continue;
                    }
                    let TaskContext { model, cancel, meter, .. } = &mut *context;
                    let text = window.text(task, document);
                    let written = model.kind_log_probabilities(&text, &own, cancel, meter)?;
                    let own = right.into_iter().zip(written);
                    known.extend(own.map(|((scored, place), written)| (&scored.words, written, place)));
                }
                Ok(known)
            })?;
        let known: Vec<_> = known.into_iter().flatten().collect();
        let shares = |model_weight: f64| -> Vec<(Vec<f64>, usize)> {
            let tried = TaskGuidance { model_weight, ..guidance.clone() };
            let of = |(words, written, place): &(&Features, Vec<f64>, usize)| {
                (verdicts::kind_probabilities(&tried, task.kinds(), words, written), *place)
            };
            known.iter().map(of).collect()
        };
        let weight = best_weight(|weight| {
            shares(weight).iter().map(|(shares, place)| shares[*place].max(f64::MIN_POSITIVE).ln()).sum()
        });
        let right = shares(weight)
            .iter()
            .filter(|(shares, place)| shares.iter().all(|s| *s <= shares[*place]))
            .count();
        Ok((weight, right as f64 / known.len().max(1) as f64))
    }

    pub(super) fn measure_relations(
        &self,
        task: RelationTask,
        documents: &[Labelled],
    ) -> Result<Figures, InferenceError> {
        let name = task.name();
        let texts: Vec<&Document> = documents.iter().map(|(document, _)| document).collect();
        let found = self.relations(task, &texts, None)?;
        let (mut predicted, mut gold_ids, mut predicted_ids) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let (mut gold_words, mut probabilities) = (HashMap::new(), Vec::new());
        let (mut without, mut alarms, mut reachable, mut gold_count) = (0, 0, 0, 0);
        for ((document, stated), found) in documents.iter().zip(found) {
            let gold = Keys::of(task, document, stated);
            let right = |(judged, ids): &(JudgedPair, Option<(String, String)>)| {
                let NamePair { head, tail, .. } = &judged.scored.pair;
                gold.kind(task, head, tail, ids.clone()).is_some()
            };
            probabilities.extend(found.pairs.iter().map(|pair| (pair.0.probability, right(pair))));
            reachable += found.pairs.iter().filter(|pair| right(pair)).count();
            gold_count += gold.0.len();
            if stated.is_empty() {
                without += 1;
                alarms += usize::from(!found.relations.is_empty());
            }
            let id = document.id.clone();
            for (judged, ids) in found.pairs.iter().filter(|(judged, _)| judged.relation.is_some()) {
                let unknown = || ("-1".to_owned(), judged.scored.pair.tail.clone());
                let (head, tail) = ids.clone().unwrap_or_else(unknown);
                predicted_ids.insert((id.clone(), head, tail));
            }
            if task == RelationTask::Bc5cdr {
                gold_ids.extend(gold.0.into_keys().map(|[head, tail]| (id.clone(), head, tail)));
            }
            gold_words.insert(id.clone(), stated.clone());
            predicted.push((id, found.relations.into_iter().map(|(stated, _)| stated).collect::<Vec<_>>()));
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
            add("false_alarm_rate", 100.0 * alarms as f64 / f64::from(without));
            add("documents_without_relation", f64::from(without));
        }
        Ok(figures)
    }
}

/// Chosen on the development parts.
const PENALTY: Penalty = Penalty { lasso: 2.0, ridge: 0.0, rows: 5 };

/// What tells whether a pair is gold, and of which kind: ids for BC5CDR, words elsewhere.
struct Keys(BTreeMap<[String; 2], String>);

impl Keys {
    fn of(task: RelationTask, document: &Document, stated: &[Stated]) -> Self {
        if task != RelationTask::Bc5cdr {
            let words = |stated: &Stated| (words(&stated.head, &stated.tail), stated.kind.clone());
            return Self(stated.iter().map(words).collect());
        }
        let ids = document.relations.iter().filter_map(|relation| match relation.arguments.as_slice() {
            [head, tail] => match (&head.target, &tail.target) {
                (Target::Concept(head), Target::Concept(tail)) => {
                    Some(([head.id.clone(), tail.id.clone()], task.kinds()[0].to_owned()))
                }
                _ => None,
            },
            _ => None,
        });
        Self(ids.collect())
    }

    fn kind(
        &self,
        task: RelationTask,
        head: &str,
        tail: &str,
        ids: Option<(String, String)>,
    ) -> Option<&str> {
        let key = if task == RelationTask::Bc5cdr {
            let (head, tail) = ids?;
            [head, tail]
        } else {
            words(head, tail)
        };
        self.0.get(&key).map(String::as_str)
    }

    fn of_pair(&self, task: RelationTask, pair: &Scored) -> Option<&str> {
        let NamePair { head, tail, .. } = &pair.pair.pair;
        self.kind(task, head, tail, pair.ids.clone())
    }
}

fn words(head: &str, tail: &str) -> [String; 2] {
    [head, tail].map(|part| part.to_lowercase().replace(' ', ""))
}

/// A pair of names in one window, to fit on.
#[derive(Clone)]
struct Row {
    /// The same for the same pair in all windows of a document.
    key: usize,
    log_odds: f64,
    evidence: PairFeatures,
    right: bool,
}

/// What is fitted on rows of pairs.
fn fitted(rows: &[Row]) -> Option<Calibration> {
    let rows: Vec<_> = rows.iter().map(|row| (row.log_odds, row.evidence, row.right)).collect();
    Calibration::fit_with_evidence(&rows)
}

/// The probability of each pair, by what was fitted on the other half, and whether it is right.
fn judged_across(halves: &[Vec<Row>; 2]) -> Vec<(f64, bool)> {
    let mut across = Vec::new();
    for (own, other) in [(0, 1), (1, 0)] {
        if let Some(fitted) = fitted(&halves[other]) {
            let judged = halves[own]
                .iter()
                .map(|row| (row.key, fitted.probability_with(row.log_odds, &row.evidence), row.right));
            across.extend(surest(judged));
        }
    }
    across
}

/// Of a pair that is in several windows the surest counts, as in the app.
fn surest(judged: impl Iterator<Item = (usize, f64, bool)>) -> Vec<(f64, bool)> {
    let mut found: Vec<(f64, bool)> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (key, value, right) in judged {
        let place = *places.entry(key).or_insert(found.len());
        match found.get_mut(place) {
            Some(before) if before.0 >= value => {}
            Some(before) => *before = (value, right),
            None => found.push((value, right)),
        }
    }
    found
}

/// Of what was judged.
fn log_likelihood(judged: &[(f64, bool)]) -> f64 {
    let of = |(probability, right): &(f64, bool)| if *right { *probability } else { 1.0 - probability };
    judged.iter().map(|one| of(one).max(f64::MIN_POSITIVE).ln()).sum()
}
