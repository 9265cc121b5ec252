//! The labels of a text that is read whole (mentions, relations of pairs of entities, classes) and their losses.

use std::ops::Range;

use biogpt::heads::{Entities, Heads, TAGS};
use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// The labels of one text. Token indices count from 0, `</s>` before the text included.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Mentions.
    pub tags: Option<Tags>,
    /// Relations, by task.
    pub pairs: Vec<Pairs>,
    /// Classes, by task.
    pub classes: Vec<Classes>,
}

/// Tags of mentions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tags {
    /// The file of heads.
    pub file: usize,
    /// Of each token and kind, 0 outside of a mention, 1 its beginning, 2 inside: `[tokens, kinds]`.
    pub classes: Vec<u8>,
    /// Loss weight of each kind; 0 for kinds that the text's corpus does not annotate.
    pub taught: Vec<f32>,
    /// Features of each token from dictionaries, `[tokens, hints]`.
    pub hints: Vec<f32>,
}

/// Pairs of entities and the relation of each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pairs {
    /// The file of heads.
    pub file: usize,
    /// The index of the scorer in it.
    pub head: usize,
    /// Mentions of each entity, in tokens.
    pub entities: Vec<Vec<Range<usize>>>,
    /// Indices of head and tail in `entities`.
    pub pairs: Vec<(usize, usize)>,
    /// The label of each pair.
    pub labels: Vec<usize>,
    /// Loss weight of each pair.
    pub weights: Vec<f32>,
}

/// Classes of parts of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Classes {
    /// The file of heads.
    pub file: usize,
    /// The index of the classifier in it.
    pub head: usize,
    /// Whether just one class holds of a part.
    pub exclusive: bool,
    /// Parts of the text, in tokens.
    pub parts: Vec<Range<usize>>,
    /// Which classes hold, `[parts, labels]`.
    pub labels: Vec<bool>,
    /// Loss weight of each part.
    pub weight: f32,
}

impl Reading {
    /// What the losses are divided by.
    #[must_use]
    pub fn weight(&self) -> f64 {
        let tags = self.tags.iter().map(|tags| {
            let tokens = tags.classes.len() / tags.taught.len().max(1);
            let taught: f32 = tags.taught.iter().sum();
            tokens as f64 * f64::from(taught)
        });
        let pairs = self.pairs.iter().flat_map(|pairs| &pairs.weights).map(|weight| f64::from(*weight));
        let classes = self.classes.iter().map(|one| one.parts.len() as f64 * f64::from(one.weight));
        tags.chain(pairs).chain(classes).sum()
    }

    /// The sum of the losses, for states `[tokens, d]`; nothing where the text has no labels. Only the losses of the first
    /// file of heads reach the states: what other files learn from has terms of its own, which the shared weights shall
    /// not come under.
    #[must_use]
    pub fn loss(&self, heads: &[Heads], states: &Tensor<2>) -> Option<Tensor<1>> {
        let of = |file: usize| if file == 0 { states.clone() } else { states.clone().detach() };
        let tags = self.tags.iter().filter_map(|tags| tags.loss(heads, &of(tags.file)));
        let pairs = self.pairs.iter().filter_map(|pairs| pairs.loss(heads, &of(pairs.file)));
        let classes = self.classes.iter().filter_map(|classes| classes.loss(heads, &of(classes.file)));
        tags.chain(pairs).chain(classes).reduce(|sum, loss| sum + loss)
    }
}

/// Σ weight · −log p[target] over rows.
pub(crate) fn chosen(log_p: Tensor<2>, targets: Vec<i32>, weights: Vec<f32>, device: &Device) -> Tensor<1> {
    let rows = targets.len();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [rows, 1]), device);
    let weights = Tensor::<2>::from_data(TensorData::new(weights, [rows, 1]), device);
    -(log_p.gather(1, targets) * weights).sum()
}

impl Tags {
    fn loss(&self, heads: &[Heads], states: &Tensor<2>) -> Option<Tensor<1>> {
        let tagger = heads.get(self.file)?.mentions.as_ref()?;
        let ([tokens, _], device) = (states.dims(), states.device());
        let kinds = self.taught.len();
        let hints = self.hints.len() / tokens;
        let hints = Tensor::<2>::from_data(TensorData::new(self.hints.clone(), [tokens, hints]), &device);
        let logits = tagger.forward(states.clone(), hints).reshape([tokens * kinds, TAGS]);
        let targets = self.classes.iter().map(|class| i32::from(*class)).collect();
        let weights = (0..tokens * kinds).map(|i| self.taught[i % kinds]).collect();
        Some(chosen(log_softmax(logits, 1), targets, weights, &device))
    }
}

impl Pairs {
    fn loss(&self, heads: &[Heads], states: &Tensor<2>) -> Option<Tensor<1>> {
        let scorer = heads.get(self.file)?.pairs.get(self.head).filter(|_| !self.pairs.is_empty())?;
        let device = states.device();
        let entities = Entities { mentions: self.entities.clone() };
        let logits = scorer.forward(states.clone(), &entities, &self.pairs);
        let targets = self.labels.iter().map(|label| *label as i32).collect();
        Some(chosen(log_softmax(logits, 1), targets, self.weights.clone(), &device))
    }
}

impl Classes {
    fn loss(&self, heads: &[Heads], states: &Tensor<2>) -> Option<Tensor<1>> {
        let classifier = heads.get(self.file)?.classes.get(self.head).filter(|_| !self.parts.is_empty())?;
        let (parts, device) = (self.parts.len(), states.device());
        let logits = classifier.forward(states.clone(), &self.parts);
        let labels = self.labels.len() / parts;
        let holds: Vec<f32> = self.labels.iter().map(|holds| f32::from(u8::from(*holds))).collect();
        let holds = Tensor::<2>::from_data(TensorData::new(holds, [parts, labels]), &device);
        let log_likelihood = if self.exclusive {
            log_softmax(logits, 1) * holds
        } else {
            let signs = holds * 2.0 - 1.0;
            log_sigmoid(logits * signs) / labels as f64
        };
        Some(-log_likelihood.sum() * f64::from(self.weight))
    }
}
