//! CPU kernels over slices: matrix products, attention, norms, losses, quantized weights.
//!
//! Everything here works on plain row-major slices and knows no tensor library; `operations` wraps it for Burn.
//! Each kernel is compiled for the instruction sets in [`level`] and chosen when it runs, so that one binary serves
//! every machine. Kernels use the rayon pool of the calling thread: inside a pool of one thread they are serial.
#![expect(
    unsafe_code,
    reason = "vector intrinsics and disjoint writes from several threads; each use tells why it is sound"
)]

pub mod activation;
pub mod attention;
pub mod cached_attention;
pub mod cross_entropy;
pub mod dropout;
pub mod few_rows;
pub mod layer_norm;
mod level;
pub mod logits;
pub mod matmul;
pub mod memory;
pub mod optimizer;
mod parallel;
pub mod quantized;
mod scratch;
mod shared;

pub use level::{Level, level};
pub use matmul::{MatrixMut, MatrixRef, Precision};
