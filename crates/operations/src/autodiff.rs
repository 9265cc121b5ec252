//! The gradients of the CPU operations, as Burn's autodiff backend registers them.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, AutodiffBackend, Backend, TensorMetadata};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use kernels::Precision;
use kernels::activation::Activation;
use kernels::optimizer::AdamStep;

use crate::cpu::{CpuGradients, CpuOperations, Dropout, Visibility};

/// Declares the backward step of one operation: its state, and from state and the gradient of the output to the
/// gradients of the parents (`wants`: which are needed).
macro_rules! backward {
    ($name:ident<$parents:literal>($state:ident: $state_ty:ty, $wants:ident, $dy:ident) $body:block) => {
        #[derive(Debug)]
        struct $name;

        impl<B: Backend + CpuOperations + CpuGradients> Backward<B, $parents> for $name {
            type State = $state_ty;

            fn backward(self, ops: Ops<Self::State, $parents>, grads: &mut Gradients, _: &mut Checkpointer) {
                let $dy = grads.consume::<B>(&ops.node);
                let $state = ops.state;
                let $wants: [bool; $parents] = std::array::from_fn(|i| ops.parents[i].is_some());
                let found: [Option<FloatTensor<B>>; $parents] = $body;
                for (parent, gradient) in ops.parents.into_iter().zip(found) {
                    if let (Some(parent), Some(gradient)) = (parent, gradient) {
                        grads.register::<B>(parent.id, gradient);
                    }
                }
            }
        }
    };
}

backward!(Linear<3>(state: (FloatTensor<B>, FloatTensor<B>, Precision), wants, dy) {
    let (x, w, precision) = state;
    B::linear_backward(x, w, dy, wants, precision)
});

backward!(LayerNorm<3>(state: [FloatTensor<B>; 3], _wants, dy) {
    let [x, gamma, statistics] = state;
    B::layer_norm_backward(x, gamma, statistics, dy).map(Some)
});

backward!(Activate<1>(state: (FloatTensor<B>, Activation), _wants, dy) {
    [Some(B::activate_backward(state.0, dy, state.1))]
});

backward!(Attention<1>(state: ([FloatTensor<B>; 3], usize, Visibility, Dropout, Precision), _wants, dy) {
    let ([qkv, out, log_sums], heads, visibility, dropout, precision) = state;
    [Some(B::attention_backward(qkv, out, log_sums, dy, heads, visibility, dropout, precision))]
});

backward!(CrossEntropy<2>(state: [FloatTensor<B>; 2], _wants, dy) {
    // The gradient of the sum was made with it; only the factor from above is missing.
    state.map(|gradient| {
        let shape = [1; 2];
        let dy = B::float_reshape(dy.clone(), shape.into());
        Some(B::float_mul(gradient, dy))
    })
});

backward!(Drop<1>(state: Dropout, _wants, dy) { [Some(<B as CpuOperations>::dropout(dy, state))] });

backward!(Embed<1>(state: (IntTensor<B>, usize), _wants, dy) {
    [Some(B::embed_backward(dy, state.0, state.1))]
});

impl<B: Backend + CpuOperations + CpuGradients, C: CheckpointStrategy> CpuOperations for Autodiff<B, C> {
    fn linear(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
        precision: Precision,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), w.node(), b.node()];
        let (x, w, b) = (x.into_primitive(), w.into_primitive(), b.into_primitive());
        match Linear.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let y = <B as CpuOperations>::linear(x.clone(), w.clone(), b, precision);
                prep.finish((x, w, precision), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(<B as CpuOperations>::linear(x, w, b, precision)),
        }
    }

    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let (x, gamma, beta) = (x.into_primitive(), gamma.into_primitive(), beta.into_primitive());
        match LayerNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (y, statistics) = B::layer_norm_forward(x.clone(), gamma.clone(), beta, epsilon);
                prep.finish([x, gamma, statistics], y)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(<B as CpuOperations>::layer_norm(x, gamma, beta, epsilon))
            }
        }
    }

    fn activate(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let x = x.into_primitive();
        match Activate.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let y = B::activate(x.clone(), activation);
                prep.finish((x, activation), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::activate(x, activation)),
        }
    }

    fn attention(
        qkv: FloatTensor<Self>,
        heads: usize,
        visibility: Visibility,
        dropout: Dropout,
        precision: Precision,
    ) -> FloatTensor<Self> {
        let nodes = [qkv.node()];
        let qkv = qkv.into_primitive();
        match Attention.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (out, log_sums) =
                    B::attention_forward(qkv.clone(), heads, visibility.clone(), dropout, precision);
                prep.finish(([qkv, out.clone(), log_sums], heads, visibility, dropout, precision), out)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(<B as CpuOperations>::attention(qkv, heads, visibility, dropout, precision))
            }
        }
    }

    fn cross_entropy(
        hidden: FloatTensor<Self>,
        head: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        precision: Precision,
    ) -> FloatTensor<Self> {
        let nodes = [hidden.node(), head.node()];
        let (hidden, head) = (hidden.into_primitive(), head.into_primitive());
        let weights = weights.into_primitive();
        match CrossEntropy.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let [loss, dh, dw] =
                    B::cross_entropy_with_gradients(hidden, head, targets, weights, precision);
                prep.finish([dh, dw], loss)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::cross_entropy(hidden, head, targets, weights, precision))
            }
        }
    }

    fn dropout(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let y = <B as CpuOperations>::dropout(x.into_primitive(), dropout);
        match Drop.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(dropout, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn embed(table: FloatTensor<Self>, indices: IntTensor<Self>) -> FloatTensor<Self> {
        let nodes = [table.node()];
        let table = table.into_primitive();
        let rows = table.shape()[0];
        let y = <B as CpuOperations>::embed(table, indices.clone());
        match Embed.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((indices, rows), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    /// An optimizer step is not differentiated.
    fn adam(
        weights: FloatTensor<Self>,
        gradients: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (w, g) = (weights.into_primitive(), gradients.into_primitive());
        let (w, m, v) = B::adam(w, g, first.into_primitive(), second.into_primitive(), step);
        (Self::from_inner(w), Self::from_inner(m), Self::from_inner(v))
    }
}
