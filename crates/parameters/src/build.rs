//! Tensors by name, from wherever they lie, into the parts of a network.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use checkpoints::{Checkpoint, CheckpointError};
use operations::Bits;

use crate::{LayerNorm, Linear, Matrix, ModelError, TensorPlan};

/// Where a network's tensors come from.
pub trait Weights {
    /// The tensor of a plan's name, and its bits if it is packed.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    fn take(&mut self, name: &str) -> Result<(TensorData, Option<Bits>), ModelError>;
}

/// A published checkpoint.
#[derive(Debug)]
pub struct FromCheckpoint<'a, C> {
    checkpoint: &'a Checkpoint<C>,
    plans: &'a [TensorPlan],
}

impl<'a, C> FromCheckpoint<'a, C> {
    /// `plans` are those of the checkpoint's configuration.
    #[must_use]
    pub const fn new(checkpoint: &'a Checkpoint<C>, plans: &'a [TensorPlan]) -> Self {
        Self { checkpoint, plans }
    }
}

impl<C> Weights for FromCheckpoint<'_, C> {
    fn take(&mut self, name: &str) -> Result<(TensorData, Option<Bits>), ModelError> {
        let unknown = || ModelError::damaged(Path::new(name), "no such tensor is part of the model");
        let plan = self.plans.iter().find(|plan| plan.name == name).ok_or_else(unknown)?;
        Ok((TensorData::new(read_merged(self.checkpoint, plan)?, plan.shape.clone()), None))
    }
}

/// The values of a tensor of ours out of a published checkpoint.
///
/// # Errors
/// As [`Checkpoint::tensor`].
pub fn read_merged<C>(checkpoint: &Checkpoint<C>, plan: &TensorPlan) -> Result<Vec<f32>, CheckpointError> {
    let mut parts = plan.sources().into_iter();
    // A tensor of one part is handed on as it is: the largest is never there twice.
    let mut values = parts.next().map_or_else(|| Ok(Vec::new()), |part| checkpoint.load_f32(&part))?;
    for part in parts {
        values.extend(checkpoint.load_f32(&part)?);
    }
    Ok(values)
}

/// Makes the parts of a network out of named tensors, on a device.
#[derive(Debug)]
pub struct Build<'a, W> {
    from: &'a mut W,
    shapes: BTreeMap<String, Vec<usize>>,
    device: &'a Device,
}

impl<'a, W: Weights> Build<'a, W> {
    /// Of the tensors of these plans.
    pub fn new(from: &'a mut W, plans: &[TensorPlan], device: &'a Device) -> Self {
        let shapes = plans.iter().map(|plan| (plan.name.clone(), plan.shape.clone())).collect();
        Self { from, shapes, device }
    }

    /// A matrix that activations are multiplied by.
    ///
    /// # Errors
    /// If there is none of this name and shape.
    pub fn matrix(&mut self, name: &str) -> Result<Matrix, ModelError> {
        let (data, bits) = self.from.take(name)?;
        let matrix = match (bits, self.shapes.get(name).map(Vec::as_slice)) {
            (Some(bits), Some(&[outputs, inputs])) => {
                Matrix::from_words(data, [outputs, inputs], bits, self.device)
            }
            (None, Some(&[outputs, inputs])) => Matrix::from_floats(data, [outputs, inputs], self.device),
            _ => None,
        };
        matrix.ok_or_else(|| ModelError::damaged(Path::new(name), "its weights have another shape"))
    }

    /// A matrix that is only looked up.
    ///
    /// # Errors
    /// As [`Self::matrix`].
    pub fn table(&mut self, name: &str) -> Result<Param<Tensor<2>>, ModelError> {
        Ok(Param::from_tensor(Tensor::from_data(self.from.take(name)?.0, self.device)))
    }

    /// A bias.
    ///
    /// # Errors
    /// As [`Self::matrix`].
    pub fn vector(&mut self, name: &str) -> Result<Param<Tensor<1>>, ModelError> {
        Ok(Param::from_tensor(Tensor::from_data(self.from.take(name)?.0, self.device)))
    }

    /// A layer normalization.
    ///
    /// # Errors
    /// As [`Self::matrix`].
    pub fn norm(&mut self, name: &str, epsilon: f64) -> Result<LayerNorm, ModelError> {
        let (gamma, beta) = (self.vector(&format!("{name}.weight"))?, self.vector(&format!("{name}.bias"))?);
        Ok(LayerNorm { gamma, beta, epsilon })
    }

    /// An affine map.
    ///
    /// # Errors
    /// As [`Self::matrix`].
    pub fn linear(&mut self, name: &str) -> Result<Linear, ModelError> {
        let weight = self.matrix(&format!("{name}.weight"))?;
        Ok(Linear { weight, bias: self.vector(&format!("{name}.bias"))? })
    }
}
