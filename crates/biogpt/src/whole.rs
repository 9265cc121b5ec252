//! Texts that are read in both directions at once, and what a model's heads say of them.

use std::ops::Range;

use burn::tensor::activation::{log_softmax, sigmoid, softmax};
use burn::tensor::{Tensor, TensorData};

use crate::heads::{Entities, TAGS};
use crate::model::Model;

/// Where a head is: the index of its file in the manifest, and its index among those of its sort in that file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadIndex {
    /// The file.
    pub file: usize,
    /// The head.
    pub head: usize,
}

/// A text that was read whole by the model whose heads are asked about it.
#[derive(Debug, Clone)]
pub struct WholeText {
    /// After the last norm, `[tokens, d]`.
    states: Tensor<2>,
}

impl Model {
    /// Reads texts in both directions, each for itself, in one pass. Token ids begin with `</s>` as the tokenizer gives
    /// them.
    ///
    /// # Panics
    /// If a text is empty or has more tokens than the model has positions.
    #[must_use]
    pub fn read_whole(&self, texts: &[&[u32]]) -> Vec<WholeText> {
        if texts.is_empty() {
            return Vec::new();
        }
        let mut cache = self.network.cache(&self.config, texts.len());
        let states = self.network.read_whole(texts, &mut cache);
        let d = states.dims()[1];
        let mut first = 0;
        let own = |ids: &&[u32]| {
            let rows = first..first + ids.len();
            first = rows.end;
            WholeText { states: states.clone().slice([rows, 0..d]) }
        };
        texts.iter().map(own).collect()
    }

    /// The pair scorer of a task, and its labels ("none" first).
    #[must_use]
    pub fn pair_scorer(&self, task: &str) -> Option<(HeadIndex, &[String])> {
        self.manifest.heads.iter().enumerate().find_map(|(file, own)| {
            let head = own.shape.pairs.iter().position(|shape| shape.name == task)?;
            Some((HeadIndex { file, head }, own.shape.pairs[head].labels.as_slice()))
        })
    }

    /// The classifier of a task, and its labels.
    #[must_use]
    pub fn classifier(&self, task: &str) -> Option<(HeadIndex, &[String])> {
        self.manifest.heads.iter().enumerate().find_map(|(file, own)| {
            let head = own.shape.classes.iter().position(|shape| shape.name == task)?;
            Some((HeadIndex { file, head }, own.shape.classes[head].labels.as_slice()))
        })
    }

    /// The kinds of mentions that the model's tagger knows; empty if it has none.
    #[must_use]
    pub fn mention_kinds(&self) -> &[String] {
        let tagger = self.manifest.heads.iter().find_map(|own| own.shape.mentions.as_ref());
        tagger.map_or(&[], |shape| shape.kinds.as_slice())
    }

    /// Log-probabilities of outside, beginning and inside for each token and kind of mention: `[tokens, kinds, 3]`, row-major.
    /// Nothing if the model has no tagger or `hints` (`[tokens, hints]`) are not as many as it takes.
    #[must_use]
    pub fn tags(&self, text: &WholeText, hints: Vec<f32>) -> Option<Vec<f32>> {
        let file = self.manifest.heads.iter().position(|own| own.shape.mentions.is_some())?;
        let width = self.manifest.heads[file].shape.mentions.as_ref()?.hints;
        let tagger = self.network.heads.get(file)?.mentions.as_ref()?;
        let (tokens, device) = (text.states.dims()[0], text.states.device());
        if hints.len() != tokens * width {
            return None;
        }
        let hints = Tensor::<2>::from_data(TensorData::new(hints, [tokens, width]), &device);
        let logits = tagger.forward(text.states.clone(), hints);
        debug_assert_eq!(logits.dims()[2], TAGS);
        Some(numbers(log_softmax(logits, 2)))
    }

    /// Log-probabilities of the labels of each pair of entities, "none" first. Entities are given by the tokens of their
    /// mentions, pairs as indices of entities. Nothing if the model has no such head.
    #[must_use]
    pub fn pairs(
        &self,
        text: &WholeText,
        index: HeadIndex,
        entities: &[Vec<Range<usize>>],
        pairs: &[(usize, usize)],
    ) -> Option<Vec<Vec<f64>>> {
        let scorer = self.network.heads.get(index.file)?.pairs.get(index.head)?;
        if pairs.is_empty() {
            return Some(Vec::new());
        }
        let entities = Entities { mentions: entities.to_vec() };
        let logits = scorer.forward(text.states.clone(), &entities, pairs);
        let labels = logits.dims()[1];
        Some(rows(&numbers(log_softmax(logits, 1)), labels))
    }

    /// The probabilities of a head's classes for each part of the text, in tokens. Nothing if the model has no such head.
    #[must_use]
    pub fn classes(
        &self,
        text: &WholeText,
        index: HeadIndex,
        parts: &[Range<usize>],
    ) -> Option<Vec<Vec<f64>>> {
        let exclusive = self.manifest.heads.get(index.file)?.shape.classes.get(index.head)?.exclusive;
        let classifier = self.network.heads.get(index.file)?.classes.get(index.head)?;
        if parts.is_empty() {
            return Some(Vec::new());
        }
        let logits = classifier.forward(text.states.clone(), parts);
        let labels = logits.dims()[1];
        let p = if exclusive { softmax(logits, 1) } else { sigmoid(logits) };
        Some(rows(&numbers(p), labels))
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().iter::<f32>().collect()
}

fn rows(values: &[f32], width: usize) -> Vec<Vec<f64>> {
    values.chunks_exact(width).map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
}
