//! Published BioGPT checkpoints as named tensors: safetensors, PyTorch pickles, fairseq.
