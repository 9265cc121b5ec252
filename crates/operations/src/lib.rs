//! Burn operations that BioGPT needs and Burn lacks or does slowly, forward and backward.
