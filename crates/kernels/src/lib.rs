//! Tensor operations that Burn lacks or does slowly, forward and backward, as Burn extensions.
