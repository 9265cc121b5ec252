//! Pairs of names and relations, asked as the app does.

use std::collections::HashMap;
use std::sync::Arc;

use documents::{Document, Span};
use inference::relations::{
    DocumentWindows, JudgedPair, NamePair, ScoredPair, THRESHOLD, TextWindow, candidate_pairs, judge_pairs,
    merge_windows, pairs_task, score_pairs,
};
use inference::{InferenceError, LanguageModel, TaskContext};
use tasks::guidance::TaskGuidance;
use tasks::linear::Features;
use tasks::pair_features::MentionContext;
use tasks::{Finder, Mention, RelationTask, Stated};

use super::Evaluator;

/// A document with its relations in words.
pub(super) type Labelled = (Document, Vec<Stated>);

/// A window of a document with its pairs of names.
pub(super) struct Window {
    span: Span,
    /// All sentences of the document.
    pub(super) sentences: Arc<[Span]>,
    pub(super) mentions: Vec<Mention>,
    pub(super) pairs: Vec<NamePair>,
}

/// A scored pair, with the words of the text around it and what its names are known as.
pub(super) struct Scored {
    pub(super) pair: ScoredPair,
    /// The window it is of.
    pub(super) window: usize,
    pub(super) words: Features,
    /// MeSH ids of both, where they are known.
    pub(super) ids: Option<(String, String)>,
}

/// The windows of a document, with the scored pairs of each.
pub(super) type ScoredPairs = (Vec<Window>, Vec<Scored>);

/// The relations of a document as the app finds them.
pub struct Found {
    /// Relations with their probabilities, the likeliest first.
    pub relations: Vec<(Stated, f64)>,
    /// Each pair of names as its surest window judges it, with its MeSH ids where they are known.
    pub pairs: Vec<(JudgedPair, Option<(String, String)>)>,
}

impl Window {
    /// The windows of a document as the app reads it.
    pub(super) fn all(
        context: &mut TaskContext<'_>,
        task: RelationTask,
        document: &Document,
        finder: &Finder,
    ) -> Result<Vec<Self>, InferenceError> {
        let windows = DocumentWindows::new(context, task, document, finder)?;
        let model = &*context.model;
        let sentences = windows.grounding.sentences();
        let of = |span: &Span| {
            let mentions = windows.mentions_in(*span);
            let text = TextWindow { task, document, span: *span, sentences, mentions: &mentions };
            let (pairs, _) = candidate_pairs(model, &text);
            Self { span: *span, sentences: Arc::clone(sentences), mentions, pairs }
        };
        Ok(windows.spans.iter().map(of).collect())
    }

    pub(super) fn text<'a>(&'a self, task: RelationTask, document: &'a Document) -> TextWindow<'a> {
        let Self { span, sentences, mentions, .. } = self;
        TextWindow { task, document, span: *span, sentences, mentions }
    }
}

impl Evaluator {
    /// The relations of each document; pairs of at least `threshold` count, or of the model's own threshold.
    ///
    /// # Errors
    /// If the device fails.
    pub fn relations(
        &self,
        task: RelationTask,
        documents: &[&Document],
        threshold: Option<f64>,
    ) -> Result<Vec<Found>, InferenceError> {
        let guidance = self.guidance().or_none(&pairs_task(task));
        let threshold = threshold.or(guidance.threshold).unwrap_or(THRESHOLD);
        let finder = self.finders.of(self.model.profile(), task.name());
        self.in_parallel(documents, |context, document| {
            context.model.reset();
            let mut found = Found { relations: Vec::new(), pairs: Vec::new() };
            let mut known: HashMap<(String, String), usize> = HashMap::new();
            for window in Window::all(context, task, document, &finder)? {
                let text = window.text(task, document);
                let scored = score_pairs(context, &text, guidance, window.pairs.clone())?;
                for judged in judge_pairs(context, &text, guidance, scored, threshold)? {
                    found.relations.extend(judged.relation.clone());
                    let pair = &judged.scored.pair;
                    let ids = ids(pair, &window.mentions);
                    let names = (pair.head.clone(), pair.tail.clone());
                    let place = *known.entry(names).or_insert(found.pairs.len());
                    match found.pairs.get_mut(place) {
                        Some((before, _)) if before.probability >= judged.probability => {}
                        Some(before) => *before = (judged, ids),
                        None => found.pairs.push((judged, ids)),
                    }
                }
            }
            merge_windows(&mut found.relations, |probability| *probability);
            Ok(found)
        })
    }

    /// All pairs of names of each document, scored in each of its windows.
    pub(super) fn scored_pairs(
        &self,
        task: RelationTask,
        guidance: &TaskGuidance,
        documents: &[Labelled],
    ) -> Result<Vec<ScoredPairs>, InferenceError> {
        let finder = self.finders.of(self.model.profile(), task.name());
        self.in_parallel(documents, |context, (document, _)| {
            context.model.reset();
            let windows = Window::all(context, task, document, &finder)?;
            let mut found = Vec::new();
            for (number, window) in windows.iter().enumerate() {
                let scored =
                    score_pairs(context, &window.text(task, document), guidance, window.pairs.clone())?;
                let places = MentionContext::new(document, &window.sentences, &window.mentions);
                found.extend(scored.into_iter().map(|pair| Scored {
                    words: places.words(&pair.pair.head_mentions, &pair.pair.tail_mentions),
                    ids: ids(&pair.pair, &window.mentions),
                    window: number,
                    pair,
                }));
            }
            Ok((windows, found))
        })
    }
}

/// The MeSH ids of a pair, where both are known.
pub(super) fn ids(pair: &NamePair, mentions: &[Mention]) -> Option<(String, String)> {
    let id = |numbers: &[usize]| {
        let concept = numbers.iter().find_map(|n| mentions[*n].concepts.first())?;
        (concept.vocabulary.eq_ignore_ascii_case("mesh")).then(|| concept.id.clone())
    };
    id(&pair.head_mentions).zip(id(&pair.tail_mentions))
}
