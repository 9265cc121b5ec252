//! The BioGPT network, its checkpoints and its decoding.
