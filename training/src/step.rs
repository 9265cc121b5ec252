//! The gradient of one update: several forward and backward passes side by side, their gradients summed.

use biogpt::Network;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use operations::{Training, Visibility};

use crate::reading::Reading;

/// A network that a run trains.
pub trait Trained: Module + Sync {
    /// What one pass reads.
    type Batch: Pass;

    /// Where the weights are.
    fn place(&self) -> Device;

    /// Sum of the loss over a batch, as a tensor that gradients flow from.
    fn loss(&self, batch: &Self::Batch, training: &Training, device: &Device) -> Tensor<1>;
}

/// What one forward and backward pass reads.
pub trait Pass: Sync {
    /// What the loss is divided by.
    fn weight(&self) -> f64;
    /// Sequences.
    fn rows(&self) -> usize;
    /// Positions of each sequence, padding included.
    fn length(&self) -> usize;
}

impl Trained for Network {
    type Batch = Batch;

    fn place(&self) -> Device {
        self.device()
    }

    fn loss(&self, batch: &Batch, training: &Training, device: &Device) -> Tensor<1> {
        loss(self, batch, training, device)
    }
}

/// Sequences of equal length with what is to be predicted at each place.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Sequences.
    pub rows: usize,
    /// Positions of each.
    pub length: usize,
    /// `rows * length` token ids.
    pub ids: Vec<u32>,
    /// What follows each.
    pub targets: Vec<u32>,
    /// How much each prediction counts; 0 for padding and prompts.
    pub weights: Vec<f32>,
    /// First positions of each sequence that see each other in both directions; empty if all sequences are causal.
    pub prefixes: Vec<usize>,
    /// What each sequence teaches the heads; empty if none does.
    pub readings: Vec<Reading>,
}

impl Pass for Batch {
    /// Sum of the weights.
    fn weight(&self) -> f64 {
        let predicted: f64 = self.weights.iter().map(|w| f64::from(*w)).sum();
        predicted + self.readings.iter().map(Reading::weight).sum::<f64>()
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn length(&self) -> usize {
        self.length
    }
}

impl Batch {
    fn visibility(&self) -> Visibility {
        if self.prefixes.iter().all(|prefix| *prefix == 0) {
            Visibility::Causal
        } else {
            Visibility::Prefix(self.prefixes.clone())
        }
    }

    fn tensors(&self, device: &Device) -> (Tensor<2, Int>, Tensor<1, Int>, Tensor<1>) {
        let ints = |values: &[u32]| values.iter().map(|v| *v as i32).collect::<Vec<i32>>();
        (
            Tensor::from_data(TensorData::new(ints(&self.ids), [self.rows, self.length]), device),
            Tensor::from_data(TensorData::new(ints(&self.targets), [self.rows * self.length]), device),
            Tensor::from_data(TensorData::new(self.weights.clone(), [self.rows * self.length]), device),
        )
    }
}

/// As [`Trained::loss`].
#[must_use]
pub fn loss(network: &Network, batch: &Batch, training: &Training, device: &Device) -> Tensor<1> {
    let (ids, targets, weights) = batch.tensors(device);
    let hidden = network.forward(ids, &batch.visibility(), training);
    let [rows, length, d] = hidden.dims();
    let readings = batch.readings.iter().enumerate().filter_map(|(row, reading)| {
        let tokens = batch.prefixes.get(row).copied().unwrap_or(length);
        let states = hidden.clone().slice([row..row + 1, 0..tokens, 0..d]).reshape([tokens, d]);
        reading.loss(&network.heads, &states)
    });
    let read = readings.reduce(|sum, loss| sum + loss);
    let predicted = batch.weights.iter().any(|weight| *weight != 0.0).then(|| {
        operations::cross_entropy(
            hidden.clone().reshape([rows * length, d]),
            network.head_weight(),
            targets,
            weights,
            training.precision,
        )
    });
    match (predicted, read) {
        (Some(predicted), Some(read)) => predicted + read,
        (Some(loss), None) | (None, Some(loss)) => loss,
        (None, None) => hidden.sum() * 0.0,
    }
}

/// The number a loss tensor holds.
#[must_use]
pub fn value(loss: Tensor<1>) -> f64 {
    f64::from(loss.into_scalar::<f32>())
}

/// Loss and gradients of one batch on the calling thread.
#[must_use]
pub fn gradients<N: Trained>(
    network: &N,
    batch: &N::Batch,
    training: &Training,
    device: &Device,
) -> (f64, GradientsParams) {
    let loss = network.loss(batch, training, device);
    let summed = value(loss.clone().inner());
    (summed, GradientsParams::from_grads(loss.backward(), network))
}

/// Adds up gradients of the same network.
#[derive(Debug, Default)]
struct Sum {
    total: GradientsParams,
    other: GradientsParams,
}

impl ModuleVisitor for Sum {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(more) = self.other.remove::<D>(param.id) else { return };
        let sum = match self.total.remove::<D>(param.id) {
            Some(so_far) => so_far + more,
            None => more,
        };
        self.total.register(param.id, sum);
    }
}

/// The same weights as leaves of a graph of its own. Passes that share leaves share a graph, and the one that ends first
/// takes it from the others.
struct Fork;

impl ModuleMapper for Fork {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weights| Tensor::from_inner(weights.inner()).require_grad())
    }
}

/// Passes over several batches, `workers` at a time, each on a thread (and rayon pool) of its own: on a CPU that keeps
/// every core busy through the small operations too. Sums are made in the order of the batches, so that a run is
/// reproducible to the bit.
#[must_use]
pub fn accumulate<N: Trained>(
    network: &N,
    batches: &[N::Batch],
    training: &Training,
    device: &Device,
    pools: &[rayon::ThreadPool],
) -> (f64, GradientsParams) {
    let mut sum = Sum::default();
    let mut total = 0.0;
    for (group, batches) in batches.chunks(pools.len().max(1)).enumerate() {
        let pass = |network: &N, i: usize, batch: &N::Batch| {
            let number = (group * pools.len().max(1) + i) as u64;
            let training = Training { seed: training.seed.wrapping_add(number << 40), ..*training };
            gradients(network, batch, &training, device)
        };
        let found: Vec<(f64, GradientsParams)> = if pools.is_empty() {
            batches.iter().enumerate().map(|(i, b)| pass(network, i, b)).collect()
        } else {
            std::thread::scope(|scope| {
                let running: Vec<_> = batches
                    .iter()
                    .enumerate()
                    .zip(pools)
                    .map(|((i, batch), pool)| {
                        let (pass, own) = (&pass, network.clone().map(&mut Fork));
                        scope.spawn(move || pool.install(|| pass(&own, i, batch)))
                    })
                    .collect();
                running
                    .into_iter()
                    .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                    .collect()
            })
        };
        for (loss, gradients) in found {
            total += loss;
            sum.other = gradients;
            network.visit(&mut sum);
        }
    }
    (total, sum.total)
}

/// The same weights on another device, as leaves of a graph of its own.
struct Copied<'a>(&'a Device);

impl ModuleMapper for Copied<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let to = self.0.clone().without_autodiff();
        param.map(|weights| Tensor::from_inner(weights.inner().to_device(&to)).require_grad())
    }
}

/// Passes over several batches on several devices at once. Each gets a copy of the weights and every n-th batch; gradients
/// come back to the first, where the network is, and are summed in the order of the devices.
#[must_use]
pub fn accumulate_over<N: Trained>(
    network: &N,
    batches: &[N::Batch],
    training: &Training,
    devices: &[Device],
) -> (f64, GradientsParams) {
    let home = network.place().without_autodiff();
    let share = |place: usize, device: &Device, own: N| {
        let mut sum = Sum::default();
        let mut total = 0.0;
        for (number, batch) in batches.iter().enumerate().skip(place).step_by(devices.len()) {
            let training = Training { seed: training.seed.wrapping_add((number as u64) << 40), ..*training };
            device.seed(training.seed);
            let (loss, gradients) = gradients(&own, batch, &training, device);
            total += loss;
            sum.other = gradients;
            own.visit(&mut sum);
        }
        (total, sum.total.to_device(&home, &own))
    };
    let found: Vec<(f64, GradientsParams)> = std::thread::scope(|scope| {
        let running: Vec<_> = devices
            .iter()
            .enumerate()
            .map(|(place, device)| {
                let (share, own) = (&share, network.clone().map(&mut Copied(device)));
                scope.spawn(move || share(place, device, own))
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let (mut sum, mut total) = (Sum::default(), 0.0);
    for (loss, gradients) in found {
        total += loss;
        sum.other = gradients;
        network.visit(&mut sum);
    }
    (total, sum.total)
}

struct SquareSum<'a> {
    gradients: &'a GradientsParams,
    total: f64,
}

impl ModuleVisitor for SquareSum<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.total += f64::from(gradient.square().sum().into_scalar::<f32>());
        }
    }
}

/// The Euclidean norm of all gradients together.
#[must_use]
pub fn norm(network: &impl Module, gradients: &GradientsParams) -> f64 {
    let mut visitor = SquareSum { gradients, total: 0.0 };
    network.visit(&mut visitor);
    visitor.total.sqrt()
}
