//! The backward halves on the CPU.

use burn::backend::{Flex, TensorMetadata};
use burn_flex::FlexTensor;
use kernels::activation::Activation;
use kernels::matmul::{Into, MatrixMut, MatrixRef, matmul};
use kernels::{Precision, attention, cross_entropy, layer_norm};

use super::{
    CpuGradients, Dropout, Visibility, as_matrix, attention_shape, dense, floats, indices, tensor,
    uninitialized,
};

impl CpuGradients for Flex {
    fn linear_backward(
        x: FlexTensor,
        w: FlexTensor,
        dy: FlexTensor,
        [wants_x, wants_w, wants_b]: [bool; 3],
        precision: Precision,
    ) -> [Option<FlexTensor>; 3] {
        let (x, w, dy) = (dense(x), dense(w), dense(dy));
        let (rows, inputs) = as_matrix(&x);
        let outputs = w.shape()[0];
        let dy_view = MatrixRef::new(floats(&dy), rows, outputs);
        let dx = wants_x.then(|| {
            // SAFETY: the kernel below writes each element, and reads none before.
            let mut dx = unsafe { uninitialized(rows * inputs) };
            let w_view = MatrixRef::new(floats(&w), outputs, inputs);
            matmul(dy_view, w_view, MatrixMut::new(&mut dx, rows, inputs), Into::Overwrite, precision);
            tensor(dx, x.shape())
        });
        let dw = wants_w.then(|| {
            // SAFETY: the kernel below writes each element, and reads none before.
            let mut dw = unsafe { uninitialized(outputs * inputs) };
            let x_view = MatrixRef::new(floats(&x), rows, inputs);
            matmul(dy_view.t(), x_view, MatrixMut::new(&mut dw, outputs, inputs), Into::Overwrite, precision);
            tensor(dw, [outputs, inputs])
        });
        let db = wants_b.then(|| {
            let mut db = vec![0.0f32; outputs];
            for row in floats(&dy).chunks_exact(outputs) {
                db.iter_mut().zip(row).for_each(|(sum, d)| *sum += d);
            }
            tensor(db, [outputs])
        });
        [dx, dw, db]
    }

    fn layer_norm_forward(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f32,
    ) -> (FlexTensor, FlexTensor) {
        let (x, gamma, beta) = (dense(x), dense(gamma), dense(beta));
        let rows = as_matrix(&x).0;
        // SAFETY: the kernel below writes each element, and reads none before.
        let (mut y, mut statistics) =
            (unsafe { uninitialized(floats(&x).len()) }, unsafe { uninitialized(2 * rows) });
        layer_norm::forward(
            floats(&x),
            floats(&gamma),
            floats(&beta),
            epsilon,
            &mut y,
            statistics.as_chunks_mut::<2>().0,
        );
        (tensor(y, x.shape()), tensor(statistics, [rows, 2]))
    }

    fn layer_norm_backward(
        x: FlexTensor,
        gamma: FlexTensor,
        statistics: FlexTensor,
        dy: FlexTensor,
    ) -> [FlexTensor; 3] {
        let (x, gamma, dy) = (dense(x), dense(gamma), dense(dy));
        let d = as_matrix(&x).1;
        // SAFETY: the kernel below writes each element, and reads none before.
        let (mut dx, mut dgamma, mut dbeta) =
            (unsafe { uninitialized(floats(&x).len()) }, vec![0.0; d], vec![0.0; d]);
        layer_norm::backward(
            floats(&x),
            floats(&gamma),
            floats(&statistics).as_chunks::<2>().0,
            floats(&dy),
            &mut dx,
            &mut dgamma,
            &mut dbeta,
        );
        [tensor(dx, x.shape()), tensor(dgamma, [d]), tensor(dbeta, [d])]
    }

    fn activate_backward(x: FlexTensor, dy: FlexTensor, activation: Activation) -> FlexTensor {
        let (x, dy) = (dense(x), dense(dy));
        // SAFETY: the kernel below writes each element, and reads none before.
        let mut dx = unsafe { uninitialized(floats(&x).len()) };
        activation.backward(floats(&x), floats(&dy), &mut dx);
        tensor(dx, x.shape())
    }

    fn attention_forward(
        qkv: FlexTensor,
        heads: usize,
        visibility: Visibility,
        dropout: Dropout,
        precision: Precision,
    ) -> (FlexTensor, FlexTensor) {
        let qkv = dense(qkv);
        let shape = attention_shape(&qkv, heads);
        // SAFETY: the kernel below writes each element, and reads none before.
        let mut out = unsafe { uninitialized(shape.batch * shape.length * shape.width()) };
        // SAFETY: the kernel below writes each element, and reads none before.
        let mut log_sums = unsafe { uninitialized(shape.batch * heads * shape.length) };
        attention::forward(floats(&qkv), &mut out, &mut log_sums, shape, &visibility, dropout, precision);
        let out = tensor(out, [shape.batch, shape.length, shape.width()]);
        (out, tensor(log_sums, [shape.batch, heads, shape.length]))
    }

    fn attention_backward(
        qkv: FlexTensor,
        out: FlexTensor,
        log_sums: FlexTensor,
        dout: FlexTensor,
        heads: usize,
        visibility: Visibility,
        dropout: Dropout,
        precision: Precision,
    ) -> FlexTensor {
        let (qkv, out, dout) = (dense(qkv), dense(out), dense(dout));
        let shape = attention_shape(&qkv, heads);
        // SAFETY: the kernel below writes each element, and reads none before.
        let mut dqkv = unsafe { uninitialized(floats(&qkv).len()) };
        let (q, o, l, d) = (floats(&qkv), floats(&out), floats(&log_sums), floats(&dout));
        attention::backward(q, o, l, d, &mut dqkv, shape, &visibility, dropout, precision);
        tensor(dqkv, qkv.shape())
    }

    fn cross_entropy_with_gradients(
        hidden: FlexTensor,
        head: FlexTensor,
        targets: FlexTensor,
        weights: FlexTensor,
        precision: Precision,
    ) -> [FlexTensor; 3] {
        let (hidden, head, weights) = (dense(hidden), dense(head), dense(weights));
        let (mut dh, mut dw) = (vec![0.0; floats(&hidden).len()], vec![0.0; floats(&head).len()]);
        let gradients = cross_entropy::Gradients { hidden: &mut dh, head: &mut dw };
        let loss = cross_entropy::forward_backward(
            floats(&hidden),
            floats(&head),
            &indices(&targets),
            floats(&weights),
            Some(gradients),
            None,
            precision,
        );
        [tensor(vec![loss as f32], [1]), tensor(dh, hidden.shape()), tensor(dw, head.shape())]
    }

    fn embed_backward(dy: FlexTensor, at: FlexTensor, rows: usize) -> FlexTensor {
        let dy = dense(dy);
        let d = as_matrix(&dy).1;
        let mut table = vec![0.0f32; rows * d];
        for (index, from) in indices(&at).into_iter().zip(floats(&dy).chunks_exact(d)) {
            let to = &mut table[index as usize * d..][..d];
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
        tensor(table, [rows, d])
    }
}
