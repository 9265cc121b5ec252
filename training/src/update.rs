//! How an update moves the weights: Adam for all of them, or Muon for the matrices of the layers and Adam for the rest.

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use operations::{AdamStep, Precision};

/// What an optimizer remembers: tensors by parameter.
#[derive(Debug, Default)]
pub struct Moments {
    /// Mean of the gradients.
    pub first: GradientsParams,
    /// Mean of their squares; of Adam only.
    pub second: GradientsParams,
}

/// How much of Muon's mean of gradients stays at an update (Jordan et al. 2024).
const MOMENTUM: f32 = 0.95;
/// Newton-Schulz iterations, and the coefficients of their polynomial (the same).
const ITERATIONS: usize = 5;
const COEFFICIENTS: [f32; 3] = [3.4445, -4.775, 2.0315];

/// About the nearest semi-orthogonal matrix: Newton-Schulz iterations bring all singular values near 1. Burn's own Muon multiplies
/// in float32 with Burn's products, which took a quarter of an update.
fn orthogonal(matrix: Tensor<2>, precision: Precision) -> Tensor<2> {
    let [rows, columns] = matrix.dims();
    let is_tall = rows > columns;
    let matrix = if is_tall { matrix.transpose() } else { matrix };
    let size = rows.min(columns);
    let norm = matrix.clone().square().sum().sqrt().clamp_min(1e-7);
    let mut x = matrix / norm.unsqueeze();
    // `times(a, b)` is a·bᵀ.
    let times = |a: Tensor<2>, b: Tensor<2>| {
        let bias = Tensor::zeros([b.dims()[0]], &b.device());
        operations::linear(a, b, bias, precision)
    };
    let unit = Tensor::<2>::eye(size, &x.device()) * COEFFICIENTS[0];
    for _ in 0..ITERATIONS {
        let gram = times(x.clone(), x.clone());
        // Its square, as it is symmetric.
        let square = times(gram.clone(), gram.clone());
        let polynomial = unit.clone() + gram * COEFFICIENTS[1] + square * COEFFICIENTS[2];
        x = times(polynomial, x.transpose());
    }
    if is_tall { x.transpose() } else { x }
}

struct Update<'a> {
    gradients: GradientsParams,
    moments: &'a mut Moments,
    step: AdamStep,
    /// Of Muon's products, where it moves the matrices of the layers.
    muon: Option<Precision>,
    /// Modules around the parameter.
    path: Vec<String>,
}

impl Update<'_> {
    fn adam<const D: usize>(&mut self, param: Param<Tensor<D>>, gradient: Tensor<D>) -> Param<Tensor<D>> {
        let id = param.id;
        param.map(|weights| {
            let zeros = || Tensor::zeros(gradient.dims(), &gradient.device());
            let first = self.moments.first.remove::<D>(id).unwrap_or_else(zeros);
            let second = self.moments.second.remove::<D>(id).unwrap_or_else(zeros);
            let (weights, first, second) =
                operations::adam(weights.inner(), gradient, first, second, self.step);
            self.moments.first.register(id, first);
            self.moments.second.register(id, second);
            Tensor::from_inner(weights).require_grad()
        })
    }

    /// Muon, with a mean of the gradients that is kept with Adam's, so that snapshots hold it.
    fn muon<const D: usize>(
        &mut self,
        precision: Precision,
        param: Param<Tensor<D>>,
        gradient: Tensor<D>,
    ) -> Param<Tensor<D>> {
        let id = param.id;
        let gradient = gradient * self.step.gradient_scale;
        param.map(|weights| {
            let weights = weights.inner();
            let mean = match self.moments.first.remove::<D>(id) {
                Some(mean) => mean * MOMENTUM + gradient.clone(),
                None => gradient.clone(),
            };
            let ahead = gradient + mean.clone() * MOMENTUM;
            self.moments.first.register(id, mean);
            let dims = weights.dims();
            let matrix = [dims[0], dims[1]];
            // As large as a step of Adam is (Liu et al. 2025).
            let rate = self.step.learning_rate * 0.2 * (matrix[0].max(matrix[1]) as f32).sqrt();
            let kept = weights * (1.0 - self.step.learning_rate * self.step.weight_decay);
            let step = orthogonal(ahead.reshape(matrix), precision).reshape(dims);
            Tensor::from_inner(kept - step * rate).require_grad()
        })
    }
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let is_hidden = D == 2 && self.path.iter().any(|module| module == "layers");
        match self.muon.filter(|_| is_hidden) {
            Some(precision) => self.muon(precision, param, gradient),
            None => self.adam(param, gradient),
        }
    }
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Moves the weights by one step of Adam or, with `muon`, the matrices of the layers by one of Muon, whose products have that
/// precision: orthogonal steps as large as Adam's (Liu et al. 2025), so that both share learning rate and weight decay.
#[must_use]
pub fn update<N: Module>(
    network: N,
    gradients: GradientsParams,
    moments: &mut Moments,
    step: AdamStep,
    muon: Option<Precision>,
) -> N {
    network.map(&mut Update { gradients, moments, step, muon, path: Vec::new() })
}

#[cfg(test)]
mod tests {
    use biogpt::Network;
    use burn::module::ModuleVisitor;
    use burn::tensor::{Device, Tensor};
    use checkpoints::Config;

    use super::*;

    /// Gives each parameter a gradient of its own shape, and reads weights by path.
    #[derive(Default)]
    struct Visit {
        gradients: GradientsParams,
        weights: Vec<(String, Vec<f32>, Vec<usize>)>,
        path: Vec<String>,
    }

    impl ModuleVisitor for Visit {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let weights = param.val().inner();
            let gradient = (weights.clone() * 37.0).sin();
            self.gradients.register(param.id, gradient);
            let dims = weights.dims().to_vec();
            self.weights.push((self.path.join("."), weights.into_data().iter::<f32>().collect(), dims));
        }
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
    }

    fn read(network: &Network) -> Visit {
        let mut visit = Visit::default();
        network.visit(&mut visit);
        visit
    }

    #[test]
    fn muon_moves_the_matrices_of_layers_alike_in_all_directions_and_adam_the_rest() {
        let device = Device::flex().autodiff();
        let config = Config { vocab_size: 60, ..Config::tiny() };
        let network = Network::init(&config, 1, &device);
        let step = AdamStep {
            learning_rate: 0.01,
            beta_1: 0.9,
            beta_2: 0.98,
            epsilon: 1e-8,
            weight_decay: 0.0,
            gradient_scale: 1.0,
            step: 1,
        };
        let before = read(&network);
        let after = |muon| {
            let gradients = read(&network).gradients;
            read(&update(network.clone(), gradients, &mut Moments::default(), step, muon))
        };
        let (adam, muon) = (after(None), after(Some(Precision::F32)));
        let mut matrices = 0;
        for ((old, adam), muon) in before.weights.iter().zip(&adam.weights).zip(&muon.weights) {
            let in_layer = old.0.starts_with("layers") && old.2.len() == 2;
            assert_eq!(adam.1 == muon.1, !in_layer, "{}", old.0);
            if !in_layer {
                continue;
            }
            matrices += 1;
            let change: Vec<f32> = muon.1.iter().zip(&old.1).map(|(new, old)| new - old).collect();
            let size = (change.iter().map(|c| c * c).sum::<f32>() / change.len() as f32).sqrt();
            // Adam moves each weight by about 0.2 of the rate; Muon is scaled to that.
            assert!((0.2 * 0.01 * 0.6..0.2 * 0.01 * 1.4).contains(&size), "{}: {size}", old.0);
            let [rows, columns] = [old.2[0], old.2[1]];
            let change = Tensor::<2>::from_data(
                burn::tensor::TensorData::new(change, [rows, columns]),
                &Device::flex(),
            );
            let change = if rows > columns { change.transpose() } else { change };
            let gram =
                change.clone().matmul(change.transpose()).into_data().iter::<f32>().collect::<Vec<_>>();
            let n = rows.min(columns);
            let mean = (0..n).map(|i| gram[i * n + i]).sum::<f32>() / n as f32;
            let beside = (0..n * n).filter(|i| i / n != i % n).map(|i| gram[i].abs()).fold(0.0, f32::max);
            assert!(beside < 0.7 * mean, "{}: rows of a step are about orthogonal, {beside} {mean}", old.0);
        }
        assert_eq!(matrices, 4 * config.layers);
    }
}
