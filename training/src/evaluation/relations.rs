//! BC5CDR, DDI and KD-DTI as the exhaustive mode does them: every pair of names is asked about, and what the text shows
//! about the two, signs and learned words, is weighed with the answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use biogpt::decode::{Continuation, DecodeError};
use documents::{Document, Target};
use rayon::prelude::*;
use tasks::calibration::Calibration;
use tasks::evidence::{Evidence, Places};
use tasks::exhaustive::CandidateRelation;
use tasks::guidance::{RELATED, TaskGuidance};
use tasks::linear::{Linear, Penalty, Signs};
use tasks::scores::best_threshold;
use tasks::{Finder, Mention, RelationTask, Stated, evaluation, exhaustive, source, verdicts};

use super::{Evaluator, Figures, ROOM, best_weight, calibration_error};

type Labelled = (Document, Vec<Stated>);

/// A pair of names and what speaks for a relation between them.
struct Scored {
    head: String,
    tail: String,
    log_odds: f64,
    shown: Evidence,
    words: Signs,
    /// MeSH ids of both, where they are known.
    ids: Option<(String, String)>,
}

pub(super) fn prompt_name(task: RelationTask) -> String {
    format!("{}-pairs", task.name())
}

/// Pairs of one document that are asked about at most: longer lists are cut, and count as misses.
const MOST_PAIRS: usize = 2_000;
/// Continuations scored at once.
const AT_ONCE: usize = 128;

impl Evaluator<'_> {
    /// Log-probabilities of words behind the question about each pair.
    fn asked(
        &self,
        task: RelationTask,
        document: &Document,
        pairs: &[(&str, &str)],
        words: &[String],
    ) -> Result<Vec<Vec<f64>>, DecodeError> {
        let text = task.prompt(document, source::whole(document));
        let reader = self.read(&prompt_name(task), &text, ROOM)?;
        let mut found = Vec::with_capacity(pairs.len());
        for some in pairs.chunks((AT_ONCE / words.len()).max(1)) {
            let mut questions = Vec::new();
            for (head, tail) in some {
                let stem = verdicts::stem(task, head, tail);
                let given = self.tokens(&stem).len();
                questions.extend(words.iter().map(|words| (given, self.tokens(&(stem.clone() + words)))));
            }
            let continuations: Vec<_> =
                questions.iter().map(|(given, tokens)| Continuation { tokens, given: *given }).collect();
            let scores = self.decoder.score(&reader, &continuations)?;
            let sums: Vec<f64> =
                scores.iter().map(|tokens| tokens.iter().map(|p| f64::from(*p)).sum()).collect();
            found.extend(sums.chunks(words.len()).map(<[f64]>::to_vec));
        }
        Ok(found)
    }

    fn pairs(
        &self,
        task: RelationTask,
        finder: &Finder,
        guidance: &TaskGuidance,
        document: &Document,
    ) -> Result<Vec<Scored>, DecodeError> {
        let mentions = finder.mentions(document);
        let pairs = candidates(task, document, &mentions);
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<(&str, &str)> =
            pairs.iter().map(|pair| (pair.stated.head.as_str(), pair.stated.tail.as_str())).collect();
        let none = self.asked(task, document, &names, &[verdicts::verdict(task, None)])?;
        let places = Places::new(document, &mentions);
        let scored = pairs.iter().zip(none).map(|(pair, none)| Scored {
            head: pair.stated.head.clone(),
            tail: pair.stated.tail.clone(),
            log_odds: verdicts::log_odds(none[0]),
            shown: verdicts::shown(guidance, &places, &pair.head, &pair.tail),
            words: places.words(&pair.head, &pair.tail),
            ids: ids(pair, &mentions),
        });
        Ok(scored.collect())
    }

    fn all_pairs(
        &self,
        task: RelationTask,
        guidance: &TaskGuidance,
        documents: &[Labelled],
    ) -> Result<Vec<Vec<Scored>>, DecodeError> {
        let finder = self.finder_of(task);
        documents.par_iter().map(|(document, _)| self.pairs(task, &finder, guidance, document)).collect()
    }

    /// Learns the words that tell whether and how two names are related.
    fn learn_words(&self, task: RelationTask, documents: &[Labelled]) -> BTreeMap<String, Linear> {
        let finder = self.finder_of(task);
        let rows: Vec<(Signs, Signs, Option<String>)> = documents
            .par_iter()
            .flat_map_iter(|(document, stated)| {
                let gold = Keys::of(task, document, stated);
                let mentions = finder.mentions(document);
                let places = Places::new(document, &mentions);
                let of = |pair: &CandidateRelation| {
                    let kind = gold.kind(task, &pair.stated.head, &pair.stated.tail, ids(pair, &mentions));
                    let related = verdicts::signs(&places, &pair.head, &pair.tail);
                    (related, places.words(&pair.head, &pair.tail), kind.map(str::to_owned))
                };
                candidates(task, document, &mentions).iter().map(of).collect::<Vec<_>>()
            })
            .collect();
        let related = rows.iter().map(|(signs, _, kind)| (signs, kind.is_some())).collect::<Vec<_>>();
        let mut learned = BTreeMap::from([(RELATED.to_owned(), Linear::fit(&related, PENALTY))]);
        if task.kinds().len() > 1 {
            learned.extend(
                task.kinds()
                    .par_iter()
                    .map(|kind| {
                        let of_kind: Vec<(&Signs, bool)> = rows
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
        learned
    }

    /// The log-probability of each kind of relation for each pair; a task with one kind is not asked.
    fn kinds(
        &self,
        task: RelationTask,
        document: &Document,
        pairs: &[&Scored],
    ) -> Result<Vec<Vec<f64>>, DecodeError> {
        let kinds = task.kinds();
        if kinds.len() == 1 || pairs.is_empty() {
            return Ok(vec![vec![0.0]; pairs.len()]);
        }
        let names: Vec<(&str, &str)> =
            pairs.iter().map(|pair| (pair.head.as_str(), pair.tail.as_str())).collect();
        let words: Vec<String> = kinds.iter().map(|kind| verdicts::verdict(task, Some(kind))).collect();
        self.asked(task, document, &names, &words)
    }

    /// The relations of the pairs that are kept, each of its likeliest kind.
    fn stated(
        &self,
        task: RelationTask,
        guidance: &TaskGuidance,
        document: &Document,
        kept: &[&Scored],
    ) -> Result<Vec<Stated>, DecodeError> {
        let written = self.kinds(task, document, kept)?;
        let of = |(pair, written): (&&Scored, &Vec<f64>)| {
            let shares = verdicts::shares(guidance, task, &pair.words, written);
            let likeliest = (0..shares.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b]));
            Stated::new(&pair.head, &pair.tail, task.kinds()[likeliest.unwrap_or_default()])
        };
        Ok(kept.iter().zip(&written).map(of).collect())
    }

    /// Learns words on one part; fits on the other how they, the other signs and the model are weighed, and the threshold.
    /// The figures are of each half of that with what the other half gave.
    pub(super) fn fit_relations(
        &self,
        task: RelationTask,
        train: &[Labelled],
        documents: &[Labelled],
    ) -> Result<(Figures, TaskGuidance), DecodeError> {
        let mut guidance = TaskGuidance { signs: self.learn_words(task, train), ..TaskGuidance::default() };
        let found = self.all_pairs(task, &guidance, documents)?;
        let name = task.name();
        let mut figures = Figures::new();
        if task.kinds().len() > 1 {
            let (weight, accuracy) = self.weigh_kinds(task, &guidance, documents, &found)?;
            guidance.model_weight = weight;
            figures.insert(format!("{name}.dev_kind_accuracy"), 100.0 * accuracy);
            figures.insert(format!("{name}.kind_model_weight"), weight);
        }
        let mut halves: [Vec<(f64, Evidence, bool)>; 2] = Default::default();
        let mut gold_count = 0;
        for (number, ((document, stated), pairs)) in documents.iter().zip(found).enumerate() {
            let gold = Keys::of(task, document, stated);
            gold_count += gold.0.len();
            halves[number % 2].extend(
                pairs.iter().map(|pair| (pair.log_odds, pair.shown, gold.of_pair(task, pair).is_some())),
            );
        }
        let silent = halves
            .clone()
            .map(|half| half.into_iter().map(|(_, shown, right)| (0.0, shown, right)).collect::<Vec<_>>());
        let (together, signs) = (judged_across(&halves), judged_across(&silent));
        // A network whose verdicts do not help is not listened to.
        let heard = log_likelihood(&together) > log_likelihood(&signs);
        let (judged, fitted_on) = if heard { (&together, &halves) } else { (&signs, &silent) };
        if let Some(threshold) = best_threshold(judged, gold_count) {
            guidance.threshold = Some(threshold.at);
            figures.insert(format!("{name}.dev_pair_f1"), 100.0 * threshold.f1);
            figures.insert(format!("{name}.dev_calibration_error"), calibration_error(judged));
        }
        let model: Vec<(f64, bool)> =
            halves.iter().flatten().map(|(odds, _, right)| (*odds, *right)).collect();
        for (key, scored) in [("model_alone", model), ("signs_alone", signs), ("both", together)] {
            if let Some(best) = best_threshold(&scored, gold_count) {
                figures.insert(format!("{name}.dev_pair_f1_of_{key}"), 100.0 * best.f1);
            }
        }
        guidance.calibration = Calibration::fit_with_evidence(&fitted_on.concat());
        Ok((figures, guidance))
    }

    /// How much the model's own choice of a kind counts beside words, and which part of the related pairs gets its kind so.
    fn weigh_kinds(
        &self,
        task: RelationTask,
        guidance: &TaskGuidance,
        documents: &[Labelled],
        found: &[Vec<Scored>],
    ) -> Result<(f64, f64), DecodeError> {
        let mut known: Vec<(&Signs, Vec<f64>, usize)> = Vec::new();
        for ((document, stated), pairs) in documents.iter().zip(found) {
            let gold = Keys::of(task, document, stated);
            let place = |pair: &Scored| {
                let kind = gold.of_pair(task, pair)?;
                task.kinds().iter().position(|own| own.eq_ignore_ascii_case(kind))
            };
            let right: Vec<(&Scored, usize)> =
                pairs.iter().filter_map(|pair| Some((pair, place(pair)?))).collect();
            let own: Vec<&Scored> = right.iter().map(|(pair, _)| *pair).collect();
            let written = self.kinds(task, document, &own)?;
            known.extend(
                right.iter().zip(written).map(|((pair, place), written)| (&pair.words, written, *place)),
            );
        }
        let shares = |model_weight: f64| -> Vec<(Vec<f64>, usize)> {
            let tried = TaskGuidance { model_weight, ..guidance.clone() };
            let of = |(words, written, place): &(&Signs, Vec<f64>, usize)| {
                (verdicts::shares(&tried, task, words, written), *place)
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
    ) -> Result<Figures, DecodeError> {
        let name = task.name();
        let guidance = self.guidance.or_none(&prompt_name(task));
        let found = self.all_pairs(task, guidance, documents)?;
        let threshold = guidance.threshold.unwrap_or(0.5);
        let probability = |pair: &Scored| verdicts::probability(guidance, pair.log_odds, &pair.shown);
        let (mut predicted, mut gold_ids, mut predicted_ids) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let (mut gold_words, mut probabilities) = (HashMap::new(), Vec::new());
        let (mut without, mut alarms, mut reachable, mut gold_count) = (0, 0, 0, 0);
        for ((document, stated), pairs) in documents.iter().zip(found) {
            let gold = Keys::of(task, document, stated);
            probabilities
                .extend(pairs.iter().map(|pair| (probability(pair), gold.of_pair(task, pair).is_some())));
            reachable += pairs.iter().filter(|pair| gold.of_pair(task, pair).is_some()).count();
            gold_count += gold.0.len();
            let kept: Vec<&Scored> = pairs.iter().filter(|pair| probability(pair) >= threshold).collect();
            if stated.is_empty() {
                without += 1;
                alarms += usize::from(!kept.is_empty());
            }
            let id = document.id.clone();
            if task == RelationTask::Bc5cdr {
                gold_ids.extend(gold.0.into_keys().map(|[head, tail]| (id.clone(), head, tail)));
            }
            for pair in &kept {
                let unknown = || ("-1".to_owned(), pair.tail.clone());
                let (head, tail) = pair.ids.clone().unwrap_or_else(unknown);
                predicted_ids.insert((id.clone(), head, tail));
            }
            gold_words.insert(id.clone(), stated.clone());
            predicted.push((id, self.stated(task, guidance, document, &kept)?));
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

/// The pairs of names of a document, each once.
fn candidates(task: RelationTask, document: &Document, mentions: &[Mention]) -> Vec<CandidateRelation> {
    let mut seen = BTreeSet::new();
    let mut pairs = exhaustive::candidates(task, document, mentions);
    pairs.retain(|pair| seen.insert((pair.stated.head.clone(), pair.stated.tail.clone())));
    pairs.truncate(MOST_PAIRS);
    pairs
}

/// The MeSH ids of a pair, where both are known.
fn ids(pair: &CandidateRelation, mentions: &[Mention]) -> Option<(String, String)> {
    let id = |numbers: &[usize]| {
        let concept = numbers.iter().find_map(|n| mentions[*n].concepts.first())?;
        (concept.vocabulary.eq_ignore_ascii_case("mesh")).then(|| concept.id.clone())
    };
    id(&pair.head).zip(id(&pair.tail))
}

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
        self.kind(task, &pair.head, &pair.tail, pair.ids.clone())
    }
}

fn words(head: &str, tail: &str) -> [String; 2] {
    [head, tail].map(|part| part.to_lowercase().replace(' ', ""))
}

/// The probability of each pair, by what was fitted on the other half, and whether it is right.
fn judged_across(halves: &[Vec<(f64, Evidence, bool)>; 2]) -> Vec<(f64, bool)> {
    let mut across = Vec::new();
    for (own, other) in [(0, 1), (1, 0)] {
        if let Some(fitted) = Calibration::fit_with_evidence(&halves[other]) {
            across.extend(
                halves[own]
                    .iter()
                    .map(|(odds, shown, right)| (fitted.probability_with(*odds, shown), *right)),
            );
        }
    }
    across
}

/// Of what was judged.
fn log_likelihood(judged: &[(f64, bool)]) -> f64 {
    let of = |(probability, right): &(f64, bool)| if *right { *probability } else { 1.0 - probability };
    judged.iter().map(|one| of(one).max(f64::MIN_POSITIVE).ln()).sum()
}
