//! What one pass of an encoder reads, and its loss.

use bert::{Network, Tokens};
use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Device, Tensor, TensorData};
use operations::Training;

use crate::reading::chosen;
use crate::step::{Pass, Trained};

/// A text, or a pair of texts, as tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Special tokens included.
    pub ids: Vec<u32>,
    /// The segment of each token.
    pub segments: Vec<u32>,
    /// What is to be learned.
    pub targets: Targets,
}

/// What is to be learned of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// The class of each token; `None` for one that does not count.
    Tokens(Vec<Option<usize>>),
    /// The one class of the text.
    Class(usize),
    /// Which of the classes hold, each for itself.
    Classes(Vec<bool>),
}

/// Texts that are read side by side.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Of one task.
    pub texts: Vec<Example>,
}

impl Pass for Batch {
    /// Tokens that count, or texts: the reference's mean loss is over these.
    fn weight(&self) -> f64 {
        let of = |example: &Example| match &example.targets {
            Targets::Tokens(tokens) => tokens.iter().flatten().count(),
            Targets::Class(_) | Targets::Classes(_) => 1,
        };
        self.texts.iter().map(of).sum::<usize>() as f64
    }

    fn rows(&self) -> usize {
        self.texts.len()
    }

    fn length(&self) -> usize {
        self.texts.iter().map(|text| text.ids.len()).max().unwrap_or(0)
    }
}

impl Trained for Network {
    type Batch = Batch;

    fn place(&self) -> Device {
        self.device()
    }

    /// Cross entropy of tokens or texts; where classes are independent of each other, the mean of their binary cross entropies.
    fn loss(&self, batch: &Batch, training: &Training, device: &Device) -> Tensor<1> {
        let texts: Vec<Tokens> =
            batch.texts.iter().map(|text| Tokens { ids: &text.ids, segments: &text.segments }).collect();
        let Some(logits) = self.logits_in_training(&texts, training) else {
            return Tensor::zeros([1], device);
        };
        let [rows, classes] = logits.dims();
        let (mut targets, mut weights, mut holds) = (Vec::new(), Vec::new(), Vec::new());
        for text in &batch.texts {
            match &text.targets {
                Targets::Tokens(tokens) => {
                    targets.extend(tokens.iter().map(|class| class.unwrap_or(0) as i32));
                    weights.extend(tokens.iter().map(|class| if class.is_some() { 1.0 } else { 0.0 }));
                }
                Targets::Class(class) => {
                    targets.push(*class as i32);
                    weights.push(1.0);
                }
                Targets::Classes(own) => {
                    holds.extend(own.iter().map(|holds| if *holds { 1.0f32 } else { -1.0 }));
                }
            }
        }
        if holds.is_empty() {
            return chosen(log_softmax(logits, 1), targets, weights, device);
        }
        let signs = Tensor::<2>::from_data(TensorData::new(holds, [rows, classes]), device);
        -log_sigmoid(logits * signs).sum() / classes as f64
    }
}
