//! BC5CDR, DDI and KD-DTI as the exhaustive mode does them: every pair of names is asked about, and what the text shows
//! about the two is weighed with the answer.

use std::collections::{BTreeSet, HashMap};

use biogpt::decode::DecodeError;
use documents::{Document, Target};
use rayon::prelude::*;
use tasks::calibration::Calibration;
use tasks::evidence::{Evidence, Places};
use tasks::guidance::TaskGuidance;
use tasks::scores::best_threshold;
use tasks::{Finder, RelationTask, Stated, evaluation, exhaustive, source, verdicts};

use super::{Evaluator, Figures, ROOM, calibration_error};

type Labelled = (Document, Vec<Stated>);

/// A pair of names and what speaks for a relation between them.
struct Scored {
    head: String,
    tail: String,
    log_odds: f64,
    shown: Evidence,
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
            let continuations: Vec<&[u32]> = questions.iter().map(|(_, tokens)| tokens.as_slice()).collect();
            let scores = self.decoder.score(&reader, &continuations)?;
            let sums: Vec<f64> = questions
                .iter()
                .zip(scores)
                .map(|((given, _), tokens)| tokens.iter().skip(*given).map(|p| f64::from(*p)).sum())
                .collect();
            found.extend(sums.chunks(words.len()).map(<[f64]>::to_vec));
        }
        Ok(found)
    }

    fn pairs(
        &self,
        task: RelationTask,
        finder: &Finder,
        document: &Document,
    ) -> Result<Vec<Scored>, DecodeError> {
        let mentions = finder.mentions(document);
        let mut seen = BTreeSet::new();
        let mut pairs = exhaustive::candidates(task, document, &mentions);
        pairs.retain(|pair| seen.insert((pair.stated.head.clone(), pair.stated.tail.clone())));
        pairs.truncate(MOST_PAIRS);
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<(&str, &str)> =
            pairs.iter().map(|pair| (pair.stated.head.as_str(), pair.stated.tail.as_str())).collect();
        let none = self.asked(task, document, &names, &[verdicts::verdict(task, None)])?;
        let places = Places::new(document, &mentions);
        let id = |numbers: &[usize]| {
            let concept = numbers.iter().find_map(|n| mentions[*n].concepts.first())?;
            (concept.vocabulary.eq_ignore_ascii_case("mesh")).then(|| concept.id.clone())
        };
        let scored = pairs.iter().zip(none).map(|(pair, none)| Scored {
            head: pair.stated.head.clone(),
            tail: pair.stated.tail.clone(),
            log_odds: verdicts::log_odds(none[0]),
            shown: places.of(&pair.head, &pair.tail),
            ids: id(&pair.head).zip(id(&pair.tail)),
        });
        Ok(scored.collect())
    }

    fn all_pairs(&self, task: RelationTask, documents: &[Labelled]) -> Result<Vec<Vec<Scored>>, DecodeError> {
        let finder = self.finder_of(task);
        documents.par_iter().map(|(document, _)| self.pairs(task, &finder, document)).collect()
    }

    /// The relations of the pairs that are kept, each of its likeliest kind.
    fn stated(
        &self,
        task: RelationTask,
        document: &Document,
        kept: &[&Scored],
    ) -> Result<Vec<Stated>, DecodeError> {
        let kinds = task.kinds();
        if kinds.len() == 1 || kept.is_empty() {
            return Ok(kept.iter().map(|pair| Stated::new(&pair.head, &pair.tail, kinds[0])).collect());
        }
        let names: Vec<(&str, &str)> =
            kept.iter().map(|pair| (pair.head.as_str(), pair.tail.as_str())).collect();
        let words: Vec<String> = kinds.iter().map(|kind| verdicts::verdict(task, Some(kind))).collect();
        let asked = self.asked(task, document, &names, &words)?;
        let likeliest = |sums: &Vec<f64>| {
            (0..kinds.len()).max_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap_or_default()
        };
        Ok(names
            .iter()
            .zip(&asked)
            .map(|((head, tail), sums)| Stated::new(*head, *tail, kinds[likeliest(sums)]))
            .collect())
    }

    /// Fits calibration and threshold. The figures are of each half of the documents with what the other half gave.
    pub(super) fn fit_relations(
        &self,
        task: RelationTask,
        documents: &[Labelled],
    ) -> Result<(Figures, TaskGuidance), DecodeError> {
        let found = self.all_pairs(task, documents)?;
        let mut halves: [Vec<(f64, Evidence, bool)>; 2] = Default::default();
        let mut gold_count = 0;
        for (number, ((document, stated), pairs)) in documents.iter().zip(found).enumerate() {
            let gold = Keys::of(task, document, stated);
            gold_count += gold.0.len();
            halves[number % 2]
                .extend(pairs.iter().map(|pair| (pair.log_odds, pair.shown, gold.has(task, pair))));
        }
        let judged = |fitted: &Calibration, data: &[(f64, Evidence, bool)]| -> Vec<(f64, bool)> {
            data.iter().map(|(odds, shown, right)| (fitted.probability_with(*odds, shown), *right)).collect()
        };
        let mut across = Vec::new();
        for (own, other) in [(0, 1), (1, 0)] {
            if let Some(fitted) = Calibration::fit_with_evidence(&halves[other]) {
                across.extend(judged(&fitted, &halves[own]));
            }
        }
        let name = task.name();
        let mut figures = Figures::new();
        let mut guidance = TaskGuidance::default();
        if let Some(threshold) = best_threshold(&across, gold_count) {
            guidance.threshold = Some(threshold.at);
            figures.insert(format!("{name}.dev_pair_f1"), 100.0 * threshold.f1);
            figures.insert(format!("{name}.dev_calibration_error"), calibration_error(&across));
        }
        let all = halves.concat();
        // What the model alone, and the text alone, would reach: both should be worth less than the two together.
        let alone: Vec<(f64, bool)> = all.iter().map(|(odds, _, right)| (*odds, *right)).collect();
        let silent: Vec<(f64, Evidence, bool)> =
            all.iter().map(|(_, shown, right)| (0.0, *shown, *right)).collect();
        let shown = Calibration::fit_with_evidence(&silent).map(|fitted| judged(&fitted, &silent));
        for (key, scored) in [("model", Some(alone)), ("signs", shown)] {
            if let Some(best) = scored.and_then(|scored| best_threshold(&scored, gold_count)) {
                figures.insert(format!("{name}.dev_pair_f1_of_{key}_alone"), 100.0 * best.f1);
            }
        }
        guidance.calibration = Calibration::fit_with_evidence(&all);
        Ok((figures, guidance))
    }

    pub(super) fn measure_relations(
        &self,
        task: RelationTask,
        documents: &[Labelled],
    ) -> Result<Figures, DecodeError> {
        let name = task.name();
        let found = self.all_pairs(task, documents)?;
        let fitted = self.guidance.of(&prompt_name(task));
        let threshold = fitted.and_then(|fitted| fitted.threshold).unwrap_or(0.5);
        let probability = |pair: &Scored| {
            let calibration = fitted.and_then(|fitted| fitted.calibration.as_ref());
            calibration.map_or(0.5, |calibration| calibration.probability_with(pair.log_odds, &pair.shown))
        };
        let (mut predicted, mut gold_ids, mut predicted_ids) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let (mut gold_words, mut probabilities) = (HashMap::new(), Vec::new());
        let (mut without, mut alarms, mut reachable, mut gold_count) = (0, 0, 0, 0);
        for ((document, stated), pairs) in documents.iter().zip(found) {
            let gold = Keys::of(task, document, stated);
            probabilities.extend(pairs.iter().map(|pair| (probability(pair), gold.has(task, pair))));
            reachable += pairs.iter().filter(|pair| gold.has(task, pair)).count();
            gold_count += gold.0.len();
            let kept: Vec<&Scored> = pairs.iter().filter(|pair| probability(pair) >= threshold).collect();
            if stated.is_empty() {
                without += 1;
                alarms += usize::from(!kept.is_empty());
            }
            let id = document.id.clone();
            if task == RelationTask::Bc5cdr {
                gold_ids.extend(gold.0.into_iter().map(|[head, tail]| (id.clone(), head, tail)));
            }
            for pair in &kept {
                let unknown = || ("-1".to_owned(), pair.tail.clone());
                let (head, tail) = pair.ids.clone().unwrap_or_else(unknown);
                predicted_ids.insert((id.clone(), head, tail));
            }
            gold_words.insert(id.clone(), stated.clone());
            predicted.push((id, self.stated(task, document, &kept)?));
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

/// What tells whether a pair is gold: ids for BC5CDR, words elsewhere.
struct Keys(BTreeSet<[String; 2]>);

impl Keys {
    fn of(task: RelationTask, document: &Document, stated: &[Stated]) -> Self {
        if task != RelationTask::Bc5cdr {
            return Self(stated.iter().map(|stated| words(&stated.head, &stated.tail)).collect());
        }
        let ids = document.relations.iter().filter_map(|relation| match relation.arguments.as_slice() {
            [head, tail] => match (&head.target, &tail.target) {
                (Target::Concept(head), Target::Concept(tail)) => Some([head.id.clone(), tail.id.clone()]),
                _ => None,
            },
            _ => None,
        });
        Self(ids.collect())
    }

    fn has(&self, task: RelationTask, pair: &Scored) -> bool {
        if task != RelationTask::Bc5cdr {
            return self.0.contains(&words(&pair.head, &pair.tail));
        }
        let ids = pair.ids.clone();
        ids.is_some_and(|(head, tail)| self.0.contains(&[head, tail]))
    }
}

fn words(head: &str, tail: &str) -> [String; 2] {
    [head, tail].map(|part| part.to_lowercase().replace(' ', ""))
}
