//! BioGPT's tokenizer: Moses rules and BPE, with offsets into the original text.
