//! CPU kernels over slices: matrix products, attention, norms, losses, quantised weights.
